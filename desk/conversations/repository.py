"""Questions about contacts, conversations and messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.ids import new_id
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    Author,
    ConversationRow,
    Direction,
    MessageRow,
    Owner,
)
from desk.tables.outbox import UNFINISHED, OutboxRow, OutboxState


async def by_thread(
    session: AsyncSession, *, channel: str, account: str, thread: str
) -> ConversationRow | None:
    """Return the conversation of a thread, locked until the transaction ends."""
    return await session.scalar(
        select(ConversationRow)
        .where(
            ConversationRow.channel == channel,
            ConversationRow.account == account,
            ConversationRow.thread == thread,
        )
        .with_for_update()
    )


async def locked(session: AsyncSession, conversation_id: str) -> ConversationRow | None:
    """Return the conversation, locked until the transaction ends."""
    return await session.scalar(
        select(ConversationRow).where(ConversationRow.id == conversation_id).with_for_update()
    )


async def identity(
    session: AsyncSession, *, channel: str, account: str, external_id: str
) -> ContactIdentityRow | None:
    """Return a handle."""
    return await session.scalar(
        select(ContactIdentityRow).where(
            ContactIdentityRow.channel == channel,
            ContactIdentityRow.account == account,
            ContactIdentityRow.external_id == external_id,
        )
    )


async def add_contact(
    session: AsyncSession,
    *,
    channel: str,
    account: str,
    external_id: str,
    name: str | None,
    language: str,
    now: datetime,
) -> str:
    """Add a contact with its first handle and return the contact's id."""
    contact_id = new_id()
    await session.execute(
        insert(ContactRow).values(id=contact_id, name=name, language=language, created_at=now)
    )
    await session.execute(
        insert(ContactIdentityRow).values(
            id=new_id(),
            contact_id=contact_id,
            channel=channel,
            account=account,
            external_id=external_id,
            created_at=now,
        )
    )
    return contact_id


async def add_message(session: AsyncSession, **values: Any) -> int:
    """Add a message and return its id."""
    row = await session.execute(insert(MessageRow).values(**values).returning(MessageRow.id))
    return int(row.scalar_one())


async def add_outbox(session: AsyncSession, **values: Any) -> int:
    """Add a message to be sent and return the row's id."""
    row = await session.execute(insert(OutboxRow).values(**values).returning(OutboxRow.id))
    return int(row.scalar_one())


async def message_of_inbox(session: AsyncSession, inbox_id: int) -> int | None:
    """Return the message that an inbox row has become, if it has."""
    return await session.scalar(select(MessageRow.id).where(MessageRow.inbox_id == inbox_id))


async def recent_choices(
    session: AsyncSession, conversation_id: str, limit: int = 20
) -> Sequence[list[dict[str, Any]]]:
    """Return the choices of the last messages to the customer, newest first; most lists are empty."""
    rows = await session.scalars(
        select(MessageRow.choices)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.direction == Direction.OUTBOUND,
        )
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
    return rows.all()


async def shown_in_thread(
    session: AsyncSession, *, channel: str, account: str, thread: str, after: int, limit: int
) -> Sequence[MessageRow]:
    """Return the messages that the customer may see, in order, after a place; notes never."""
    rows = await session.scalars(
        select(MessageRow)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(
            ConversationRow.channel == channel,
            ConversationRow.account == account,
            ConversationRow.thread == thread,
            MessageRow.seq > after,
            MessageRow.direction != Direction.NOTE,
        )
        .order_by(MessageRow.seq)
        .limit(limit)
    )
    return rows.all()


async def attachments_of(
    session: AsyncSession, message_ids: Sequence[int]
) -> Sequence[tuple[int, str, int]]:
    """Return (message id, name, size in bytes) of the files of some messages."""
    if not message_ids:
        return []
    rows = await session.execute(
        select(AttachmentRow.message_id, AttachmentRow.name, AttachmentRow.size).where(
            AttachmentRow.message_id.in_(message_ids)
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def history(
    session: AsyncSession, conversation_id: str, limit: int = 200
) -> Sequence[MessageRow]:
    """Return the last messages of a conversation, notes included, oldest first."""
    rows = await session.scalars(
        select(MessageRow)
        .where(MessageRow.conversation_id == conversation_id)
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
    return list(reversed(rows.all()))


async def by_owner(
    session: AsyncSession, owners: Sequence[Owner], limit: int
) -> Sequence[tuple[ConversationRow, str | None]]:
    """Return conversations with their contact's name: the longest waiting first, then the newest."""
    rows = await session.execute(
        select(ConversationRow, ContactRow.name)
        .join(ContactRow, ContactRow.id == ConversationRow.contact_id)
        .where(ConversationRow.owner.in_(owners))
        .order_by(
            ConversationRow.waiting_since.is_(None),
            ConversationRow.waiting_since,
            ConversationRow.updated_at.desc(),
        )
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


async def sending_before(session: AsyncSession, conversation_id: str, epoch: int) -> int:
    """Return how many bot messages of an older epoch are at this moment being sent."""
    count = await session.scalar(
        select(func.count())
        .select_from(OutboxRow)
        .where(
            OutboxRow.conversation_id == conversation_id,
            OutboxRow.state == OutboxState.SENDING,
            OutboxRow.epoch < epoch,
        )
    )
    return count or 0


async def carry_over(session: AsyncSession, conversation_id: str, *, old: int, new: int) -> None:
    """Let messages that wait to be sent live on in a new epoch."""
    await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.conversation_id == conversation_id,
            OutboxRow.state.in_(UNFINISHED),
            OutboxRow.epoch == old,
        )
        .values(epoch=new)
    )


async def last_words(session: AsyncSession, conversation_id: str) -> str:
    """Return the customer's last words, for a ticket."""
    text = await session.scalar(
        select(MessageRow.text)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.author == Author.CONTACT,
        )
        .order_by(MessageRow.id.desc())
        .limit(1)
    )
    return text or ""
