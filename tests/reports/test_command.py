"""``frontdesk report desk``: a table, JSON, CSV and a page, from the log alone."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.metrics import MetricSpanRow
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure, frontdesk, invoke, nowhere
from tests.reports.oracle import Happening
from tests.reports.streams import START
from tests.reports.test_rollup import happen

__all__ = ["frontdesk", "invoke", "nowhere"]


def story(agent: str = "Mo") -> list[Happening]:
    """A conversation that is handed over, answered after two minutes, resolved and rated."""

    def event(name: str, seconds: int, **data: Any) -> Happening:
        return Happening(name, START + timedelta(seconds=seconds), "a", "t", data)

    return [
        event("conversation.started", 0, channel="webchat", language="en"),
        event("message.received", 0),
        event("conversation.handoff_requested", 10, owner="waiting", reason="asked"),
        event("conversation.taken_over", 70, owner="human", agent=agent, team="care"),
        event("message.queued", 130, author="agent", agent=agent),
        event("conversation.resolved", 610, owner="closed", outcome="solved", by=agent),
        event("feedback.surveyed", 610, feedback_id=1, owner="human", agent=agent),
        event("feedback.scored", 650, feedback_id=1, owner="human", agent=agent, score=5),
    ]


async def test_nothing_is_said_in_words(frontdesk: Frontdesk) -> None:
    assert "Nothing happened" in (await frontdesk("report", "desk")).stdout
    found = json.loads((await frontdesk("report", "desk", "--json")).stdout)
    assert found["total"]["first_response"] == {"n": 0}
    assert found["as_of"] is None


async def test_the_figures_are_those_of_the_log_to_the_last_event(
    frontdesk: Frontdesk, database: Database, clock: StoppedClock
) -> None:
    await happen(database, story())
    words = ("report", "desk", "--by", "agent", "--from", "2026-03-01", "--to", "2026-03-02")
    found = json.loads((await frontdesk(*words, "--json")).stdout)
    mine = found["groups"]["Mo"]
    assert mine["first_response"]["median"] == 120
    assert mine["resolution"]["median"] == 600
    assert mine["csat"] == {"n": 1, "value": 1}
    assert found["handoff_reasons"] == {"asked": 1}
    table = (await frontdesk(*words)).stdout
    assert "Mo" in table
    assert "2m 00s" in table
    every = (
        await frontdesk("report", "desk", "--from", "2026-03-01", "--to", "2026-03-02")
    ).stdout
    assert "First response" in every
    assert "Asked for a person" in every


async def test_business_hours_are_the_shops(frontdesk: Frontdesk, database: Database) -> None:
    await happen(database, story())  # at night in New York, where the shop of the tests is
    words = ("report", "desk", "--from", "2026-03-02", "--to", "2026-03-02")
    first = json.loads((await frontdesk(*words, "--json")).stdout)["total"]["first_response"]
    assert (first["median"], first["business_median"]) == (120, 0)
    assert "2m 00s" not in (await frontdesk(*words, "--business")).stdout


@SQLITE_ONLY
async def test_a_rebuild_computes_everything_anew(
    frontdesk: Frontdesk, database: Database
) -> None:
    await happen(database, story())
    words = ("report", "desk", "--from", "2026-03-02", "--to", "2026-03-02", "--json")
    before = (await frontdesk(*words)).stdout
    async with database.write() as session:
        await session.execute(delete(MetricSpanRow))
    assert (await frontdesk(*words)).stdout != before
    assert (await frontdesk(*words, "--rebuild")).stdout == before


@SQLITE_ONLY
async def test_a_spreadsheet_runs_nothing_of_it(frontdesk: Frontdesk, database: Database) -> None:
    await happen(database, story("=HYPERLINK(1)"))
    words = ("report", "desk", "--from", "2026-03-02", "--to", "2026-03-02", "--by", "agent")
    text = (await frontdesk(*words, "--csv")).stdout
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0][:4] == ["agent", "metric", "n", "value"]
    assert ["'=HYPERLINK(1)", "first_response", "1", "120"] in [row[:4] for row in rows]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@"))]


@SQLITE_ONLY
async def test_a_page_needs_nothing_else(frontdesk: Frontdesk, database: Database) -> None:
    await happen(database, story("<b>Mo</b>"))
    words = ("report", "desk", "--from", "2026-03-02", "--to", "2026-03-02", "--by", "agent")
    page = (await frontdesk(*words, "--html")).stdout
    assert "&lt;b&gt;Mo" in page
    assert "<b>Mo" not in page
    assert page.count("data:image/svg+xml;base64,") >= 6
    assert "<script" not in page
    assert 'src="http' not in page


@SQLITE_ONLY
@pytest.mark.parametrize(
    "wrong",
    [
        ("--from", "yesterday"),
        ("--to", "2026-02-30"),
        ("--from", "2026-03-02", "--to", "2026-03-01"),
        ("--from", "9999-12-31", "--to", "9999-12-31"),
        ("--by", "weather"),
        ("--zone", "Mars/Base"),
        ("--from", "1990-01-01", "--by", "day"),
        ("--json", "--csv"),
    ],
)
async def test_wrong_input_is_one_line(frontdesk: Frontdesk, wrong: tuple[str, ...]) -> None:
    failure(await frontdesk("report", "desk", *wrong))
