"""Who is asked whether they recommend us: a sample, once in a period, at decent hours."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from desk.contacts import consents
from desk.feedback.hours import Hours, next_allowed
from desk.feedback.nps_plan import in_sample
from desk.tables.conversation import Owner
from desk.tables.feedback import SurveyState
from desk.tables.outbox import OutboxRow, Policy
from tests.feedback.studio import Studio

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def asking(studio: Studio) -> Studio:
    """Return a studio that asks everybody every 30 days, with one customer of an hour ago."""
    studio.set(nps={"enabled": True, "every": "30d"}, cool_down="1d")
    await studio.hear("Hello")
    await studio.answer()
    await studio.resolve()
    studio.clock.advance(2 * _HOUR)
    return studio


async def _ask(studio: Studio, hours: int = 24) -> None:
    for _ in range(hours):
        await studio.plan.step()
        await studio.surveyor.step()
        studio.clock.advance(_HOUR)


async def test_somebody_is_asked_once_in_a_period(asking: Studio) -> None:
    await asyncio.gather(*(asking.plan.step() for _ in range(4)))
    assert len(await asking.surveys()) == 1
    await _ask(asking)
    row = await asking.only()
    assert (row.state, row.resolution, row.owner, row.agent) == (
        SurveyState.ASKED,
        None,
        None,
        None,
    )
    assert row.surveyed_at is not None
    local = row.surveyed_at.astimezone(_SHANGHAI).time()
    assert time(10) <= local < time(19)
    (event,) = await asking.world.events("feedback.surveyed")
    assert (event.data["kind"], event.data["channel"]) == ("nps", "memory")
    (policy,) = {
        one.policy
        for one in await asking.world.rows(OutboxRow)
        if one.message_id == row.message_id
    }
    assert policy is Policy.AT_MOST_ONCE


async def test_the_next_period_asks_again_but_never_sooner_than_the_time_between(
    asking: Studio,
) -> None:
    asked = []
    for _ in range(100):
        await asking.hear("Hello")  # stays active, and is in the middle of a talk for an hour
        await asking.answer()
        await asking.resolve()
        asking.clock.advance(2 * _HOUR)
        await _ask(asking, 22)
    for row in await asking.surveys():
        if row.surveyed_at is not None:
            asked.append(row.surveyed_at)
    assert len(asked) >= 2
    assert all(later - earlier >= 30 * _DAY for earlier, later in pairwise(asked))


async def test_a_merged_contact_is_one_person(asking: Studio) -> None:
    await asking.hear("Hello", "ada@web", channel="webchat")
    await asking.answer(thread="ada@web")
    asking.clock.advance(2 * _HOUR)
    assert await asking.plan.step() == 2
    first, second = await asking.row(), await asking.row("ada@web")
    await asking.world._update(type(second), second.id, contact_id=first.contact_id)
    await _ask(asking)
    states = sorted(str(row.state) for row in await asking.surveys())
    assert states == ["asked", "withheld"]
    assert len(await asking.world.events("feedback.surveyed")) == 1


async def test_nobody_is_asked_unless_the_rules_say_so(asking: Studio) -> None:
    asking.set(nps={"enabled": False})
    assert await asking.plan.step() == 0


async def test_consent_where_it_is_needed(asking: Studio) -> None:
    asking.set(nps={"enabled": True, "consent": "newsletter"})
    assert await asking.plan.step() == 0
    assert [one.why for one in await asking.plan.candidates()] == ["has not agreed"]
    row = await asking.row()
    async with asking.database.write() as session:
        await consents.record(
            session,
            contact_id=row.contact_id,
            conversation_id=row.id,
            purpose="newsletter",
            granted=True,
            key="k",
            now=asking.clock(),
        )
    assert await asking.plan.step() == 1


async def test_who_says_stop_between_plan_and_question_is_not_asked(asking: Studio) -> None:
    assert await asking.plan.step() == 1
    row = await asking.row()
    async with asking.database.write() as session:
        await consents.record(
            session,
            contact_id=row.contact_id,
            conversation_id=row.id,
            purpose="marketing",
            granted=False,
            key="k",
            now=asking.clock(),
        )
    await _ask(asking)
    assert (await asking.only()).reason == "unsubscribed"


async def test_it_goes_where_it_can_be_delivered(asking: Studio) -> None:
    await asking.hear("@shop hello", "post:1/2", channel="x")
    public, private = await asking.row("post:1/2"), await asking.row()
    await asking.world._update(type(public), public.id, contact_id=private.contact_id)
    asking.clock.advance(2 * _HOUR)
    (one,) = await asking.plan.candidates()
    assert one.conversation_id == private.id


async def test_who_talks_with_a_person_waits(asking: Studio) -> None:
    row = await asking.row()
    await asking.world._update(type(row), row.id, owner=Owner.HUMAN, agent="mo")
    await _ask(asking, 26)
    assert (await asking.only()).state is SurveyState.PLANNED
    await asking.world._update(type(row), row.id, owner=Owner.CLOSED)
    await _ask(asking, 20)
    assert (await asking.only()).state is SurveyState.ASKED


async def test_a_look_writes_nothing(asking: Studio) -> None:
    (one,) = await asking.plan.candidates()
    assert one.due_at is not None
    assert not one.why
    assert await asking.surveys() == []
    await asking.plan.step()
    assert [one.why for one in await asking.plan.candidates()] == ["planned already"]


async def test_only_who_was_here_lately(asking: Studio) -> None:
    asking.clock.advance(91 * _DAY)
    assert await asking.plan.candidates() == []


def test_samples_differ_from_period_to_period() -> None:
    people = [f"{n:032x}" for n in range(2_000)]
    first, second = (
        {one for one in people if in_sample(one, date(2026, month, 1), 0.2)} for month in (1, 2)
    )
    assert 330 < len(first) < 470
    assert 40 < len(first & second) < 130, "a fifth of a fifth"
    assert all(in_sample(one, date(2026, 1, 1), 1) for one in people)
    assert not any(in_sample(one, date(2026, 1, 1), 0) for one in people)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-03-02T02:00+00:00", "Asia/Shanghai", "2026-03-02T02:00+00:00"),
        ("2026-03-02T01:59+00:00", "Asia/Shanghai", "2026-03-02T02:00+00:00"),
        ("2026-03-02T11:00+00:00", "Asia/Shanghai", "2026-03-03T02:00+00:00"),
        ("2026-03-02T23:00+00:00", "Asia/Shanghai", "2026-03-03T02:00+00:00"),
        # The clocks go forward on that Sunday: 10:00 is an hour earlier in UTC.
        ("2026-03-28T20:00+00:00", "Europe/Berlin", "2026-03-29T08:00+00:00"),
        ("2026-03-27T20:00+00:00", "Europe/Berlin", "2026-03-28T09:00+00:00"),
    ],
)
def test_hours(now: str, zone: str, expected: str) -> None:
    found = next_allowed(datetime.fromisoformat(now), ZoneInfo(zone), time(10), time(19))
    assert found == datetime.fromisoformat(expected)


def test_an_hour_that_the_clocks_leap_over_still_comes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    found = next_allowed(night, berlin, time(2, 30), time(4))
    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert time(2, 30) <= found.astimezone(berlin).time() < time(4)


def test_periods_follow_each_other_without_gaps() -> None:
    hours = Hours(lambda: "Asia/Shanghai")
    day = datetime(2026, 1, 1, 12, tzinfo=UTC)
    starts = [hours.period(day + n * _DAY, timedelta(days=30)) for n in range(120)]
    distinct = sorted(set(starts))
    assert all((b - a).days == 30 for a, b in pairwise(distinct))
    assert all(
        timedelta() <= (day + n * _DAY).date() - start < 30 * _DAY
        for n, start in enumerate(starts)
    )
