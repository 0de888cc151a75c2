"""Questions about codes by e-mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.contact import EmailCodeRow


async def add(session: AsyncSession, **values: Any) -> None:
    """Add a code that was sent."""
    session.add(EmailCodeRow(tries=0, **values))
    await session.flush()


async def newest(session: AsyncSession, contact_id: str) -> EmailCodeRow | None:
    """Return the last code a contact asked for."""
    return await session.scalar(
        select(EmailCodeRow)
        .where(EmailCodeRow.contact_id == contact_id)
        .order_by(EmailCodeRow.id.desc())
        .limit(1)
    )


async def sent_to(session: AsyncSession, email: str, since: datetime) -> Sequence[datetime]:
    """Return when codes were sent to an address, in order."""
    return await _times(session, EmailCodeRow.email == email, since)


async def asked_by(session: AsyncSession, contact_id: str, since: datetime) -> Sequence[datetime]:
    """Return when a contact asked for codes, in order."""
    return await _times(session, EmailCodeRow.contact_id == contact_id, since)


async def _times(
    session: AsyncSession, condition: ColumnElement[bool], since: datetime
) -> Sequence[datetime]:
    query = select(EmailCodeRow.created_at).where(condition, EmailCodeRow.created_at > since)
    return (await session.scalars(query.order_by(EmailCodeRow.created_at))).all()
