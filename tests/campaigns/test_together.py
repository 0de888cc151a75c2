"""On a channel that allows it several messages are begun in one transaction, and each still has an end of its own."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from analytics.campaigns.dispatch import Dispatcher
from channels.memory.adapter import MemoryChannel
from desk.channel import Pace, Rate, Scope
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.store.database import Database
from tests.campaigns.people import TERMS, Hello, campaign, contact, outcome, people, say


@pytest.fixture
def channel() -> MemoryChannel:
    """Return a channel that takes four at once."""
    return MemoryChannel(pace=Pace(together=4))


def _dispatcher(
    database: Database, channel: MemoryChannel, clock: StoppedClock, composing: Hello | None = None
) -> Dispatcher:
    return Dispatcher(
        database=database,
        channels={"memory": channel},
        states=ChannelStates(database, clock),
        composing=composing or Hello(database),
        clock=clock,
        batch=7,
    )


async def test_everybody_gets_one(
    database: Database, channel: MemoryChannel, clock: StoppedClock
) -> None:
    await people(database, 20)
    run = await campaign(database, 20)
    await _dispatcher(database, channel, clock).drain()
    assert Counter(one.recipient for one in channel.sent) == {f"u{n}": 1 for n in range(20)}
    assert await outcome(database, run) == {"sent": 20}


async def test_each_has_its_own_end(
    database: Database, channel: MemoryChannel, clock: StoppedClock
) -> None:
    await people(database, 7)
    run = await campaign(database, 7)
    await say(database, contact(1), granted=False, key="no more")
    channel.fail_with = [RejectedError("too long")]
    hello = Hello(database, never={contact(2): "missing: name"})
    await _dispatcher(database, channel, clock, hello).drain()
    ends = {name.strip(): count for name, count in (await outcome(database, run)).items()}
    assert ends == {
        "sent": 4,
        "failed RejectedError: too long": 1,
        "skipped no_consent": 1,
        "skipped missing: name": 1,
    }


async def test_the_budget_counts_who_is_there_twice(
    database: Database, channel: MemoryChannel, clock: StoppedClock
) -> None:
    """Two campaigns want the same three people, and are sent in the same transactions."""
    await people(database, 3)
    runs = [await campaign(database, 3, name=name) for name in ("One", "Two")]
    hello = Hello(database, terms=replace(TERMS, budget=1))
    await _dispatcher(database, channel, clock, hello).drain()
    assert Counter(one.recipient for one in channel.sent) == {f"u{n}": 1 for n in range(3)}
    ends = Counter[str]()
    for run in runs:
        ends.update(await outcome(database, run))
    assert ends == {"sent": 3, "skipped over_budget": 3}


async def test_who_sleeps_does_not_hold_the_others_up(
    database: Database, channel: MemoryChannel, clock: StoppedClock
) -> None:
    await people(database, 4)
    run = await campaign(database, 4)
    awake = Hello(database)
    asleep = Hello(database, quiet_until=clock() + timedelta(hours=1))

    class Some(Hello):
        async def compose(self, batch, now):  # type: ignore[no-untyped-def]
            """Let every other sleep."""
            both = [await one.compose(batch, now) for one in (awake, asleep)]
            return {one.id: both[n % 2][one.id] for n, one in enumerate(batch)}

    await _dispatcher(database, channel, clock, Some(database)).drain()
    assert await outcome(database, run) == {"sent": 2, "queued": 2}


async def test_a_lane_that_was_asked_to_be_silent_is(
    database: Database, channel: MemoryChannel, clock: StoppedClock
) -> None:
    await people(database, 8)
    run = await campaign(database, 8)
    channel.fail_with = [RetryableError("slow down", retry_in=timedelta(minutes=5))]
    await _dispatcher(database, channel, clock).drain()
    # What had begun with the one that was refused has gone out, nothing after it.
    assert len(channel.sent) == 3
    clock.advance(timedelta(minutes=6))
    await _dispatcher(database, channel, clock).drain()
    assert await outcome(database, run) == {"sent": 8}


@pytest.mark.parametrize(
    "limit",
    [
        {"account": (Rate(1, timedelta(seconds=1)),)},
        {"chat": (Rate(1, timedelta(seconds=1)),)},
        {"group": (Rate(1, timedelta(seconds=1)),)},
        {"pause": Scope.CHAT},
    ],
)
def test_where_each_counts_they_are_begun_one_by_one(limit: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="one by one"):
        Pace(together=2, **limit)  # type: ignore[arg-type]
