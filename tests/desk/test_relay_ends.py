"""How sends end: what is recorded in spite of trouble, what platforms report, and customers who are gone."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.wiring import Desk
from desk.channel import UnreachableError
from desk.clock import StoppedClock
from desk.conversations.desk_view import DeskView
from desk.errors import ConflictError, RetryableError
from desk.message import DeliveryStatus, OutboundMessage, Sent, StatusUpdate
from desk.outbox import ledger, relay, repository, sending
from desk.outbox.dead_letters import OutboxDeadLetters
from desk.outbox.ledger import Ledger
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import ConversationRow
from desk.tables.outbox import OutboxRow, OutboxState, Policy
from tests.desk.relaying import SECOND, Build, Platform, made, queue
from tests.talk import accept, conversation, events, inbound, rows, says, settle

__all__ = ["made"]


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
    monkeypatch.setattr(sending, "UNSETTLED", 0.0)
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


async def test_a_report_that_comes_before_the_send_has_come_to_its_end_is_not_lost(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform("memory", clock)
    desk = made(platform)
    update = StatusUpdate(
        channel="memory",
        account="a",
        external_id="fd-1",
        status=DeliveryStatus.DELIVERED,
        at=clock(),
    )
    await says(desk, "one", "ada")
    async with desk.database.write() as session:
        row = (await session.scalars(select(OutboxRow))).one()
        row.state, row.external_id, row.attempts = OutboxState.QUEUED, None, 0
    platform.open.clear()
    sending = asyncio.create_task(desk.relay.step())
    while platform.now == 0:
        await asyncio.sleep(0)
    early = asyncio.create_task(desk.relay.report(update))
    await asyncio.sleep(0.05)
    assert not early.done()
    platform.open.set()
    await sending
    assert await early
    (row,) = await rows(desk, OutboxRow)
    assert row.state is OutboxState.DELIVERED

    # What takes too long the platform is to tell again: on any doubt nothing is acknowledged.
    monkeypatch.setattr(relay, "_EARLY", 0.01)
    await accept(desk, inbound("two", "ada"))
    platform.open.clear()
    await desk.router.drain()
    sending = asyncio.create_task(desk.relay.step())
    while platform.now == 0:
        await asyncio.sleep(0)
    with pytest.raises(RetryableError):
        await desk.relay.report(replace(update, external_id="fd-2"))
    platform.open.set()
    await sending
    assert await desk.relay.report(replace(update, external_id="fd-2"))


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


async def test_an_unknown_outcome_at_most_once_is_listed_and_not_repeated(
    made: Build, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Platform("memory", clock)
    desk = made(channel)
    monkeypatch.setattr(sending, "UNSETTLED", 0.0)
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
