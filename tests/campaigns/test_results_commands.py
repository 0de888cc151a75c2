"""``frontdesk campaigns results | compare | export``."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.campaign import CampaignRunRow
from tests.campaigns.results_world import World, spring
from tests.commands.conftest import Frontdesk, failure, frontdesk, invoke, nowhere
from tests.conftest import NOON

__all__ = ["frontdesk", "invoke", "nowhere"]


@pytest.fixture
async def world(database: Database, clock: StoppedClock, nowhere: Path) -> World:
    """Return a shop in which two campaigns went out, one of them with a name that is a formula."""
    made = World(3, people=30)
    made.fill([spring(), spring(goal={"event": "quiz.passed", "within": "3d"})])
    for row in next(
        rows for table, rows in made.rows.items() if table.__tablename__ == "campaign"
    ):
        row["name"] = f"=SUM({row['id']})"
    await made.write(database)
    clock.at = NOON + timedelta(days=5)
    return made


async def test_results_are_told_in_words_with_how_they_are_counted(
    frontdesk: Frontdesk, world: World, database: Database
) -> None:
    said = (await frontdesk("campaigns", "results", "1", "--how")).stdout
    assert "=SUM(1): sent to" in said
    assert "Success is order.placed within 7d of the message." in said
    assert "Still open for" in said
    assert "in the holdout" in said
    for figure in ("bold", "plain", "(rest)", "(holdout)", "converted", "CUPED"):
        assert figure in said
    by_hour = (await frontdesk("campaigns", "results", "1", "--by", "hour", "--run", "10")).stdout
    assert "(holdout)" not in by_hour
    assert "later step" not in said + by_hour
    async with database.write() as session:
        (await session.get_one(CampaignRunRow, 10)).occurrence = "2026-12-08/2 (2)"
    later = ("campaigns", "results", "1", "--run", "10")
    assert "This is a later step" in (await frontdesk(*later)).stdout
    assert json.loads((await frontdesk(*later, "--json")).stdout)["later_step"]


async def test_results_as_json_are_whole(frontdesk: Frontdesk, world: World) -> None:
    told = json.loads((await frontdesk("campaigns", "results", "1", "--json")).stdout)
    total = told["total"]
    parts = ("sent", "waiting", "failed", "unknown", "left_out", "holdout")
    assert sum(total[name] for name in parts) == total["audience"] > 0
    assert told["within"] == "7d"
    assert {one["variant"] for one in told["lifts"]} == {"", "bold", "plain"}
    assert sum(one["counts"]["sent"] for one in told["by"]["channel"]) == total["sent"]


async def test_an_export_has_no_formula_in_it(frontdesk: Frontdesk, world: World) -> None:
    said = (await frontdesk("campaigns", "export", "1")).stdout
    rows = list(csv.DictReader(io.StringIO(said)))
    assert {row["campaign"] for row in rows} == {"'=SUM(1)"}
    told = json.loads((await frontdesk("campaigns", "results", "1", "--json")).stdout)
    sent = [row for row in rows if (row["part"], row["figure"]) == ("total", "sent")]
    assert [int(row["value"]) for row in sent] == [told["total"]["sent"]]
    assert (await frontdesk("campaigns", "results", "1", "--csv")).stdout == said


async def test_campaigns_stand_side_by_side(frontdesk: Frontdesk, world: World) -> None:
    said = (await frontdesk("campaigns", "compare", "1", "2")).stdout
    assert "1 =SUM(1)" in said
    assert "quiz.passed in 3d" in said
    assert "compare with care" in said
    both = json.loads((await frontdesk("campaigns", "compare", "1", "2", "--json")).stdout)
    assert [one["campaign_id"] for one in both] == [1, 2]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("results", "9"), "no campaign 9"),
        (("results", "1", "--run", "99"), "no run 99"),
        (("results", "1", "--by", "moon"), "say one of: variant, channel"),
        (("compare", "1", "1"), "at least two"),
    ],
)
async def test_what_is_not_there_is_said(
    frontdesk: Frontdesk, world: World, command: tuple[str, ...], said: str
) -> None:
    assert said in failure(await frontdesk("campaigns", *command))
