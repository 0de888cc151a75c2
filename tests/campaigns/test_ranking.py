"""Who is worth a message: the first of those who may be written to, or who brings more than a message costs."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from analytics.campaigns import plan, ranking_freeze
from analytics.campaigns.estimate import Estimates
from analytics.campaigns.plan import Plan
from analytics.campaigns.ranking import Ranking, UnrankedError
from analytics.campaigns.ranking_freeze import Ranks
from analytics.campaigns.service import Campaigns
from analytics.campaigns.wake import Wake
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare, store_of
from analytics.warehouse.tables import SCHEMAS
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.contacts.suppressing import Suppressions
from desk.errors import InvalidError
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignState
from desk.tables.campaign_rank import CampaignChosenRow
from tests.campaigns.people import contact, people, say, segment
from tests.conftest import NOON, SECRET

HELLO = {"contents": {"en": {"text": "Tea!"}}}
# Of ten people: 0 spends nothing, 9 the most; nothing is known of 4; 5 and 6 spend the same.
VALUES = {0: 0.0, 1: 10.0, 2: 20.0, 3: 30.0, 5: 50.0, 6: 50.0, 7: 70.0, 8: 80.0, 9: 90.0}
TOP = {"by": "value", "top": 3}


def computed(warehouse: Warehouse, values: Mapping[int, float], name: str = "clv") -> None:
    """Let people have a score; all old ones are gone."""
    at = datetime(2026, 1, 1)  # noqa: DTZ001 - as in the engine
    rows = [
        {"person_id": f"p:{contact(n)}", "name": name, "value": value, "computed_at": at}
        for n, value in values.items()
    ]
    schema = SCHEMAS["score"].to_pyarrow().remove_metadata()
    with warehouse.writing() as engine:
        prepare(engine)
        store_of(engine).forget("score", "person_id", None)
        engine.insert("score", pa.Table.from_pylist(rows, schema=schema))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return an engine that knows what people will spend."""
    found = Warehouse(tmp_path)
    computed(found, VALUES)
    return found


@pytest.fixture
def ranking(warehouse: Warehouse) -> Ranking:
    """Return who comes first."""
    return Ranking(warehouse.reading)


@pytest.fixture
def campaigns(database: Database, clock: StoppedClock, ranking: Ranking) -> Campaigns:
    """Return campaigns."""
    return Campaigns(database, clock, ranking=ranking)


@pytest.fixture
def wake(database: Database, clock: StoppedClock, ranking: Ranking) -> Wake:
    """Return what moves them on, with small pages."""
    suppressions = Suppressions(database, clock, SECRET)
    ranks = Ranks(database, clock, ranking, page=2)
    return Wake(database, clock, suppressions, page=3, ranks=ranks)


@pytest.fixture
async def ten(database: Database) -> int:
    """Return a segment of ten people and a customer whom we cannot write to."""
    await people(database, 11)
    names = [f"p:{contact(n)}" for n in range(10)]
    return await segment(database, [*names, "c:7"])


def planned(segment_id: int, rank: Mapping[str, Any], **more: Any) -> Plan:
    """Return a plan for now."""
    return plan.read(
        {
            "segment_id": segment_id,
            "channels": ["memory"],
            "variants": [{"name": "a", "template": HELLO}],
            "schedule": {"kind": "once", "at": NOON.isoformat()},
            "rank": rank,
            **more,
        }
    )


async def outcome(database: Database) -> dict[str, set[int]]:
    """Return who is queued, and who is skipped why."""
    async with database.read() as session:
        rows = await session.execute(
            select(
                CampaignRecipientRow.contact_id,
                CampaignRecipientRow.state,
                CampaignRecipientRow.reason,
            )
        )
        found: dict[str, set[int]] = {}
        for name, state, reason in rows:
            number = int(name, 16) if len(name) == 32 else -1
            found.setdefault(reason or state.value, set()).add(number)
        return found


@pytest.mark.parametrize(
    ("rank", "queued"),
    [
        ({"by": "value", "top": 3}, {9, 8, 7}),
        # Of two who spend the same the one comes first whose id does.
        ({"by": "value", "top": 4}, {9, 8, 7, 5}),
        ({"by": "value", "top": 100}, set(VALUES)),
        # A tenth of what they spend has to be more than 5, not as much.
        ({"by": "value", "threshold": {"cost": 5.0, "benefit": 0.1}}, {9, 8, 7}),
        ({"by": "value", "threshold": {"cost": 4.9, "benefit": 0.1}}, {9, 8, 7, 6, 5}),
        ({"by": "value", "threshold": {"cost": 0.0, "benefit": 1.0}}, set(VALUES) - {0}),
    ],
)
async def test_who_is_let_in(
    rank: Mapping[str, Any],
    queued: set[int],
    database: Database,
    campaigns: Campaigns,
    wake: Wake,
    ten: int,
    clock: StoppedClock,
    ranking: Ranking,
) -> None:
    decided = planned(ten, rank)
    out = set(range(10)) - queued
    expected = {"queued": queued, "ranked_out": out, "no_contact": {-1}}
    counts = {name: len(persons) for name, persons in expected.items()}
    assert dict(await campaigns.funnel(decided)) == counts
    memory = {"memory": MemoryChannel()}
    told = await Estimates(database, clock, memory, ranking=ranking).of(decided)
    assert (told.queued, told.skipped) == (
        len(queued),
        {"ranked_out": len(out), "no_contact": 1},
    )
    made = await campaigns.create("Tea", decided, by="Mo")
    await campaigns.launch(made.id, by="Mo")
    await wake.step()
    assert await outcome(database) == expected
    (run,) = await campaigns.runs(made.id)
    assert (run.audience, run.state.value) == (11, "running")


async def test_the_first_are_those_of_whom_may_be_written_to(
    database: Database, campaigns: Campaigns, wake: Wake, ten: int
) -> None:
    for n in (9, 7):
        await say(database, contact(n), granted=False, key="no")
    made = await campaigns.create("Tea", planned(ten, TOP, holdout=0.5), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    await wake.step()
    found = await outcome(database)
    assert found["no_consent"] == {9, 7}
    # Who is left out to compare with is one of the first.
    assert found.get("queued", set()) | found.get("holdout", set()) == {8, 6, 5}
    assert found["ranked_out"] == {0, 1, 2, 3, 4}


async def test_the_order_is_decided_once(
    database: Database,
    campaigns: Campaigns,
    wake: Wake,
    ten: int,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    clock: StoppedClock,
) -> None:
    made = await campaigns.create("Tea", planned(ten, TOP), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    struck = Counter[str]()

    async def cut(*_: Any) -> bool:
        struck["plan"] += 1
        raise RuntimeError("killed")

    honest = Wake._mine
    pages = 0

    async def third(self: Wake, *args: Any) -> Any:
        nonlocal pages
        pages += 1
        return await (cut() if pages == 3 else honest(self, *args))

    monkeypatch.setattr(Wake, "_mine", third)
    with pytest.raises(RuntimeError):
        await wake.step()
    assert struck["plan"] == 1
    # Two pages are written down; now everybody else spends most.
    assert sum(map(len, (await outcome(database)).values())) == 6
    computed(warehouse, {n: 100.0 - value for n, value in VALUES.items()})
    clock.advance(ranking_freeze.LEASE * 2)
    await wake.step()
    assert (await outcome(database))["queued"] == {9, 8, 7}


async def test_who_is_killed_while_deciding_is_followed_by_another(
    database: Database,
    campaigns: Campaigns,
    wake: Wake,
    ten: int,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    clock: StoppedClock,
) -> None:
    made = await campaigns.create("Tea", planned(ten, TOP), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    honest = Ranks._keep
    struck = 0

    async def keep(self: Ranks, *args: Any) -> bool:
        nonlocal struck
        await honest(self, *args)
        struck += 1
        raise RuntimeError("killed")

    monkeypatch.setattr(Ranks, "_keep", keep)
    with pytest.raises(RuntimeError):
        await wake.step()
    monkeypatch.setattr(Ranks, "_keep", honest)
    assert struck == 1
    computed(warehouse, {n: 100.0 - value for n, value in VALUES.items()})
    await wake.step()  # it is the other's turn until its time is over
    assert await outcome(database) == {}
    clock.advance(ranking_freeze.LEASE * 2)
    await wake.step()
    # None of those whom the dead one had chosen is left.
    assert (await outcome(database))["queued"] == {0, 1, 2}
    async with database.read() as session:
        scores = await session.execute(
            select(CampaignChosenRow.person_id, CampaignChosenRow.score)
        )
        assert dict(scores.all()) == {f"p:{contact(n)}": 100.0 - VALUES[n] for n in (0, 1, 2)}


async def test_without_scores_it_is_sent_to_nobody(
    database: Database,
    campaigns: Campaigns,
    wake: Wake,
    ten: int,
    warehouse: Warehouse,
    clock: StoppedClock,
) -> None:
    made = await campaigns.create("Tea", planned(ten, TOP), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    computed(warehouse, {})
    for _ in range(3):
        await wake.step()
    found = await campaigns.get(made.id)
    assert found.state is CampaignState.PAUSED
    assert "nobody can be ranked by value" in (found.reason or "")
    assert await outcome(database) == {}
    computed(warehouse, VALUES)
    await campaigns.resume(made.id, by="Mo")
    await wake.step()
    assert (await outcome(database))["queued"] == {9, 8, 7}


async def test_what_is_missing_is_said_before_a_launch(
    database: Database, campaigns: Campaigns, clock: StoppedClock, ten: int, tmp_path: Path
) -> None:
    for by in ("response", "uplift"):
        made = await campaigns.create(by, planned(ten, {"by": by, "top": 3}), by="Mo")
        with pytest.raises(UnrankedError, match="no campaign yet whose answers are in"):
            await campaigns.launch(made.id, by="Mo")
        assert (await campaigns.get(made.id)).state is CampaignState.DRAFT
    nothing = Ranking(Warehouse(tmp_path / "none").reading)
    with pytest.raises(UnrankedError, match="frontdesk analytics refresh"):
        await Campaigns(database, clock, ranking=nothing).funnel(planned(ten, TOP))
    with pytest.raises(UnrankedError, match="nothing is computed here"):
        await Campaigns(database, clock).funnel(planned(ten, TOP))


def test_what_follows_an_event_has_no_first() -> None:
    with pytest.raises(InvalidError, match="rank: only what goes to all"):
        planned(1, TOP, schedule={"kind": "after_event", "event": "order.placed", "delay": "1d"})
