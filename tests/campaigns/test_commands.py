"""``frontdesk campaigns``."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from desk.store.database import Database
from desk.tables.segment import SegmentMemberRow, SegmentRow
from tests.campaigns.people import contact, people, say
from tests.commands.conftest import Frontdesk, failure, frontdesk, invoke, nowhere
from tests.conftest import NOON

__all__ = ["frontdesk", "invoke", "nowhere"]


@pytest.fixture
async def plan(database: Database, nowhere: Path) -> Path:
    """Return a file with a campaign to five people, of whom one agreed no longer."""
    await people(database, 5)
    await say(database, contact(4), granted=False, key="no")
    async with database.write() as session:
        row = SegmentRow(
            name="all", rule={}, created_at=NOON, created_by="Mo", updated_at=NOON, updated_by="Mo"
        )
        session.add(row)
        await session.flush()
        members = [
            {"segment_id": row.id, "person_id": f"p:{contact(n)}", "since": NOON} for n in range(5)
        ]
        await session.execute(insert(SegmentMemberRow), members)
    file = nowhere / "spring.json"
    file.write_text(json.dumps(_decided(row.id)), encoding="utf-8")
    return file


def _decided(segment_id: int) -> dict[str, Any]:
    return {
        "segment_id": segment_id,
        "channels": ["memory"],
        "variants": [
            {"name": "a", "template": {"contents": {"en": {"text": "Hello {name|there}"}}}}
        ],
        "schedule": {
            "kind": "once",
            "at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        },
    }


def _change(plan: Path, **fields: Any) -> None:
    """Write something else into a plan."""
    plan.write_text(json.dumps(json.loads(plan.read_text("utf-8")) | fields), encoding="utf-8")


async def test_from_a_file_to_its_end(frontdesk: Frontdesk, plan: Path) -> None:
    checked = json.loads((await frontdesk("campaigns", "check", str(plan), "--json")).stdout)
    assert {name: checked[name] for name in ("people", "queued", "holdout", "skipped")} == {
        "people": 5,
        "queued": 4,
        "holdout": 0,
        "skipped": {"no_consent": 1},
    }
    assert (checked["late"], checked["cost"], checked["channels"]) == (0, 0.0, {"memory": 4})
    assert [one["doubt"] for one in checked["cautions"]] == ["not_set_up"]
    told = await frontdesk("campaigns", "check", str(plan))
    assert "4 people would get it" in told.stdout
    assert "memory is not set up here" in told.stderr
    assert "There are no campaigns" in (await frontdesk("campaigns", "list")).stdout
    made = await frontdesk("campaigns", "create", "Spring", str(plan))
    assert made.stdout == "Campaign 1 was made. Send it: frontdesk campaigns launch 1\n"
    assert "already" in failure(await frontdesk("campaigns", "create", "Spring", str(plan)))
    autumn = json.loads(
        (await frontdesk("campaigns", "create", "Autumn", str(plan), "--json")).stdout
    )
    change = ("campaigns", "change", "1", str(plan), "--name")
    assert "already" in failure(await frontdesk(*change, "Autumn"))
    changed = await frontdesk(*change, "Spring tea")
    assert changed.stdout == "Campaign 1 was changed. Send it: frontdesk campaigns launch 1\n"
    assert "Spring tea" in (await frontdesk("campaigns", "show", "1")).stdout
    assert (await frontdesk(*change, "Spring")).exit_code == 0
    assert (await frontdesk("campaigns", "cancel", str(autumn["id"]), "--yes")).exit_code == 0
    again = json.loads((await frontdesk("campaigns", "check", "1", "--json")).stdout)
    assert {**again, "made_at": ""} == {**checked, "made_at": ""}
    assert "no campaign 7" in failure(await frontdesk("campaigns", "check", "7"))
    for words, state in (
        (("launch", "1"), "scheduled"),
        (("pause", "1", "--why", "a typo"), "paused"),
        (("resume", "1"), "scheduled"),
        (("cancel", "1", "--yes"), "cancelled"),
    ):
        assert (await frontdesk("campaigns", *words)).exit_code == 0
        *_, one = json.loads((await frontdesk("campaigns", "list", "--json")).stdout)
        assert (one["name"], one["state"]) == ("Spring", state)
    assert "Spring: cancelled." in (await frontdesk("campaigns", "show", "1")).stdout
    assert "cancelled already" in failure(await frontdesk("campaigns", "cancel", "1", "--yes"))
    assert "no campaign 7" in failure(await frontdesk("campaigns", "show", "7"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("{}", "segment_id: Field required"),
        ('{"version": 9}', "version: 9 is not known here"),
    ],
)
async def test_what_is_wrong_with_a_file_is_said(
    frontdesk: Frontdesk, nowhere: Path, text: str, said: str
) -> None:
    file = nowhere / "wrong.json"
    file.write_text(text, encoding="utf-8")
    assert said in failure(await frontdesk("campaigns", "check", str(file)))
    assert "no file" in failure(await frontdesk("campaigns", "check", str(nowhere / "none.json")))


async def test_what_it_costs_and_whether_a_test_is_large_enough_is_said(
    frontdesk: Frontdesk, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_MESSAGE_PRICES", "memory=0.05, sms=0.1")
    two = [{**_decided(1)["variants"][0], "name": name} for name in "ab"]
    _change(plan, variants=two)
    told = await frontdesk("campaigns", "check", str(plan))
    assert "It costs 0.20 dollars." in told.stdout
    assert "To show a rise from 5.0% to 7.0% it takes" in told.stdout
    assert "memory: every message costs money, 4 in all." in told.stderr
    assert "The test is too small" in told.stderr
    monkeypatch.setenv("FRONTDESK_MESSAGE_PRICES", "memory")
    assert "such as whatsapp=0.05" in failure(await frontdesk("campaigns", "check", str(plan)))


async def test_without_scores_nothing_is_ranked(frontdesk: Frontdesk, plan: Path) -> None:
    _change(plan, rank={"by": "response", "top": 2})
    said = failure(await frontdesk("campaigns", "check", str(plan)))
    assert "nothing is computed to rank by response yet; run: frontdesk analytics refresh" in said
