"""A run that does harm stops by itself, with the reason; one that does none goes on, however often it is looked at."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from analytics.campaigns import halting
from analytics.campaigns.aims import Stops
from analytics.campaigns.halting import harm
from analytics.campaigns.results_model import Counts
from analytics.campaigns.service import Campaigns
from analytics.campaigns.wake import Wake
from analytics.experiments.guardrails import beyond
from desk import events
from desk.clock import StoppedClock
from desk.contacts.suppressing import Suppressions
from desk.events import Event
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, CampaignRunRow, CampaignState
from desk.tables.campaign import RecipientState as State
from tests.campaigns.people import campaign, contact, people
from tests.campaigns.results_world import spring
from tests.conftest import NOON, SECRET

PEOPLE = 60


async def _sent(database: Database, **more: Any) -> int:
    """Send a campaign to most of its people; return its run."""
    await people(database, PEOPLE)
    run = await campaign(database, PEOPLE)
    async with database.write() as session:
        row = await session.get_one(CampaignRunRow, run)
        row.plan = spring(**more).written()
        (await session.get_one(CampaignRow, row.campaign_id)).plan = row.plan
        for number in range(1, PEOPLE):
            one = await session.get_one(CampaignRecipientRow, number)
            one.state, one.sent_at, one.variant = State.SENT, NOON, "plain"
    return run


async def _happens(database: Database, count: int, name: str, **data: Any) -> None:
    async with database.write() as session:
        for number in range(count):
            at = NOON + timedelta(minutes=1)
            event = Event(name=name, data=data, contact_id=contact(number), occurred_at=at)
            events.append(session, event)


async def _stands(database: Database, run: int) -> tuple[str, str | None]:
    async with database.read() as session:
        row = await session.get_one(CampaignRunRow, run)
        found = await session.get_one(CampaignRow, row.campaign_id)
        return found.state.value, found.reason


@pytest.fixture
def wake(database: Database, clock: StoppedClock) -> Wake:
    """Return what looks after runs."""
    return Wake(database, clock, Suppressions(database, clock, SECRET))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("contact.opted_out", {"reason": "stopped"}, "opted out"),
        ("consent.withdrawn", {"purpose": "marketing"}, "opted out"),
        ("contact.opted_out", {"reason": "complained"}, "complained"),
        ("ticket.opened", {"topic": "complaint"}, "complained"),
    ],
)
async def test_harm_stops_a_run_with_the_reason(
    database: Database, clock: StoppedClock, wake: Wake, name: str, data: Any, words: str
) -> None:
    run = await _sent(database)
    clock.at = NOON + timedelta(hours=1)
    await wake.step()
    assert await _stands(database, run) == ("running", None)
    await _happens(database, 20, name, **data)
    clock.advance(halting.EVERY)
    await wake.step()
    said = f"20 of {PEOPLE - 1} people {words}: more than it may be"
    assert await _stands(database, run) == (CampaignState.PAUSED, said)


async def test_who_lets_it_go_on_has_decided(
    database: Database, clock: StoppedClock, wake: Wake
) -> None:
    run = await _sent(database)
    clock.at = NOON + timedelta(hours=1)
    await _happens(database, 20, "contact.opted_out", reason="stopped")
    await wake.step()
    assert (await _stands(database, run))[0] == "paused"
    await Campaigns(database, clock).resume(1, by="Mo")
    clock.advance(halting.EVERY)
    await wake.step()
    assert await _stands(database, run) == ("running", None)
    # Something else is another matter.
    await _happens(database, 20, "ticket.opened", topic="complaint")
    clock.advance(halting.EVERY)
    await wake.step()
    assert (await _stands(database, run))[0] == "paused"


async def test_who_wants_no_bound_has_none(
    database: Database, clock: StoppedClock, wake: Wake
) -> None:
    run = await _sent(database, stops={"opted_out": None, "complained": 0.01})
    clock.at = NOON + timedelta(hours=1)
    await _happens(database, 30, "contact.opted_out", reason="stopped")
    await wake.step()
    assert await _stands(database, run) == ("running", None)


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({"sent": 0}, None),
        ({"sent": 59, "opted_out": 4}, None),
        ({"sent": 59, "opted_out": 20}, "opted_out"),
        ({"sent": 1_000, "opted_out": 50}, None),
        ({"sent": 1_000, "opted_out": 90}, "opted_out"),
        ({"sent": 200, "complained": 1}, None),
        ({"sent": 200, "complained": 8}, "complained"),
        ({"sent": 1_000, "handed_over": 100}, None),
        ({"sent": 1_000, "handed_over": 160}, "handed_over"),
    ],
)
def test_what_is_harm(counts: dict[str, Any], found: str | None) -> None:
    assert harm(Counts(**counts), Stops()) == found
    assert found is None or harm(Counts(**counts), Stops(), told=[found]) is None


@pytest.mark.parametrize("bound", [0.005, 0.05, 0.1])
def test_looking_all_the_time_gives_no_more_false_alarms(bound: float) -> None:
    runs, alpha = 1_000, 0.05
    p = _looks(bound, bound, runs, 2_000)
    alarms = int((p.min(axis=1) <= alpha).sum())
    assert binomtest(alarms, runs, alpha, alternative="greater").pvalue > 0.01
    # And what happens three times as often as it may is nearly always found.
    p = _looks(bound, 3 * bound, 100, 4_000)
    assert (p.min(axis=1) <= alpha).mean() > 0.9


def _looks(bound: float, rate: float, runs: int, count: int) -> Any:
    """Return the p-values at every tenth person of so many runs."""
    random = np.random.default_rng(7)
    hits = np.cumsum(random.random((runs, count)) < rate, axis=1)[:, 9::10]
    return beyond(hits, np.arange(10, count + 1, 10), bound)
