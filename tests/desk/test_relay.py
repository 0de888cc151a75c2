"""Lanes: what one platform, chat or send does is its own affair."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import OperationalError

from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.channel import (
    DeliveryStatus,
    OutboundMessage,
    Pace,
    Rate,
    Scope,
    Sent,
    StatusUpdate,
    UnreachableError,
)
from desk.clock import StoppedClock
from desk.conversations.desk_view import DeskView
from desk.dialogue.memory import MemoryDialogue
from desk.errors import ConflictError, RetryableError
from desk.outbox import ledger, relay, repository
from desk.outbox.dead_letters import OutboxDeadLetters
from desk.outbox.ledger import Ledger
from desk.outbox.relay import Relay
from desk.outbox.repository import Lane
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.outbox import OutboxRow, OutboxState, PaceRow, Policy
from tests.talk import accept, conversation, events, inbound, rows, says, settle

SECOND = timedelta(seconds=1)
type Build = Callable[..., Desk]


class Platform(MemoryChannel):
    """A platform that can be held up, and knows how many sends it had at once and when each came."""

    def __init__(self, name: str, clock: StoppedClock, pace: Pace | None = None) -> None:
        super().__init__(name, pace)
        self.open = asyncio.Event()
        self.open.set()
        self.times: list[tuple[str, datetime]] = []
        self.now = self.most = 0
        self._clock = clock

    async def send(self, message: OutboundMessage) -> Sent:
        """Take the message once the platform is open."""
        self.now += 1
        self.most = max(self.most, self.now)
        self.times.append((message.thread, self._clock()))
        try:
            await self.open.wait()
            return await super().send(message)
        finally:
            self.now -= 1


@pytest.fixture
async def made(
    settings: Settings, database: Database, dialogue: MemoryDialogue, clock: StoppedClock
) -> AsyncIterator[Build]:
    """Return a way to build a desk with platforms of one's own."""
    desks: list[Desk] = []

    def make(*channels: MemoryChannel) -> Desk:
        by_name = {one.name: one for one in channels}
        desks.append(build(settings, dialogue=dialogue, channels=by_name, clock=clock))
        return desks[-1]

    yield make
    for desk in desks:
        await desk.close()


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[None]:
    """Let the relay run beside the block."""
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that is sure to come."""
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)


async def queue(desk: Desk, channel: str, threads: Sequence[str], text: str = "hi") -> None:
    """Let customers write and the bot answer, without sending anything."""
    await accept(desk, *(inbound(text, thread, channel=channel) for thread in threads))
    await desk.router.drain()


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


class Broken:
    """A database that refuses to record the end of some sends."""

    def __init__(self, patch: pytest.MonkeyPatch, times: dict[int, int]) -> None:
        self.struck: Counter[int] = Counter()
        honest = Ledger.settle

        async def settle(itself: Ledger, claim: ledger.Claim, *rest: Any) -> None:
            if self.struck[claim.outbox_id] < times.get(claim.outbox_id, 0):
                self.struck[claim.outbox_id] += 1
                raise OperationalError("UPDATE outbox", {}, OSError("connection reset"))
            await honest(itself, claim, *rest)

        patch.setattr(Ledger, "settle", settle)


async def test_a_short_trouble_at_recording_repeats_nothing(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Platform("memory", clock)
    desk = made(channel)
    broken = Broken(monkeypatch, {1: 3, 2: 1})
    await queue(desk, "memory", ["a", "b", "c"])
    await settle(desk)
    clock.advance(timedelta(minutes=1))
    await settle(desk)
    assert broken.struck == {1: 3, 2: 1}
    assert sorted(m.thread for m in channel.sent) == ["a", "b", "c"]
    assert [r.state for r in await rows(desk, OutboxRow)] == [OutboxState.SENT] * 3


async def test_a_long_trouble_at_recording_repeats_that_one_with_its_key(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Platform("memory", clock)
    desk = made(channel)
    monkeypatch.setattr(relay, "_UNSETTLED", 0.0)
    broken = Broken(monkeypatch, {1: 1})
    await queue(desk, "memory", ["a", "b", "c"])
    await settle(desk)
    assert Counter(m.id for m in channel.sent) == {"fd-1": 1, "fd-2": 1, "fd-3": 1}
    clock.advance(timedelta(seconds=31))
    await settle(desk)
    assert broken.struck == {1: 1}
    assert Counter(m.id for m in channel.sent) == {"fd-1": 2, "fd-2": 1, "fd-3": 1}
    assert [r.state for r in await rows(desk, OutboxRow)] == [OutboxState.SENT] * 3


async def test_a_claim_that_fails_holds_up_its_conversation_only(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Platform("memory", clock)
    desk = made(channel)
    honest, struck = Ledger.claim, ""

    async def claim(itself: Ledger, head: repository.Head) -> ledger.Claim | None:
        nonlocal struck
        if head.outbox_id == 1 and not struck:
            struck = await _thread_of(desk, 1)
            raise OperationalError("SELECT", {}, OSError("gone"))
        return await honest(itself, head)

    monkeypatch.setattr(Ledger, "claim", claim)
    await queue(desk, "memory", ["a", "b", "c"])
    await settle(desk)
    assert {struck, *(m.thread for m in channel.sent)} == {"a", "b", "c"}
    assert len(channel.sent) == 2
    clock.advance(SECOND)
    await settle(desk)
    assert sorted(m.thread for m in channel.sent) == ["a", "b", "c"]


async def _thread_of(desk: Desk, outbox_id: int) -> str:
    (row,) = await rows(desk, OutboxRow, OutboxRow.id == outbox_id)
    return str(row.thread)


async def test_a_customer_who_is_gone_is_left_alone_until_they_write_again(
    made: Build, clock: StoppedClock
) -> None:
    channel = Platform("memory", clock)
    channel.fail_with = [UnreachableError("bot was blocked by the user")]
    desk = made(channel)
    await says(desk, "hello")
    talk = await conversation(desk)
    (handle,) = await rows(desk, ContactIdentityRow)
    assert handle.unreachable_at == clock()
    assert handle.unreachable_reason == "bot was blocked by the user"
    (event,) = await events(desk, "contact.lost")
    assert (event.contact_id, event.data["channel"]) == (talk.contact_id, "memory")
    assert (await DeskView(desk.database).talk(talk.id, limit=9)).unreachable_at == clock()
    clock.advance(SECOND)
    await desk.handoff.take_over(talk.id, agent="Kim")
    await settle(desk)
    assert channel.sent == []
    states = [row.state for row in await rows(desk, OutboxRow)]
    assert states == [OutboxState.FAILED, OutboxState.FAILED]
    assert len(await events(desk, "message.failed")) == 2
    clock.advance(SECOND)
    await says(desk, "me again")
    await desk.handoff.reply(talk.id, agent="Kim", text="welcome back")
    await settle(desk)
    assert [m.text for m in channel.sent] == ["welcome back"]
    assert len(await events(desk, "contact.reached_again")) == 1
    assert (await DeskView(desk.database).talk(talk.id, limit=9)).unreachable_at is None


async def test_somebody_elses_handle_is_not_stopped(made: Build, clock: StoppedClock) -> None:
    channel = Platform("memory", clock)
    desk = made(channel)
    await says(desk, "hello", "ada")
    talk = await conversation(desk)
    # The same person by another name in the same account, as after joining two contacts.
    await accept(desk, inbound("hi", "second"))
    await desk.router.drain()
    async with desk.database.write() as session:
        for table in (ContactIdentityRow, ConversationRow):
            await session.execute(update(table).values(contact_id=talk.contact_id))
    channel.fail_with = [UnreachableError()]
    await settle(desk)
    gone = {r.external_id: r.unreachable_at for r in await rows(desk, ContactIdentityRow)}
    assert gone == {"ada": None, "second": clock()}
    await says(desk, "still here", "ada")
    assert channel.sent[-1].text == "You said: still here"


async def test_an_operator_may_try_a_lost_customer_again(made: Build, clock: StoppedClock) -> None:
    channel = Platform("memory", clock)
    channel.fail_with = [UnreachableError("blocked")]
    desk = made(channel)
    await says(desk, "hello")
    await OutboxDeadLetters(desk.database, clock).replay(1)
    await settle(desk)
    assert [m.text for m in channel.sent] == ["You said: hello"]
    with pytest.raises(ConflictError):
        await OutboxDeadLetters(desk.database, clock).replay(1)


async def test_a_bounce_stops_the_customer_and_reports_go_forward_only(
    made: Build, clock: StoppedClock
) -> None:
    desk = made(Platform("memory", clock))

    async def report(number: int, status: DeliveryStatus, **values: Any) -> bool:
        update = StatusUpdate(
            channel="memory",
            account="a",
            external_id=f"fd-{number}",
            status=status,
            at=clock(),
            **values,
        )
        return await desk.relay.report(update)

    await says(desk, "one", "ada")
    await says(desk, "two", "bob")
    assert await report(1, DeliveryStatus.READ)
    assert not await report(1, DeliveryStatus.DELIVERED)
    assert not await report(1, DeliveryStatus.FAILED, unreachable=True)
    assert not await report(99, DeliveryStatus.READ)
    assert await report(2, DeliveryStatus.FAILED, reason="550\x00 no such user", unreachable=True)
    assert not await report(2, DeliveryStatus.READ)
    read, failed = await rows(desk, OutboxRow)
    assert (read.state, failed.state) == (OutboxState.READ, OutboxState.FAILED)
    assert failed.last_error == "550 no such user"
    gone = {r.external_id: r.unreachable_at for r in await rows(desk, ContactIdentityRow)}
    assert gone == {"ada": None, "bob": clock()}


async def test_what_a_platform_says_can_always_be_recorded(
    made: Build, clock: StoppedClock
) -> None:
    class Odd(Platform):
        async def send(self, message: OutboundMessage) -> Sent:
            await super().send(message)
            return Sent(external_id="x\x00\ud800" * 200)

    channel = Odd("memory", clock)
    channel.fail_with = [ValueError("\x00\udfff" + "long " * 500)]
    desk = made(channel)
    await says(desk, "hello")
    clock.advance(SECOND)
    await settle(desk)
    await _blocked(channel, desk)
    row, _ = await rows(desk, OutboxRow)
    assert (row.state, row.attempts, len(row.external_id)) == (OutboxState.SENT, 2, 256)


async def _blocked(channel: Platform, desk: Desk) -> None:
    channel.fail_with = [UnreachableError("\x00\udfff" + "long " * 500)]
    await says(desk, "hello", "bob")
    gone = await rows(desk, ContactIdentityRow, ContactIdentityRow.external_id == "bob")
    assert gone[0].unreachable_reason.startswith("?long")


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


async def test_an_unknown_outcome_at_most_once_is_listed_and_not_repeated(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Platform("memory", clock)
    desk = made(channel)
    monkeypatch.setattr(relay, "_UNSETTLED", 0.0)
    Broken(monkeypatch, {1: 9})
    await queue(desk, "memory", ["a"])
    async with desk.database.write() as session:
        await session.execute(update(OutboxRow).values(policy=Policy.AT_MOST_ONCE))
    await settle(desk)
    clock.advance(timedelta(minutes=1))
    await settle(desk)
    (row,) = await rows(desk, OutboxRow)
    assert (row.state, len(channel.sent)) == (OutboxState.UNKNOWN, 1)
    assert len(await events(desk, "message.unconfirmed")) == 1


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
