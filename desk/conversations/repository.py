"""Questions about contacts, conversations and messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.ids import new_id
from desk.store import core
from desk.store.core import Found
from desk.tables.agent import AgentRow
from desk.tables.base import table_of
from desk.tables.campaign import CampaignRecipientRow, RecipientState
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    Author,
    ConversationRow,
    Direction,
    MessageRow,
    Owner,
)
from desk.tables.inbox import InboxRow
from desk.tables.outbox import UNFINISHED, OutboxRow, OutboxState

_CONVERSATION = table_of(ConversationRow)
_MESSAGE = table_of(MessageRow)
_ATTACHMENT = table_of(AttachmentRow)
_INBOX = table_of(InboxRow)
_OUTBOX = table_of(OutboxRow)
_IS_THREAD = (
    (_CONVERSATION.c.channel == bindparam("channel"))
    & (_CONVERSATION.c.account == bindparam("account"))
    & (_CONVERSATION.c.thread == bindparam("thread"))
)
_IS_CONVERSATION = _CONVERSATION.c.id == bindparam("conversation_id")
_BY_THREAD = select(_CONVERSATION).where(_IS_THREAD).with_for_update()
_BY_ID = select(_CONVERSATION).where(_IS_CONVERSATION).with_for_update()
_ADD = insert(_CONVERSATION)
_KEEP = update(_CONVERSATION).where(_IS_CONVERSATION)
_ADD_MESSAGE = insert(_MESSAGE).returning(_MESSAGE.c.id)
_ADD_OUTBOX = insert(_OUTBOX).returning(_OUTBOX.c.id)
_OF_INBOX = select(_MESSAGE.c.id).where(_MESSAGE.c.inbox_id == bindparam("inbox_id"))
# By way of the inbox, which has an index for what platforms call their messages.
_RECEIVED_AS = (
    select(_MESSAGE.c.id, _MESSAGE.c.conversation_id)
    .join(_INBOX, _INBOX.c.id == _MESSAGE.c.inbox_id)
    .where(
        _INBOX.c.channel == bindparam("channel"),
        _INBOX.c.account == bindparam("account"),
        _INBOX.c.external_id == bindparam("external_id"),
    )
)
_LAST_MESSAGE = select(func.max(_MESSAGE.c.id)).where(
    _MESSAGE.c.conversation_id == bindparam("conversation_id")
)
_FEEL = update(_MESSAGE).where(_MESSAGE.c.id == bindparam("message_id"))
_CHOICES = (
    select(_MESSAGE.c.choices)
    .where(
        _MESSAGE.c.conversation_id == bindparam("conversation_id"),
        _MESSAGE.c.direction == Direction.OUTBOUND,
    )
    .order_by(_MESSAGE.c.id.desc())
    .limit(bindparam("most"))
)
_SHOWN = (
    select(
        _MESSAGE,
        select(func.count())
        .where(_ATTACHMENT.c.message_id == _MESSAGE.c.id)
        .scalar_subquery()
        .label("files"),
    )
    .join(_CONVERSATION, _CONVERSATION.c.id == _MESSAGE.c.conversation_id)
    .where(
        _IS_THREAD,
        _MESSAGE.c.seq > bindparam("after"),
        _MESSAGE.c.direction != Direction.NOTE,
    )
    .order_by(_MESSAGE.c.seq)
    .limit(bindparam("most"))
)
_COLUMNS = tuple(column.name for column in _CONVERSATION.columns)
_CHANGING = tuple(
    name
    for name in _COLUMNS
    if name not in ("id", "contact_id", "channel", "account", "thread", "created_at")
)


async def held_by_thread(
    session: AsyncSession, *, channel: str, account: str, thread: str
) -> ConversationRow | None:
    """Return the conversation of a thread, locked until the transaction ends; :func:`keep` writes changes."""
    where = {"channel": channel, "account": account, "thread": thread}
    return _held(await core.fetch_one(session, _BY_THREAD, where))


async def held(session: AsyncSession, conversation_id: str) -> ConversationRow | None:
    """Return the conversation, locked until the transaction ends; :func:`keep` writes changes.

    The ORM does not watch it: for a turn, its loading and flushing would be a third of the cost.
    """
    return _held(await core.fetch_one(session, _BY_ID, {"conversation_id": conversation_id}))


def _held(row: Found | None) -> ConversationRow | None:
    return ConversationRow(**row._mapping) if row is not None else None


async def keep(session: AsyncSession, conversation: ConversationRow) -> None:
    """Write what was changed in a conversation that is held."""
    changes = {name: getattr(conversation, name) for name in _CHANGING}
    await core.run(session, _KEEP, {"conversation_id": conversation.id, **changes})


async def begin(
    session: AsyncSession,
    *,
    contact_id: str,
    channel: str,
    account: str,
    thread: str,
    handle: str,
    language: str,
    now: datetime,
) -> ConversationRow:
    """Write a new conversation, which the bot owns, held from now on."""
    conversation = ConversationRow(
        id=new_id(),
        contact_id=contact_id,
        channel=channel,
        account=account,
        thread=thread,
        handle=handle,
        owner=Owner.BOT,
        epoch=0,
        resolution=0,
        last_seq=0,
        tier=0,
        language=language,
        created_at=now,
        updated_at=now,
    )
    await core.run(session, _ADD, {name: getattr(conversation, name) for name in _COLUMNS})
    return conversation


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
    (row,) = await core.fetch(session, _ADD_MESSAGE, values)
    return int(row[0])


async def add_outbox(session: AsyncSession, **values: Any) -> int:
    """Add a message to be sent and return the row's id."""
    (row,) = await core.fetch(session, _ADD_OUTBOX, values)
    return int(row[0])


async def message_of_inbox(session: AsyncSession, inbox_id: int) -> int | None:
    """Return the message that an inbox row has become, if it has."""
    row = await core.fetch_one(session, _OF_INBOX, {"inbox_id": inbox_id})
    return int(row[0]) if row else None


async def last_message(session: AsyncSession, conversation_id: str) -> int:
    """Return the id of the newest message, 0 when there is none."""
    row = await core.fetch_one(session, _LAST_MESSAGE, {"conversation_id": conversation_id})
    return int(row[0] or 0) if row else 0


async def feel(session: AsyncSession, message_id: int, mood: float) -> None:
    """Keep how the customer felt when they wrote a message."""
    await core.run(session, _FEEL, {"message_id": message_id, "mood": mood})


async def received_as(
    session: AsyncSession, *, channel: str, account: str, external_id: str
) -> tuple[int, str] | None:
    """Return a customer's message and its conversation by what the platform calls it."""
    wanted = {"channel": channel, "account": account, "external_id": external_id}
    row = await core.fetch_one(session, _RECEIVED_AS, wanted)
    return (int(row[0]), str(row[1])) if row else None


async def recent_choices(
    session: AsyncSession, conversation_id: str, limit: int = 20
) -> Sequence[list[dict[str, Any]]]:
    """Return the choices of the last messages to the customer, newest first; most lists are empty."""
    wanted = {"conversation_id": conversation_id, "most": limit}
    return [row[0] for row in await core.fetch(session, _CHOICES, wanted)]


async def shown_in_thread(
    session: AsyncSession, *, channel: str, account: str, thread: str, after: int, limit: int
) -> Sequence[Found]:
    """Return the messages that the customer may see, in order, after a place; notes never.

    Each is a row of the table with one more field: how many ``files`` came with it.
    """
    where = {"channel": channel, "account": account, "thread": thread}
    return await core.fetch(session, _SHOWN, {**where, "after": after, "most": limit})


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


async def sending_before(session: AsyncSession, conversation_id: str, epoch: int) -> bool:
    """Say whether a bot message of an older epoch, or one of a campaign, is being sent at this moment."""
    by_bot = select(OutboxRow.id).where(
        OutboxRow.conversation_id == conversation_id,
        OutboxRow.state == OutboxState.SENDING,
        OutboxRow.epoch < epoch,
    )
    by_campaign = select(CampaignRecipientRow.id).where(
        CampaignRecipientRow.conversation_id == conversation_id,
        CampaignRecipientRow.state == RecipientState.SENDING,
    )
    return bool(await session.scalar(select(or_(by_bot.exists(), by_campaign.exists()))))


async def team_of(session: AsyncSession, agent: str) -> str | None:
    """Return an agent's team."""
    team: str | None = await session.scalar(select(AgentRow.team).where(AgentRow.name == agent))
    return team


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
