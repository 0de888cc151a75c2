"""Questions about threads, posts, actions and what messages are called at the desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, func, or_, select, text, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import Update

from desk.agentdesk.port import Place
from desk.ids import new_id
from desk.store.upsert import insert_new
from desk.tables.agent import (
    ActionState,
    DeskActionRow,
    DeskMessageRow,
    DeskPostRow,
    DeskThreadRow,
    HeldRow,
    PostKind,
    PostState,
)
from desk.tables.conversation import Author, ConversationRow, MessageRow, Owner
from desk.tables.outbox import OutboxRow

ALIVE = (Owner.WAITING, Owner.HUMAN)
"""Owners whose conversations are shown at the desk as they go on."""

_EARLIER_POST = aliased(DeskPostRow, name="e")
_EARLIER_ACTION = aliased(DeskActionRow, name="e")


class Head(NamedTuple):
    """The first unfinished row of a lane."""

    id: int
    lane: str
    conversation_id: str | None


async def current(session: AsyncSession, conversation_id: str) -> DeskThreadRow | None:
    """Return the thread of a conversation."""
    return await session.scalar(
        select(DeskThreadRow).where(
            DeskThreadRow.conversation_id == conversation_id, DeskThreadRow.left_at.is_(None)
        )
    )


async def at(session: AsyncSession, place: Place) -> str | None:
    """Return the conversation of a thread, current or earlier."""
    if not place.thread:
        return None
    return await session.scalar(
        select(DeskThreadRow.conversation_id).where(
            DeskThreadRow.channel == place.channel, DeskThreadRow.thread == place.thread
        )
    )


async def is_opening(session: AsyncSession, channel: str) -> bool:
    """Say whether a root is on its way to a channel, so that a thread may be there which we do not know."""
    query = select(DeskThreadRow.id).where(
        DeskThreadRow.channel == channel,
        DeskThreadRow.thread.is_(None),
        DeskThreadRow.left_at.is_(None),
    )
    return await session.scalar(query.limit(1)) is not None


async def earlier(session: AsyncSession, conversation_id: str) -> tuple[Place, ...]:
    """Return where a conversation was shown before, the latest last."""
    rows = await session.scalars(
        select(DeskThreadRow)
        .where(
            DeskThreadRow.conversation_id == conversation_id,
            DeskThreadRow.left_at.is_not(None),
            DeskThreadRow.thread.is_not(None),
        )
        .order_by(DeskThreadRow.id)
    )
    return tuple(Place(channel=row.channel, thread=row.thread or "") for row in rows)


async def living_at(session: AsyncSession, place: Place) -> Sequence[str]:
    """Return the conversations whose thread is at a place, or anywhere in the channel it names."""
    query = select(DeskThreadRow.conversation_id).where(
        DeskThreadRow.channel == place.channel, DeskThreadRow.left_at.is_(None)
    )
    if place.thread:
        query = query.where(DeskThreadRow.thread == place.thread)
    return (await session.scalars(query.order_by(DeskThreadRow.id))).all()


async def add_post(
    session: AsyncSession, *, key: str, kind: PostKind, lane: str, now: datetime, **values: Any
) -> bool:
    """Queue a post unless one with its key exists."""
    row = {
        "key": key,
        "kind": kind,
        "lane": lane,
        "rank": 1,
        "payload": {},
        "state": PostState.QUEUED,
        "attempts": 0,
        "not_before": now,
        "created_at": now,
        **values,
    }
    return await insert_new(session, DeskPostRow, row, unique=("key",))


async def add_card(session: AsyncSession, conversation_id: str, at: datetime) -> None:
    """Queue one more update of the card, or bring the one that waits forward; there are never two."""
    lane = f"card:{conversation_id}"
    waiting = await session.scalar(
        select(DeskPostRow).where(DeskPostRow.lane == lane, DeskPostRow.state == PostState.QUEUED)
    )
    if waiting is None:
        await add_post(
            session,
            key=f"card:{new_id()}",
            kind=PostKind.CARD,
            lane=lane,
            now=at,
            conversation_id=conversation_id,
        )
    elif waiting.attempts == 0:
        waiting.not_before = min(waiting.not_before, at)


async def drop_newer_cards(session: AsyncSession, row: DeskPostRow) -> None:
    """Leave a card that is to be sent again as the only one that waits: it is rendered then anyway."""
    await session.execute(
        update(DeskPostRow)
        .where(
            DeskPostRow.lane == row.lane,
            DeskPostRow.state == PostState.QUEUED,
            DeskPostRow.id != row.id,
        )
        .values(state=PostState.DROPPED)
    )


async def drop_opening(session: AsyncSession, conversation_id: str) -> None:
    """Leave out what was to open a thread that is given up: its root, and what had been shown before."""
    await session.execute(
        update(DeskPostRow)
        .where(
            DeskPostRow.lane == conversation_id,
            DeskPostRow.rank == 0,
            DeskPostRow.state.in_([PostState.QUEUED, PostState.SENDING]),
        )
        .values(state=PostState.DROPPED, lease_until=None)
    )


async def post_heads(session: AsyncSession, *, now: datetime, most: int) -> list[Head]:
    """Return the next post of up to ``most`` lanes that may go now."""
    this, earlier_post = DeskPostRow, _EARLIER_POST
    rows = await session.execute(
        select(this.id, this.lane, this.conversation_id)
        .where(
            # Literal, as in the partial index.
            text("desk_post.state IN ('queued', 'sending')"),
            this.not_before <= now,
            or_(this.state == PostState.QUEUED, this.lease_until < now),
            ~exists().where(
                text("e.state IN ('queued', 'sending')"),
                earlier_post.lane == this.lane,
                tuple_(earlier_post.rank, earlier_post.id) < tuple_(this.rank, this.id),
            ),
        )
        .order_by(this.not_before, this.id)
        .limit(most)
    )
    return [Head(*row) for row in rows]


async def action_heads(session: AsyncSession, *, now: datetime, most: int) -> list[Head]:
    """Return the next action of up to ``most`` lanes that may be worked on now."""
    this, before = DeskActionRow, _EARLIER_ACTION
    rows = await session.execute(
        select(this.id, this.lane)
        .where(
            text("desk_action.state IN ('new', 'working')"),
            or_(
                and_(this.state == ActionState.NEW, this.not_before <= now),
                and_(this.state == ActionState.WORKING, this.lease_until < now),
            ),
            ~exists().where(
                text("e.state IN ('new', 'working')"),
                before.lane == this.lane,
                before.id < this.id,
            ),
        )
        .order_by(this.id)
        .limit(most)
    )
    return [Head(row[0], row[1], None) for row in rows]


async def next_post_at(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the next post that waits for its time is due."""
    query = select(func.min(DeskPostRow.not_before)).where(
        text("state IN ('queued', 'sending')"), DeskPostRow.not_before > now
    )
    return await session.scalar(query)


async def locked_post(session: AsyncSession, post_id: int) -> DeskPostRow | None:
    """Return a post, locked; None when another worker holds it."""
    return await session.scalar(
        select(DeskPostRow).where(DeskPostRow.id == post_id).with_for_update(skip_locked=True)
    )


async def locked_action(session: AsyncSession, action_id: int) -> DeskActionRow | None:
    """Return an action, locked; None when another worker holds it."""
    query = select(DeskActionRow).where(DeskActionRow.id == action_id)
    return await session.scalar(query.with_for_update(skip_locked=True))


async def settle_post(
    session: AsyncSession, post_id: int, attempt: int, state: PostState, **values: Any
) -> bool:
    """Record how showing a post ended; False when the claim was lost to somebody else."""
    mine = update(DeskPostRow).where(
        DeskPostRow.id == post_id,
        DeskPostRow.state == PostState.SENDING,
        DeskPostRow.attempts == attempt,
    )
    return await _count(session, mine.values(state=state, lease_until=None, **values)) == 1


async def finish_action(
    session: AsyncSession, action_id: int, attempt: int, state: ActionState, **values: Any
) -> bool:
    """Move a claimed action on; False when the claim was lost to somebody else."""
    mine = update(DeskActionRow).where(
        DeskActionRow.id == action_id,
        DeskActionRow.state == ActionState.WORKING,
        DeskActionRow.attempts == attempt,
    )
    return await _count(session, mine.values(state=state, lease_until=None, **values)) == 1


async def recover(session: AsyncSession) -> None:
    """Put back what a killed process had in hand; only where no other process works on this database."""
    await session.execute(
        update(DeskActionRow)
        .where(DeskActionRow.state == ActionState.WORKING)
        .values(state=ActionState.NEW, lease_until=None)
    )
    sending = await session.scalars(
        select(DeskPostRow).where(DeskPostRow.state == PostState.SENDING)
    )
    for row in sending.all():
        if row.kind is PostKind.CARD:
            await drop_newer_cards(session, row)
        row.state, row.lease_until = PostState.QUEUED, None


async def name_message(
    session: AsyncSession, place: Place, external_id: str, message_id: int, *, from_desk: bool
) -> None:
    """Remember what a message of ours is called at the desk."""
    row = {
        "channel": place.channel,
        "external_id": external_id,
        "message_id": message_id,
        "from_desk": from_desk,
    }
    await insert_new(session, DeskMessageRow, row, unique=("channel", "external_id"))


async def named(
    session: AsyncSession, channel: str, external_id: str
) -> tuple[MessageRow, bool] | None:
    """Return a message by what the desk calls it, and whether it was written there."""
    row = (
        await session.execute(
            select(MessageRow, DeskMessageRow.from_desk)
            .join(DeskMessageRow, DeskMessageRow.message_id == MessageRow.id)
            .where(DeskMessageRow.channel == channel, DeskMessageRow.external_id == external_id)
        )
    ).first()
    return (row[0], row[1]) if row else None


async def written_as(session: AsyncSession, message_id: int) -> tuple[Place, int] | None:
    """Return where the words of an agent's message were written, and which of our messages is their last part.

    The place is the channel, with the words' id as ``thread``. What is too long for a customer's channel is several
    messages of one moment; the last of them is the one that the desk has a name for.
    """
    part, last = aliased(MessageRow), aliased(MessageRow)
    row = await session.scalar(
        select(DeskMessageRow)
        .join(last, last.id == DeskMessageRow.message_id)
        .join(part, and_(part.conversation_id == last.conversation_id, part.id <= last.id))
        .where(
            part.id == message_id,
            part.author == Author.AGENT,
            part.created_at == last.created_at,
            DeskMessageRow.from_desk,
        )
        .order_by(last.id)
        .limit(1)
    )
    if row is None:
        return None
    return Place(channel=row.channel, thread=row.external_id), row.message_id


async def parts(session: AsyncSession, message_id: int) -> Sequence[OutboxRow]:
    """Return how the parts of an agent's words stand; ``message_id`` is the last of them."""
    part, last = aliased(MessageRow), aliased(MessageRow)
    rows = await session.scalars(
        select(OutboxRow)
        .join(part, part.id == OutboxRow.message_id)
        .join(last, last.conversation_id == part.conversation_id)
        .where(
            last.id == message_id,
            part.id <= last.id,
            part.author == Author.AGENT,
            part.created_at == last.created_at,
        )
        .order_by(OutboxRow.id)
    )
    return rows.all()


async def held(session: AsyncSession, channel: str, message: str) -> HeldRow | None:
    """Return words that were held, locked."""
    return await session.scalar(
        select(HeldRow)
        .where(HeldRow.channel == channel, HeldRow.message == message)
        .with_for_update()
    )


async def after(
    session: AsyncSession, conversation_id: str, message_id: int, limit: int
) -> Sequence[int]:
    """Return the last messages after one, notes included, oldest first."""
    ids = await session.scalars(
        select(MessageRow.id)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.id > message_id)
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
    return sorted(ids)


async def unposted(session: AsyncSession, conversation_id: str) -> set[int]:
    """Return the messages that are still on their way to the desk."""
    ids = await session.scalars(
        select(DeskPostRow.message_id).where(
            DeskPostRow.conversation_id == conversation_id,
            DeskPostRow.kind == PostKind.LINE,
            DeskPostRow.state.in_([PostState.QUEUED, PostState.SENDING]),
        )
    )
    return {one for one in ids if one is not None}


async def last_at(
    session: AsyncSession, conversation_ids: Sequence[str]
) -> Mapping[str, Mapping[str, datetime]]:
    """Return when contacts and agents last wrote, by conversation and author."""
    rows = await session.execute(
        select(MessageRow.conversation_id, MessageRow.author, func.max(MessageRow.created_at))
        .where(MessageRow.conversation_id.in_(conversation_ids), MessageRow.direction != "note")
        .group_by(MessageRow.conversation_id, MessageRow.author)
    )
    found: dict[str, dict[str, datetime]] = {}
    for conversation_id, author, at_ in rows:
        found.setdefault(conversation_id, {})[author] = at_
    return found


async def alive(
    session: AsyncSession, owners: Sequence[Owner] = ALIVE, *, agent: str | None = None
) -> Sequence[ConversationRow]:
    """Return conversations that wait for a person or have one, the longest unchanged first."""
    query = select(ConversationRow).where(ConversationRow.owner.in_(owners))
    if agent is not None:
        query = query.where(ConversationRow.agent == agent)
    rows = await session.scalars(query.order_by(ConversationRow.updated_at).limit(1_000))
    return rows.all()


async def _count(session: AsyncSession, statement: Update) -> int:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount
