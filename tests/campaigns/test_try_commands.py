"""``frontdesk campaigns preview`` and ``frontdesk campaigns test``."""

import json
from pathlib import Path

import pytest

from analytics.campaigns.service import Campaigns
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.store.database import Database
from tests.campaigns.compose import tea_drinkers
from tests.campaigns.people import contact, say
from tests.campaigns.test_trying import planned
from tests.commands.conftest import Frontdesk, failure, frontdesk, invoke, nowhere
from tests.conftest import SECRET

__all__ = ["frontdesk", "invoke", "nowhere"]


@pytest.fixture
async def file(
    database: Database, nowhere: Path, memory: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a plan's file for six people on a channel that is set up."""
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", SECRET)
    monkeypatch.setattr("app.commands.campaigns_try.platforms", lambda *_: {"memory": memory})
    plan = planned(await tea_drinkers(database), channels=["memory"])
    found = nowhere / "spring.json"
    found.write_text(json.dumps(plan.written()), encoding="utf-8")
    return found


async def test_a_file_is_seen_as_contacts_will(
    frontdesk: Frontdesk, file: Path, database: Database
) -> None:
    words = (await frontdesk("campaigns", "preview", str(file))).stdout
    assert "To 陈女士 over memory, variant a, zh:\n  陈女士，本周日前茶叶半价" in words
    assert "To C. 1 over memory, variant a, en:\n  Hi C. 1, tea is half the price" in words
    await say(database, contact(2), granted=False, key="no")
    one = await frontdesk("campaigns", "preview", str(file), "--contact", "u2", "--json")
    (sample,) = json.loads(one.stdout)["samples"]
    assert (sample["contact_id"], sample["reason"]) == (contact(2), "no_consent")
    assert sample["text"].startswith("Hi C. 2")
    nobody = await frontdesk("campaigns", "preview", str(file), "--contact", "u99")
    assert "nobody known" in failure(nobody)


async def test_a_copy_is_sent_to_oneself(
    frontdesk: Frontdesk,
    file: Path,
    memory: MemoryChannel,
    database: Database,
    clock: StoppedClock,
) -> None:
    await frontdesk("campaigns", "create", "Spring", str(file))
    assert "To C. 1" in (await frontdesk("campaigns", "preview", "1")).stdout
    test = ("campaigns", "test", "1", "--channel", "memory", "--to", "u1")
    unsure = await frontdesk(*test)
    assert "Is C. 1 (u1, memory) you?" in unsure.stdout
    assert unsure.exit_code == 1
    assert memory.sent == []
    sent = await frontdesk(*test, "--yes", "--by", "Mo")
    assert sent.stdout == "The test is on its way to u1 over memory.\n"
    (one,) = memory.sent
    assert one.text.startswith("[Test] Hi C. 1")
    assert await Campaigns(database, clock).runs(1) == []
    assert "nobody known" in failure(await frontdesk(*test[:-1], "u99", "--yes"))
