"""Messages that a customer changes or takes back, and content that nobody can read."""

from typing import Any

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.message import InboundEdit
from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.event import EventRow
from desk.tables.inbox import InboxRow, InboxState
from tests.talk import accept, inbound, rows, says, settle


def edit(of: str, text: str | None, **values: Any) -> InboundEdit:
    """Return a customer's change of a message."""
    place: dict[str, Any] = {"channel": "memory", "account": "a", "thread": "ada", "sender": "ada"}
    return InboundEdit(
        **{
            **place,
            "external_id": f"{of}:{text}",
            "sent_at": inbound("").sent_at,
            "edited": of,
            "text": text,
            **values,
        }
    )


async def names(desk: Desk) -> list[str]:
    return [row.name for row in await rows(desk, EventRow)]


async def test_a_changed_message_is_a_note_and_no_turn(desk: Desk, memory: MemoryChannel) -> None:
    await says(desk, "order 1023", external_id="m1")
    await accept(desk, edit("m1", "order 10023"))
    await settle(desk)
    first, _, note, told = await rows(desk, MessageRow)
    assert first.text == "order 1023"
    assert (note.direction, note.author) == (Direction.NOTE, Author.SYSTEM)
    assert note.text == "Message changed to: order 10023"
    assert "send it once more" in told.text
    assert [message.text for message in memory.sent] == ["You said: order 1023", told.text]
    assert "message.edited" in await names(desk)
    assert {row.state for row in await rows(desk, InboxRow)} == {InboxState.DONE}


async def test_a_message_taken_back_is_noted_without_a_word(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "secret", external_id="m1")
    await accept(desk, edit("m1", None))
    await settle(desk)
    assert [row.text for row in await rows(desk, MessageRow)][-1] == "Message taken back"
    assert len(memory.sent) == 1
    assert "message.deleted" in await names(desk)


async def test_a_change_of_what_we_never_saw_is_done_with(desk: Desk) -> None:
    await accept(desk, edit("nobody-knows", "x"), edit("m1", "y", thread="elsewhere"))
    await settle(desk)
    assert await rows(desk, MessageRow) == []
    assert {row.state for row in await rows(desk, InboxRow)} == {InboxState.DONE}


async def test_what_stands_behind_a_change_is_answered_at_once(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "one", external_id="m1")
    for message in (edit("m1", "two"), inbound("three")):
        await accept(desk, message)
    await settle(desk)
    assert memory.sent[-1].text == "You said: three"


async def test_content_that_cannot_be_read_is_answered_honestly(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "", unsupported="location")
    await says(desk, "你好")
    await says(desk, "", unsupported="poll")
    assert "cannot read this kind of message" in memory.sent[0].text
    assert "看不懂" in memory.sent[-1].text


async def test_answers_carry_the_newest_context_and_the_handle(
    desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "one", sender="handle-1", context={"reply_to": "p1", "odd": "a\x00b"})
    await says(desk, "two", sender="handle-1", context={"reply_to": "p2"})
    assert [message.context for message in memory.sent] == [
        {"reply_to": "p1", "odd": "ab"},
        {"reply_to": "p2"},
    ]
    assert {message.recipient for message in memory.sent} == {"handle-1"}
