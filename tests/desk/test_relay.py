"""Lanes: what one platform, chat or send does is its own affair."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, text, update

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel import Pace, Rate, Scope
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.message import OutboundMessage, Sent
from desk.outbox import repository
from desk.outbox.repository import Lane
from desk.tables.conversation import MessageRow
from desk.tables.outbox import OutboxRow, OutboxState, PaceRow, Policy
from tests.desk.relaying import SECOND, Build, Platform, made, queue, relaying, until
from tests.talk import accept, inbound, rows, says, settle

__all__ = ["made"]


async def test_a_platform_that_hangs_delays_no_other(made: Build, clock: StoppedClock) -> None:
    slow = Platform("slow", clock, Pace(at_once=3))
    quick = Platform("quick", clock, Pace(at_once=2))
    slow.open.clear()
    desk = made(slow, quick)
    async with relaying(desk.relay):
        await queue(desk, "slow", [f"s{n}" for n in range(20)])
        await until(lambda: slow.now == 3)
        for number in range(3):
            await queue(desk, "quick", [f"q{n}" for n in range(4)], f"m{number}")
            await until(lambda wanted=4 * (number + 1): len(quick.sent) == wanted)
        assert (len(slow.sent), slow.most) == (0, 3)
        slow.open.set()
        await until(lambda: len(slow.sent) == 20)
    assert slow.most == 3
    assert all(row.state is OutboxState.SENT for row in await rows(desk, OutboxRow))


async def test_a_platform_that_is_down_delays_no_other(made: Build, clock: StoppedClock) -> None:
    down, up = Platform("down", clock), Platform("up", clock)
    down.fail_with = [OSError("refused") for _ in range(1_000)]
    desk = made(down, up)
    await queue(desk, "down", [f"d{n}" for n in range(10)])
    await queue(desk, "up", [f"u{n}" for n in range(10)])
    await settle(desk)
    assert (len(up.sent), len(down.sent)) == (10, 0)
    for _ in range(5):
        clock.advance(timedelta(minutes=6))
        await settle(desk)
    assert down.sent == []
    down.fail_with.clear()
    clock.advance(timedelta(minutes=5))
    await settle(desk)
    assert len({m.thread for m in down.sent}) == len(down.sent) == 10


async def test_a_message_waits_for_the_one_before_it(made: Build, clock: StoppedClock) -> None:
    channel = Platform("memory", clock)
    channel.fail_with = [OSError("reset"), OSError("reset")]
    desk = made(channel)
    await queue(desk, "memory", ["ada"], "one")
    await queue(desk, "memory", ["ada"], "two")
    await settle(desk)
    assert [row.attempts for row in await rows(desk, OutboxRow)] == [1, 0]
    for _ in range(3):
        clock.advance(2 * SECOND)
        await settle(desk)
    assert [m.text for m in channel.sent] == ["You said: one", "You said: two"]


async def test_two_accounts_of_a_channel_are_two_lanes(made: Build, clock: StoppedClock) -> None:
    class Picky(Platform):
        async def send(self, message: OutboundMessage) -> Sent:
            if message.account == "busy" and not self.open.is_set():
                raise RetryableError("429", retry_in=30 * SECOND)
            return await MemoryChannel.send(self, message)

    channel = Picky("memory", clock)
    channel.open.clear()
    desk = made(channel)
    for account in ("busy", "free"):
        for thread in ("a", "b"):
            await accept(desk, inbound("hi", f"{account}-{thread}", account=account))
            await settle(desk)
    assert [m.thread for m in channel.sent] == ["free-a", "free-b"]
    # Only the first was tried: the pause held the second back, which has no failed attempt.
    assert [r.attempts for r in await rows(desk, OutboxRow, OutboxRow.account == "busy")] == [1, 0]
    channel.open.set()
    clock.advance(timedelta(seconds=29, milliseconds=999))
    await settle(desk)
    assert len(channel.sent) == 2
    clock.advance(timedelta(milliseconds=1))
    await settle(desk)
    assert len(channel.sent) == 4


@pytest.mark.parametrize(("scope", "others"), [(Scope.CHAT, 1), (Scope.ACCOUNT, 0)])
async def test_a_pause_stops_exactly_what_it_is_for(
    made: Build, clock: StoppedClock, scope: Scope, others: int
) -> None:
    channel = Platform("memory", clock, Pace(pause=scope))
    channel.fail_with = [RetryableError("429", retry_in=30 * SECOND)]
    desk = made(channel)
    await queue(desk, "memory", ["first"], "one")
    await settle(desk)
    await queue(desk, "memory", ["first", "other"], "two")
    await settle(desk)
    assert len(channel.sent) == others
    # Not even a message that takes the place of the one that was refused may go earlier.
    async with desk.database.write() as session:
        await session.execute(
            update(OutboxRow).where(OutboxRow.id == 1).values(state=OutboxState.DEAD)
        )
    clock.advance(timedelta(seconds=29, milliseconds=999))
    await settle(desk)
    assert len(channel.sent) == others
    clock.advance(timedelta(milliseconds=1))
    await settle(desk)
    assert Counter(m.text for m in channel.sent) == {"You said: two": 2}


async def test_limits_of_account_chat_and_group_are_kept_by_two_processes(
    made: Build, clock: StoppedClock
) -> None:
    limits = Pace(
        account=(Rate(5, SECOND),),
        chat=(Rate(1, SECOND),),
        group=(Rate(3, 10 * SECOND),),
        is_group=lambda thread: thread.startswith("-"),
    )
    one, two = (Platform("memory", clock, limits) for _ in range(2))
    first, second = made(one), made(two)
    for number in range(5):
        await queue(first, "memory", ["-group", *(f"c{n}" for n in range(8))], f"m{number}")
    turns = ([first], [second], [first, second])
    for number in range(150):
        await asyncio.gather(*(desk.relay.step() for desk in turns[number % 3]))
        clock.advance(timedelta(milliseconds=100))
    times = one.times + two.times
    assert len(times) == 45
    assert one.times
    assert two.times
    _keeps([at for _, at in times], 5, SECOND)
    for thread in {thread for thread, _ in times}:
        mine = [at for name, at in times if name == thread]
        _keeps(mine, 1, SECOND)
        texts = [
            m.text
            for m in sorted((m for m in one.sent + two.sent if m.thread == thread), key=_number)
        ]
        assert texts == [f"You said: m{n}" for n in range(5)]
    _keeps([at for name, at in times if name == "-group"], 3, 10 * SECOND)
    # Nothing was wasted either: 40 messages at 5 a second, and a group that needs 10 s for three.
    assert (
        max(at for name, at in times if name != "-group") - min(times[0][1], times[-1][1])
        < 12 * SECOND
    )


def _number(message: OutboundMessage) -> int:
    return int(message.id.removeprefix("fd-"))


def _keeps(times: list[datetime], count: int, per: timedelta) -> None:
    ordered = sorted(times)
    for early, late in zip(ordered, ordered[count:], strict=False):
        assert late - early >= per


async def test_the_relay_wakes_when_the_limit_lets_it(made: Build, clock: StoppedClock) -> None:
    channel = Platform("memory", clock, Pace(chat=(Rate(1, 5 * SECOND),)))
    desk = made(channel)
    await queue(desk, "memory", ["ada"], "one")
    await queue(desk, "memory", ["ada"], "two")
    await settle(desk)
    _, due = await desk.relay._start()
    assert due == clock() + 5 * SECOND
    (row,) = await rows(desk, OutboxRow, OutboxRow.state == OutboxState.QUEUED)
    assert row.attempts == 0, "waiting for its turn is no failed attempt"


async def test_what_a_tempo_row_says_is_forgotten_when_it_is_old(
    made: Build, clock: StoppedClock
) -> None:
    desk = made(Platform("memory", clock, Pace(chat=(Rate(1, SECOND),))))
    await says(desk, "hello")
    await desk.relay._sweep()
    assert await _tempos(desk) == ["", "ada"]
    clock.advance(timedelta(minutes=2))
    await desk.relay._sweep()
    assert await _tempos(desk) == []


async def _tempos(desk: Desk) -> list[str]:
    async with desk.database.read() as session:
        return list((await session.scalars(select(PaceRow.thread).order_by(PaceRow.thread))).all())


async def test_a_channel_that_is_not_set_up_keeps_its_messages(
    made: Build, clock: StoppedClock
) -> None:
    desk = made(Platform("memory", clock))
    await queue(desk, "telegram", ["ada"])
    await says(desk, "hello", "bob")
    (row,) = await rows(desk, OutboxRow, OutboxRow.channel == "telegram")
    assert (row.state, row.attempts) == (OutboxState.QUEUED, 1)
    assert row.last_error == "RetryableError: the channel telegram is not set up"


async def test_a_stop_lets_sends_in_hand_come_to_their_end(
    made: Build, clock: StoppedClock
) -> None:
    channel = Platform("memory", clock)
    channel.open.clear()
    desk = made(channel)
    await queue(desk, "memory", ["a", "b"])
    async with relaying(desk.relay):
        await until(lambda: channel.now == 2)
        asyncio.get_running_loop().call_later(0.1, channel.open.set)
    assert [row.state for row in await rows(desk, OutboxRow)] == [OutboxState.SENT] * 2


async def test_a_failing_look_cuts_no_send_off(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Platform("memory", clock)
    channel.open.clear()
    desk = made(channel)
    await queue(desk, "memory", ["a"])
    running = asyncio.create_task(desk.relay.run())
    await until(lambda: channel.now == 1)

    async def broken(*_: object) -> list[Lane]:
        raise OSError("the database is away")

    monkeypatch.setattr(repository, "lanes", broken)
    with pytest.raises(OSError, match="away"):
        await running
    channel.open.set()
    await until(lambda: not channel.now)
    monkeypatch.undo()
    async with relaying(desk.relay):
        await until(lambda: not any(t.tasks for t in desk.relay._lanes.values()))
    assert [row.state for row in await rows(desk, OutboxRow)] == [OutboxState.SENT]
    assert len(channel.times) == 1


async def test_a_reply_does_not_wait_behind_a_campaign(made: Build, clock: StoppedClock) -> None:
    channel = Platform("memory", clock, Pace(account=(Rate(1, SECOND),)))
    desk = made(channel)
    await queue(desk, "memory", [f"c{n}" for n in range(5)])
    async with desk.database.write() as session:
        await session.execute(update(OutboxRow).values(policy=Policy.AT_MOST_ONCE))
    clock.advance(SECOND)
    await says(desk, "quick question", "ada")
    assert [m.thread for m in channel.sent] == ["ada"]
    for _ in range(5):
        clock.advance(SECOND)
        await settle(desk)
    assert len(channel.sent) == 6


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_look_passes_no_other_lanes_backlog(made: Build, clock: StoppedClock) -> None:
    desk = made(Platform("memory", clock))
    await says(desk, "hello")
    (one,) = await rows(desk, OutboxRow)
    (message,) = await rows(desk, MessageRow, MessageRow.id == one.message_id)
    values = {
        column.name: getattr(one, column.name)
        for column in OutboxRow.__table__.columns
        if column.name != "id"
    }
    waiting = values | {"state": OutboxState.QUEUED, "not_before": clock() + timedelta(hours=1)}
    async with desk.database.write() as session:
        await session.execute(insert(OutboxRow), [{**waiting, "channel": "aaa"}] * 2_000)
        await session.execute(text("ANALYZE"))
    async with desk.database.read() as session:
        for statement in (repository._LANE_AFTER, repository._HEADS, repository._NEXT_DUE):
            sql = str(statement.compile(dialect=desk.database.engine.dialect))
            plan = await session.execute(
                text(f"EXPLAIN QUERY PLAN {sql.replace('?', '0')}").execution_options()
            )
            steps = [row[3] for row in plan.all()]
            assert any("ix_outbox_lane (" in step and "SEARCH o" in step for step in steps), steps
        assert await repository.lanes(session) == [Lane("aaa", "a")]
    assert message.text == "You said: hello"
