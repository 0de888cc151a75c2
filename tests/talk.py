"""How tests write to the desk and read what it said."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from app.wiring import Desk
from desk.message import InboundMessage
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.event import EventRow


def inbound(text: str, thread: str = "ada", **values: Any) -> InboundMessage:
    """Return a message from a customer of the memory channel."""
    return InboundMessage(
        **{
            "channel": "memory",
            "account": "a",
            "external_id": uuid4().hex,
            "thread": thread,
            "sender": thread,
            "sent_at": datetime.now(UTC),
            "text": text,
            **values,
        }
    )


async def accept(desk: Desk, *messages: InboundMessage) -> None:
    """Store messages as a web process does."""
    writer = asyncio.create_task(desk.acceptor.run())
    try:
        await asyncio.gather(*(desk.acceptor.accept([message]) for message in messages))
    finally:
        writer.cancel()
        with suppress(asyncio.CancelledError):
            await writer


async def settle(desk: Desk) -> None:
    """Work and send until nothing is due at this moment."""
    await desk.router.drain()
    while await desk.relay.step():
        pass


async def says(desk: Desk, text: str, thread: str = "ada", **values: Any) -> None:
    """Let a customer write, and everything happen that follows."""
    await accept(desk, inbound(text, thread, **values))
    await settle(desk)


async def rows(desk: Desk, table: Any, *where: Any) -> list[Any]:
    """Return rows of a table in order of their ids."""
    async with desk.database.read() as session:
        return list((await session.scalars(select(table).where(*where).order_by(table.id))).all())


async def conversation(desk: Desk, thread: str = "ada") -> ConversationRow:
    """Return a customer's conversation."""
    (row,) = await rows(desk, ConversationRow, ConversationRow.thread == thread)
    return row  # type: ignore[no-any-return]


async def transcript(desk: Desk, thread: str = "ada") -> list[tuple[str, str]]:
    """Return (author, text) of everything in a conversation, in the order it was written."""
    row = await conversation(desk, thread)
    found = await rows(desk, MessageRow, MessageRow.conversation_id == row.id)
    return [(str(message.author), message.text) for message in found]


async def events(desk: Desk, name: str) -> list[EventRow]:
    """Return the events of a name."""
    return await rows(desk, EventRow, EventRow.name == name)
