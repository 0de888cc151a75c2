"""The dry run: who, by what, until when, for how much, and what speaks against it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from analytics.campaigns import plan
from analytics.campaigns.estimate import Estimates
from analytics.campaigns.estimate_model import Caution, Doubt
from analytics.campaigns.plan import Plan
from app.commands.campaigns_check import DOUBTS
from channels.memory.adapter import MemoryChannel
from channels.x.adapter import X
from desk.channel import Channel, Pace, Rate, Tariff
from desk.clock import StoppedClock
from desk.errors import InvalidError
from desk.store.database import Database
from desk.tables.behaviour import DemographicsRow
from desk.tables.contact import ContactRow
from tests.campaigns.people import contact, people, say, segment
from tests.conftest import NOON

HOUR = timedelta(hours=1)
PLAIN = {"contents": {"en": {"text": "Tea!"}, "zh": {"text": "茶！见 https://shop.example.com"}}}


class Paid(MemoryChannel):
    """A platform that charges, more for links, and lets few messages through in a day."""

    def tariff(self, thread: str, text: str) -> Tariff:
        """Return the price by the text."""
        assert thread.startswith("u")
        return Tariff(micros=50_000 if "https" in text else 20_000, rates=(Rate(4, 24 * HOUR),))


def planned(segment_id: int, **more: Any) -> Plan:
    """Return a plan for now."""
    return plan.read(
        {
            "segment_id": segment_id,
            "channels": ["memory"],
            "variants": [{"name": "a", "template": PLAIN}],
            "schedule": {"kind": "once", "at": NOON.isoformat()},
            **more,
        }
    )


async def everybody(database: Database, count: int) -> int:
    """Let people come; return a segment of all of them."""
    await people(database, count)
    return await segment(database, [f"p:{contact(n)}" for n in range(count)])


def of(
    database: Database,
    clock: StoppedClock,
    *channels: Channel,
    prices: Mapping[str, int] | None = None,
) -> Estimates:
    """Return what is asked."""
    return Estimates(database, clock, {one.name: one for one in channels}, prices=prices)


async def test_everybody_is_counted_once(database: Database, clock: StoppedClock) -> None:
    await people(database, 20)
    names = [f"p:{contact(n)}" for n in range(20)] + ["c:x1", "c:x2"]
    everybody = await segment(database, names)
    await say(database, contact(3), granted=False, key="no")
    found = await of(database, clock, MemoryChannel()).of(planned(everybody, holdout=0.2))
    assert found.skipped == {"no_contact": 2, "no_consent": 1}
    assert found.queued + found.holdout == 19
    assert found.people == 22
    assert (found.channels, found.variants) == ({"memory": found.queued}, {"a": found.queued})
    assert (found.begins_at, found.ends_at, found.late) == (NOON, NOON, 0)
    assert found.cost_micros == 0


async def test_it_says_when_it_ends_and_that_it_cannot(
    database: Database, clock: StoppedClock
) -> None:
    slow = MemoryChannel(pace=Pace(account=(Rate(3, HOUR),)))
    ten = await everybody(database, 10)
    found = await of(database, clock, slow).of(planned(ten, late="4h"))
    # Three at 12:00, 13:00 and 14:00, the last at 15:00.
    (lane,) = found.lanes
    assert (lane.people, lane.late, lane.per_hour) == (10, 0, 3.0)
    assert (found.begins_at, found.ends_at) == (NOON, NOON + 3 * HOUR)
    assert found.cautions == ()
    hasty = await of(database, clock, slow).of(planned(ten, late="2h"))
    assert (hasty.late, hasty.ends_at) == (4, NOON + HOUR)
    assert hasty.cautions == (Caution(doubt=Doubt.CANNOT_END, channel="memory", people=4),)


async def test_each_is_written_to_by_their_own_clock(
    database: Database, clock: StoppedClock
) -> None:
    three = await everybody(database, 3)
    async with database.write() as session:
        for n, country in enumerate(("CN", "DE")):
            session.add(DemographicsRow(contact_id=contact(n), country=country))
    nine = {"kind": "local", "day": "2026-03-03", "clock": "09:00"}
    found = await of(database, clock, MemoryChannel()).of(planned(three, schedule=nine))
    day = NOON.replace(day=3, hour=0)
    assert (found.begins_at, found.ends_at) == (day + HOUR, day + 9 * HOUR)


async def test_it_says_what_it_costs(database: Database, clock: StoppedClock) -> None:
    six = await everybody(database, 6)
    async with database.write() as session:
        one = update(ContactRow).where(ContactRow.id == contact(0)).values(language="zh")
        await session.execute(one)
    found = await of(database, clock, Paid()).of(planned(six, late="2d", quiet=None))
    # Five cost 2 cents and one, with a link, 5; four today and two tomorrow.
    assert found.cost_micros == 150_000
    assert found.ends_at == NOON + 24 * HOUR
    assert Caution(doubt=Doubt.PAID, channel="memory", people=6) in found.cautions
    # Whom it does not reach costs nothing; the mean price is taken.
    hasty = await of(database, clock, Paid()).of(planned(six, quiet=None))
    assert (hasty.late, hasty.cost_micros) == (2, 100_000)
    ours = of(database, clock, Paid(), prices={"memory": 7_000})
    dear = await ours.of(planned(six, late="2d", quiet=None))
    assert (dear.cost_micros, dear.ends_at) == (42_000, NOON + 24 * HOUR)


def test_what_x_charges_is_known() -> None:
    tariff = X.tariff(None, "dm:7", "Tea: https://shop.example.com")  # type: ignore[arg-type]
    assert (tariff.micros, tariff.rates) == (15_000, (Rate(1_440, 24 * HOUR),))
    posts = [
        X.tariff(None, "post:1/7", text)  # type: ignore[arg-type]
        for text in ("Tea!", "Tea: https://shop.example.com")
    ]
    assert [one.micros for one in posts] == [15_000, 200_000]


async def test_a_test_is_planned_beforehand(database: Database, clock: StoppedClock) -> None:
    some = await everybody(database, 30)
    two = [{"name": name, "template": PLAIN} for name in "ab"]
    estimates = of(database, clock, MemoryChannel())
    effect = {"base": 0.2, "change": 0.05}
    found = await estimates.of(planned(some, variants=two, holdout=0.2, effect=effect))
    sample = found.sample
    assert sample is not None
    assert sample.arms == {**found.variants, "": found.holdout}
    assert sum(sample.arms.values()) == 30
    a, b, held = sample.arms["a"], sample.arms["b"], sample.arms[""]
    pairs = ((a, b), (a + b, held))
    assert sample.held == min(int(2 / (1 / one + 1 / other)) for one, other in pairs)
    assert sample.needed > 1_030  # of one look at the end, Evan Miller's calculator
    assert not sample.is_enough
    short = Caution(doubt=Doubt.TOO_FEW, people=sample.needed - sample.held)
    assert short in found.cautions
    large = await estimates.of(planned(some, variants=two, effect={"base": 0.01, "change": 0.98}))
    assert large.sample is not None
    assert large.sample.is_enough
    assert (await estimates.of(planned(some))).sample is None


async def test_what_speaks_against_it_is_said(database: Database, clock: StoppedClock) -> None:
    nobody = await segment(database, [])
    estimates = of(database, clock, MemoryChannel())
    past = {"kind": "once", "at": (NOON - 5 * HOUR).isoformat()}
    decided = planned(nobody, schedule=past, channels=["memory", "telegram"])
    found = await estimates.of(decided)
    assert {one.doubt: one.channel for one in found.cautions} == {
        Doubt.PAST: None,
        Doubt.NOBODY: None,
        Doubt.NOT_SET_UP: "telegram",
    }
    assert (found.people, found.begins_at, found.ends_at) == (0, None, None)
    event = {"kind": "after_event", "event": "ticket.resolved", "delay": "1d"}
    after = await estimates.of(planned(nobody, schedule=event))
    assert Doubt.NOT_ALL_KNOWN in {one.doubt for one in after.cautions}


def test_there_are_words_for_every_doubt() -> None:
    assert DOUBTS.keys() == {str(one) for one in Doubt}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"effect": {"base": 0.6, "change": 0.5}}, "effect: change: with it more than everybody"),
        ({"rank": {"by": "luck", "top": 3}}, "rank.by"),
        ({"rank": {"by": "value"}}, "rank: write either top"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(more: Mapping[str, Any], said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        planned(1, **more)
