"""Questions about files."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import Delete, Update

from desk.store.upsert import insert_missing
from desk.tables.conversation import AttachmentRow, ConversationRow, FileState, MessageRow
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.media import StoredFileRow, UploadRow
from desk.tables.post import PostRow

# The literal term is that of the partial index; with a parameter SQLite would not use it.
_IS_WAITING = text("attachment.state = 'waiting'")


class Job(NamedTuple):
    """A file to be fetched, claimed by the number of its attempt."""

    id: int
    reference: str
    attempt: int
    sent_at: datetime
    contact_id: str
    conversation_id: str
    thread: str


async def keep(session: AsyncSession, keys: Collection[str], now: datetime) -> bool:
    """Note that objects are wanted, before they are stored; False when one of them is just being removed."""
    rows = [{"key": key, "kept_at": now, "going_until": None} for key in sorted(keys)]
    await insert_missing(session, StoredFileRow, rows)
    wanted = update(StoredFileRow).where(
        StoredFileRow.key.in_(keys), StoredFileRow.going_until.is_(None)
    )
    return await _count(session, wanted.values(kept_at=now)) == len(keys)


async def any_waiting(session: AsyncSession, now: datetime) -> bool:
    """Say whether a file is to be fetched now."""
    query = select(AttachmentRow.id).where(_IS_WAITING, AttachmentRow.not_before <= now).limit(1)
    return await session.scalar(query) is not None


async def claim(
    session: AsyncSession, channel: str, *, now: datetime, until: datetime, limit: int
) -> list[Job]:
    """Claim files that a channel is to fetch, those that wait longest first; the claims end by themselves."""
    rows = await session.execute(
        select(
            AttachmentRow.id,
            AttachmentRow.reference,
            AttachmentRow.attempts + 1,
            MessageRow.created_at,
            ConversationRow.contact_id,
            ConversationRow.id,
            ConversationRow.thread,
        )
        .join(MessageRow, MessageRow.id == AttachmentRow.message_id)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(_IS_WAITING, AttachmentRow.not_before <= now, ConversationRow.channel == channel)
        .order_by(AttachmentRow.not_before, AttachmentRow.id)
        .limit(limit)
        .with_for_update(of=AttachmentRow, skip_locked=True)
    )
    jobs = [Job._make(row) for row in rows]
    if jobs:
        await session.execute(
            update(AttachmentRow)
            .where(AttachmentRow.id.in_([job.id for job in jobs]))
            .values(attempts=AttachmentRow.attempts + 1, not_before=until)
        )
    return jobs


async def settle(session: AsyncSession, job: Job, **values: Any) -> bool:
    """Record how a fetch ended; False when the claim was lost to somebody else."""
    mine = update(AttachmentRow).where(
        AttachmentRow.id == job.id,
        AttachmentRow.state == FileState.WAITING,
        AttachmentRow.attempts == job.attempt,
    )
    return await _count(session, mine.values(**values)) == 1


async def abandon(session: AsyncSession, before: datetime, reason: str) -> int:
    """Give up files that nobody has tried to fetch since a time: their channel is not set up any more."""
    left = update(AttachmentRow).where(_IS_WAITING, AttachmentRow.not_before < before)
    return await _count(session, left.values(state=FileState.FAILED, reason=reason))


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Store the files of a message."""
    if rows:
        await session.execute(insert(AttachmentRow), rows)


async def of_messages(
    session: AsyncSession, message_ids: Collection[int]
) -> Sequence[AttachmentRow]:
    """Return the files of some messages, in order, without content."""
    if not message_ids:
        return []
    shown = [c for c in AttachmentRow.__table__.c if c.name != "content"]
    rows = await session.execute(
        select(*shown).where(AttachmentRow.message_id.in_(message_ids)).order_by(AttachmentRow.id)
    )
    return [AttachmentRow(**row._mapping) for row in rows]


async def add_upload(session: AsyncSession, row: UploadRow) -> None:
    """Store an upload."""
    session.add(row)


async def uploads(
    session: AsyncSession, uploader: str, ids: Collection[str], *, after: datetime
) -> dict[str, UploadRow]:
    """Return those uploads that are somebody's own and not too old."""
    found = await session.scalars(
        select(UploadRow).where(
            UploadRow.id.in_(ids), UploadRow.uploader == uploader, UploadRow.created_at > after
        )
    )
    return {row.id: row for row in found}


async def uploaded(session: AsyncSession, uploader: str) -> int:
    """Return how many bytes somebody has uploaded that were not swept yet."""
    total = select(func.coalesce(func.sum(UploadRow.size), 0))
    return int(await session.scalar(total.where(UploadRow.uploader == uploader)) or 0)


async def forget_uploads(session: AsyncSession, before: datetime) -> int:
    """Remove old uploads; what messages have named is theirs by now."""
    return await _count(session, delete(UploadRow).where(UploadRow.created_at < before))


async def orphans(
    session: AsyncSession, *, before: datetime, now: datetime, limit: int
) -> set[str]:
    """Return objects that nobody asked to keep since a time and nothing names."""
    query = select(StoredFileRow.key).where(*_is_orphan(before, now))
    found = await session.scalars(query.order_by(StoredFileRow.kept_at).limit(limit))
    return set(found)


async def mark_going(
    session: AsyncSession,
    keys: Collection[str],
    *,
    before: datetime,
    now: datetime,
    until: datetime,
) -> list[str]:
    """Take objects out of use that are still nobody's, and return which; until a time they are ours to remove."""
    taken = await session.scalars(
        update(StoredFileRow)
        .where(StoredFileRow.key.in_(keys), *_is_orphan(before, now))
        .values(going_until=until)
        .returning(StoredFileRow.key)
    )
    return sorted(taken)


def _is_orphan(before: datetime, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        StoredFileRow.kept_at < before,
        or_(StoredFileRow.going_until.is_(None), StoredFileRow.going_until < now),
        ~exists().where(AttachmentRow.key == StoredFileRow.key),
        ~exists().where(UploadRow.key == StoredFileRow.key),
        ~exists().where(PostRow.image_key == StoredFileRow.key),
    )


async def named_in_inbox(session: AsyncSession) -> set[str]:
    """Return the objects of messages that still wait in the inbox, or may be replayed from there."""
    lists = await session.scalars(
        select(InboxRow.payload["attachments"]).where(InboxRow.state != InboxState.DONE)
    )
    return {file["key"] for files in lists for file in files or () if "key" in file}


async def forget(session: AsyncSession, keys: Collection[str]) -> None:
    """Remove the rows of objects that are gone."""
    await session.execute(
        delete(StoredFileRow).where(
            StoredFileRow.key.in_(keys), StoredFileRow.going_until.is_not(None)
        )
    )


async def _count(session: AsyncSession, statement: Update | Delete) -> int:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount
