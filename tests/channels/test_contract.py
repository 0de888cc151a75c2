"""What every channel keeps, whichever platform it is; see channels/README.md."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from app import web
from channels.memory.adapter import MemoryChannel
from desk.channel import Feature
from desk.conversations import repository
from desk.dialogue.port import Button, Reply
from desk.errors import ForbiddenError
from desk.inbox.unread import UnreadUpdates
from desk.message import InboundMessage, Unread, WebhookRequest, read_each
from desk.tables.channel import CursorRow, UnreadRow, UnreadState
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.inbox import InboxRow
from desk.tables.outbox import OutboxRow, OutboxState
from tests.channels.conftest import Rig
from tests.channels.subjects import CALLERS, POLLED, READ, SEND_ONCE
from tests.talk import rows, says

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_SENTENCE = "This is sentence number {n}, long enough to make a text that no message can hold. "


_FROM_CUSTOMER = MessageRow.direction == Direction.INBOUND
callers = pytest.mark.parametrize("subject", CALLERS, indirect=True)
polled = pytest.mark.parametrize("subject", POLLED, indirect=True)
read = pytest.mark.parametrize("subject", READ, indirect=True)


async def refused(rig: Rig, request: WebhookRequest) -> bool:
    """Say whether a request was refused for its signature."""
    try:
        await rig.desk.webhooks.take(rig.channel, request)
    except ForbiddenError:
        return True
    return False


@callers
async def test_a_forged_request_is_refused_and_nothing_stored(rig: Rig) -> None:
    raw = rig.text("hello")
    forged = rig.subject.forged(raw)
    assert len(forged) >= 3
    let_in = [name for name, request in forged.items() if not await refused(rig, request)]
    assert let_in == []
    assert await rows(rig.desk, InboxRow) == []
    assert await rows(rig.desk, UnreadRow) == []
    await rig.give(raw)
    assert len(await rows(rig.desk, InboxRow)) == 1


async def test_a_message_is_one_row_and_is_answered_in_its_thread(rig: Rig) -> None:
    await rig.converse("hello there")
    (row,) = await rows(rig.desk, InboxRow)
    assert (row.channel, row.account) == (rig.channel.name, rig.channel.account)
    assert row.thread == rig.subject.thread_of(1)
    (conversation,) = await rig.conversations()
    assert conversation.thread == row.thread
    assert rig.texts() == ["You said: hello there"]


async def test_the_same_event_four_times_is_one_message(rig: Rig) -> None:
    raw = rig.text("only once")
    await rig.give(*[raw] * 4)
    await rig.settle()
    await rig.give(raw)
    await rig.settle()
    assert len(await rows(rig.desk, InboxRow)) == 1
    assert len(await rig.said(_FROM_CUSTOMER)) == 1
    assert rig.texts() == ["You said: only once"]


async def test_many_at_once_keep_the_order_of_each_conversation(rig: Rig) -> None:
    raws = [rig.text(f"word {n}", chat=1 + n % 3) for n in range(12)]
    await rig.give(*reversed(raws))
    await rig.settle()
    assert rig.dialogue.overlaps == 0
    received = await rows(rig.desk, InboxRow)
    assert len(received) == 12
    for chat in (1, 2, 3):
        thread = rig.subject.thread_of(chat)
        in_order = [row.payload["text"] for row in received if row.thread == thread]
        assert rig.texts(chat) == [f"You said: {text}" for text in in_order]
        assert len(in_order) == 4


async def test_nothing_unusual_vanishes_or_breaks(rig: Rig) -> None:
    oddities = rig.subject.oddities()
    assert len(oddities) >= 6
    for name, raw in oddities.items():
        assert rig.channel.read(raw), f"{name} vanished"
        await rig.give(raw)
    await rig.settle()
    assert await rows(rig.desk, UnreadRow) == []
    await rig.converse("still here?", chat=7)
    assert rig.texts(7) == ["You said: still here?"]


async def test_ten_thousand_characters_are_kept_whole(rig: Rig) -> None:
    text = "".join(f"{n:05d}," for n in range(1_700))[:10_000]
    await rig.converse(text)
    (message,) = await rig.said(_FROM_CUSTOMER)
    assert message.text == text


async def test_a_poisoned_update_is_set_aside_and_blocks_nobody(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = rig.subject.poison()
    assert isinstance(read_each("c", "a", [poison], rig.channel.read)[-1], Unread)
    await rig.give(poison, rig.text("healthy", chat=2))
    await rig.settle()
    assert rig.texts(2) == ["You said: healthy"]
    for _ in range(4):
        rig.clock.advance(timedelta(minutes=10))
        assert await rig.desk.again.step() == 1
    assert await rig.desk.again.step() == 0
    (row,) = await rows(rig.desk, UnreadRow)
    assert (row.state, row.attempts) == (UnreadState.DEAD, 5)
    assert row.last_error

    mended = InboundMessage(
        **{"channel": rig.channel.name, "account": rig.channel.account, "external_id": "mended"},
        thread=rig.subject.thread_of(3),
        sender="somebody",
        sent_at=rig.clock(),
        text="read after all",
    )
    monkeypatch.setattr(rig.channel, "read", lambda raw: [mended])
    await UnreadUpdates(rig.desk.database, rig.clock).replay(row.id)
    assert await rig.desk.again.step() == 1
    (row,) = await rows(rig.desk, UnreadRow)
    assert row.state is UnreadState.DONE
    assert "read after all" in [one.payload["text"] for one in await rows(rig.desk, InboxRow)]


@callers
async def test_a_body_that_cannot_be_taken_apart_is_set_aside(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:

    def broken(request: object) -> None:
        raise ValueError("not what it should be")

    monkeypatch.setattr(rig.channel, "parse", broken)
    await rig.give(rig.text("hello"))
    (row,) = await rows(rig.desk, UnreadRow)
    assert row.last_error == "ValueError: not what it should be"


async def test_a_long_reply_is_split_at_sentences_in_order(rig: Rig) -> None:
    limit = rig.channel.limit
    if limit is None:
        return
    text = "".join(_SENTENCE.format(n=n) for n in range(2 * limit.longest // 60)).strip()
    yes = Button(title="Yes", payload="/affirm")
    rig.dialogue.answer = lambda turn: [Reply(text=text, buttons=(yes,))]
    await rig.converse("tell me all")
    sent = rig.texts()
    assert len(sent) > 1
    assert all(limit.length(part) <= limit.longest for part in sent)
    assert " ".join(sent).startswith(text)
    assert all(part.endswith(".") for part in sent[:-1])
    offered = [titles for _, _, titles in rig.subject.delivered()]
    assert offered[:-1] == [[]] * (len(offered) - 1)
    assert offered[-1] == ["Yes"] or "1. Yes" in sent[-1]


async def test_a_typed_number_is_the_button(rig: Rig) -> None:
    await rig.converse("buttons")
    ((_, text, titles),) = rig.subject.delivered()
    if Feature.BUTTONS in rig.channel.features:
        assert titles == ["Yes", "No"]
    else:
        assert "1. Yes\n2. No" in text
    await rig.converse("2")
    assert rig.texts()[-1] == "You said: /deny"


async def test_a_429_is_obeyed_to_the_second(rig: Rig) -> None:
    rig.subject.will("429", retry_after=7)
    asked_at = rig.clock()
    await rig.give(rig.text("hello"))
    await rig.desk.router.drain()
    while await rig.desk.relay.step():
        pass
    assert rig.subject.struck["429"] == 1
    (row,) = await rows(rig.desk, OutboxRow)
    assert (row.state, row.not_before) == (OutboxState.QUEUED, asked_at + timedelta(seconds=7))
    rig.clock.advance(timedelta(seconds=6.9))
    assert await rig.desk.relay.step() == 0
    assert rig.texts() == []
    await rig.settle()
    assert rig.texts() == ["You said: hello"]
    assert rig.clock() == asked_at + timedelta(seconds=7)


async def test_an_hour_of_outage_loses_and_doubles_nothing(rig: Rig) -> None:
    await rig.give(rig.text("hello"))
    await rig.desk.router.drain()
    began = rig.clock()
    tried_at = []
    while rig.clock() < began + timedelta(hours=1):
        rig.subject.will("500")
        await rig.settle(timedelta())
        tried_at.append(rig.clock())
        rig.clock.at = await rig.next_due() or rig.clock()
    pauses = [after - before for before, after in pairwise(tried_at)]
    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(seconds=5)
    assert rig.subject.struck["500"] == len(tried_at) >= 10
    assert rig.texts() == []
    await rig.settle()
    assert rig.texts() == ["You said: hello"]


async def test_a_customer_who_blocked_us_is_left_alone_until_they_write(rig: Rig) -> None:
    await rig.converse("first")
    rig.subject.will("blocked")
    await rig.converse("second")
    assert rig.subject.struck["blocked"] == 1
    (handle,) = await rows(rig.desk, ContactIdentityRow)
    assert handle.unreachable_at is not None
    assert handle.unreachable_reason
    (conversation,) = await rig.conversations()
    rig.clock.advance(timedelta(seconds=60))
    async with rig.desk.database.write() as session:
        kept = await repository.held(session, conversation.id)
        assert kept is not None
        await rig.desk.conversations.say(
            session, kept, "are you there?", author=Author.SYSTEM, now=rig.clock()
        )
        await repository.keep(session, kept)
    await rig.settle()
    last = (await rows(rig.desk, OutboxRow))[-1]
    assert (last.state, last.attempts) == (OutboxState.FAILED, 0)
    assert rig.texts() == ["You said: first"]
    rig.clock.advance(timedelta(seconds=60))
    await rig.converse("I am back")
    assert rig.texts()[-1] == "You said: I am back"
    (handle,) = await rows(rig.desk, ContactIdentityRow)
    assert handle.unreachable_at is None


async def test_revoked_credentials_mark_the_channel_down_and_others_go_on(
    rig: Rig, memory: MemoryChannel
) -> None:
    health = web.Health(rig.desk)
    rig.subject.will("revoked")
    await rig.give(rig.text("hello"))
    await rig.desk.router.drain()
    await rig.desk.relay.step()
    assert rig.subject.struck["revoked"] == 1
    assert str((await health._channels())[rig.channel.name]).startswith("down: ")
    await says(rig.desk, "over here")
    assert [message.text for message in memory.sent] == ["You said: over here"]
    await rig.settle()
    assert rig.texts() == ["You said: hello"]
    assert (await health._channels())[rig.channel.name] == "up"


async def test_what_is_refused_for_good_is_not_tried_again(rig: Rig) -> None:
    rig.subject.will("refused")
    await rig.converse("hello")
    rig.clock.advance(timedelta(hours=2))
    await rig.settle()
    (row,) = await rows(rig.desk, OutboxRow)
    assert (row.state, row.attempts) == (OutboxState.FAILED, 1)
    assert rig.subject.struck["refused"] == 1
    assert rig.texts() == []


async def test_an_accepted_message_without_an_answer_is_sent_again(rig: Rig) -> None:
    rig.subject.will("timeout")
    await rig.converse("hello")
    assert rig.subject.struck["timeout"] == 1
    (row,) = await rows(rig.desk, OutboxRow)
    assert (row.state, row.attempts) == (OutboxState.SENT, 2)
    # At least once; once where the platform knows a message again by its id.
    assert set(rig.texts()) == {"You said: hello"}
    assert len(rig.texts()) == (1 if rig.subject.name in SEND_ONCE else 2)


@read
async def test_two_processes_never_read_one_account(rig: Rig) -> None:
    await rig.converse("hello")
    other = rig.second_reader()
    ask = other.poll if "polling" in rig.subject.kinds else other.listen
    assert await ask(rig.channel) == timedelta(seconds=5)
    await rig.subject.put(rig.text("again"))
    assert await ask(rig.channel) == timedelta(seconds=5)
    assert len(await rows(rig.desk, InboxRow)) == 1
    rig.clock.advance(timedelta(seconds=61))
    await rig.read(other)
    assert len(await rows(rig.desk, InboxRow)) == 2


@polled
async def test_a_lost_cursor_doubles_nothing(rig: Rig) -> None:
    await rig.converse("one")
    async with rig.desk.database.write() as session:
        await session.execute(update(CursorRow).values(cursor=None))
    await rig.read()
    await rig.converse("two")
    assert rig.texts() == ["You said: one", "You said: two"]


@polled
async def test_a_poll_that_is_not_stored_is_polled_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck = 0
    store = type(rig.desk.readers._ingest).store

    async def fail_once(*arguments: object) -> None:
        nonlocal struck
        await store(*arguments)  # type: ignore[arg-type]
        if not struck:
            struck += 1
            raise OSError("the disk is full")

    monkeypatch.setattr(type(rig.desk.readers._ingest), "store", fail_once)
    await rig.subject.put(rig.text("hello"))
    with pytest.raises(OSError, match="disk"):
        await rig.read()
    assert struck == 1
    assert await rows(rig.desk, InboxRow) == []
    await rig.read()
    await rig.settle()
    assert rig.texts() == ["You said: hello"]
