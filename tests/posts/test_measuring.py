"""Figures are asked for an hour, a day and a week after, once, and when the platform lets us."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from analytics.posts.ages import age, next_look
from analytics.posts.measuring import Measuring
from analytics.posts.service import Posts
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.posting import Measured, Reactions
from desk.store.database import Database
from desk.tables.channel import ChannelCostRow
from tests.conftest import NOON
from tests.posts.conftest import Build
from tests.posts.test_publisher import due, row

HOUR = timedelta(hours=1)
AGES = [
    (timedelta(minutes=59), None),
    (HOUR, 1),
    (2 * HOUR, 1),
    (3 * HOUR, None),  # neither an hour nor a day
    (24 * HOUR, 24),
    (48 * HOUR, 24),
    (49 * HOUR, None),
    (168 * HOUR, 168),
    (400 * HOUR, None),
]


@pytest.mark.parametrize(("passed", "hours"), AGES)
def test_for_which_age_a_look_counts(passed: timedelta, hours: int | None) -> None:
    assert age(NOON, NOON + passed) == hours


NEXT = [(0, 1), (1, 24), (23, 24), (24, 168), (168, None)]


@pytest.mark.parametrize(("passed", "hours"), NEXT)
def test_when_to_look_again(passed: int, hours: int | None) -> None:
    at = None if hours is None else NOON + hours * HOUR
    assert next_look(NOON, NOON + passed * HOUR) == at


async def test_an_hour_a_day_and_a_week_after(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    measuring: Measuring,
    clock: StoppedClock,
    database: Database,
) -> None:
    number = await due(posts)
    await build().look()
    (known,) = memory.reactions
    passed = 0
    for hours in (0, 1, 2, 23, 24, 25, 100, 167, 168, 169, 400):
        clock.advance((hours - passed) * HOUR)
        passed = hours
        memory.reactions[known] = Reactions(likes=hours, views=10 * hours)
        await measuring.look()
    found = (await posts.metrics([number]))[number]
    assert [(one.hours, one.likes, one.views, one.clicks) for one in found] == [
        (1, 1, 10, None),
        (24, 24, 240, None),
        (168, 168, 1680, None),
    ]
    assert found[0].measured_at == NOON + HOUR
    assert (await row(database, number)).measure_at is None


async def test_two_who_ask_pay_once(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    measuring: Measuring,
    clock: StoppedClock,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await due(posts)
    await build().look()
    clock.advance(HOUR)
    asked = []

    async def paid(external_ids: list[str]) -> Measured:
        asked.append(external_ids)
        return Measured(found={one: Reactions(likes=1) for one in external_ids}, cost_micros=1_000)

    monkeypatch.setattr(memory, "measure", paid)
    kept = await asyncio.gather(*(measuring.look() for _ in range(4)))
    assert (sum(kept), len(asked)) == (1, 1)
    async with database.read() as session:
        (cost,) = (await session.scalars(select(ChannelCostRow))).all()
    assert cost.micros == 1_000


async def test_a_platform_that_wants_to_be_left_alone_is(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    measuring: Measuring,
    clock: StoppedClock,
    database: Database,
) -> None:
    number = await due(posts)
    await build().look()
    clock.advance(HOUR)
    memory.fail_with = [RetryableError("429", retry_in=timedelta(minutes=7))]
    assert await measuring.look() == 0
    assert (await row(database, number)).measure_at == clock() + timedelta(minutes=7)
    assert await measuring.look() == 0
    clock.advance(timedelta(minutes=7))
    assert await measuring.look() == 1
    assert memory.fail_with == []


async def test_what_was_deleted_is_asked_for_no_more(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    measuring: Measuring,
    clock: StoppedClock,
    database: Database,
) -> None:
    number = await due(posts)
    await build().look()
    memory.reactions.clear()
    clock.advance(HOUR)
    assert await measuring.look() == 0
    assert (await row(database, number)).measure_at is None
    assert "not there any more" in (await posts.get(number)).why()


async def test_a_mistake_of_the_platforms_is_no_end(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    measuring: Measuring,
    clock: StoppedClock,
    database: Database,
) -> None:
    number = await due(posts)
    await build().look()
    clock.advance(HOUR)
    memory.fail_with = [KeyError("what?")]
    assert await measuring.look() == 0
    assert (await row(database, number)).measure_at == clock() + timedelta(minutes=15)


async def test_what_nothing_tells_about_keeps_nobody_from_their_turn(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    measuring: Measuring,
    clock: StoppedClock,
    database: Database,
) -> None:
    """The account is not set up any more: it is looked at again in an hour."""
    number = await due(posts)
    await build().look()
    clock.advance(HOUR)
    memory.account = "another"
    assert await measuring.look() == 0
    assert (await row(database, number)).measure_at == clock() + HOUR
    memory.account = "a"
    clock.advance(HOUR)
    assert await measuring.look() == 1
