"""Attachments as rows and back, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.media import repository
from desk.media.names import safe_name
from desk.media.policy import refusal_of
from desk.media.sniff import UNKNOWN
from desk.message import Attachment
from desk.store.storable import storable
from desk.tables.conversation import FileState


async def attach(
    session: AsyncSession, message_id: int, attachments: Sequence[Attachment], now: datetime
) -> None:
    """Store the files of a message."""
    await repository.add(session, rows_for(message_id, attachments, now))


async def attachments_for_sending(
    session: AsyncSession, message_id: int
) -> tuple[Attachment, ...]:
    """Return the files of a message to a customer; :meth:`Media.loaded` adds the contents, after the transaction."""
    rows = await repository.of_messages(session, [message_id])
    return tuple(
        Attachment(name=row.name, content_type=row.content_type, key=row.key, size=row.size)
        for row in rows
        if row.key is not None
    )


def rows_for(
    message_id: int, attachments: Sequence[Attachment], now: datetime
) -> list[dict[str, Any]]:
    """Return the rows of a message's files: kept under a key, or to be fetched by their reference.

    A content that did not pass a media store is kept in the row; a file with nothing to it was refused.
    """
    return [{"message_id": message_id, **_row(file, now)} for file in attachments]


def _row(file: Attachment, now: datetime) -> dict[str, Any]:
    state = _state(file)
    size = len(file.content) if file.content is not None else file.size or 0
    return {
        "name": safe_name(file.name),
        "content_type": storable(file.content_type, 128) or UNKNOWN,
        "size": max(0, min(size, 2**31 - 1)),
        "content": None if file.key else file.content,
        "key": file.key,
        "reference": storable(file.reference)
        if state is FileState.WAITING and file.reference
        else None,
        "state": state,
        "reason": refusal_of(file.content_type) if state is FileState.REFUSED else None,
        "attempts": 0,
        "not_before": now if state is FileState.WAITING else None,
    }


def _state(file: Attachment) -> FileState:
    if file.key is not None or file.content is not None:
        return FileState.KEPT
    return FileState.WAITING if file.reference else FileState.REFUSED
