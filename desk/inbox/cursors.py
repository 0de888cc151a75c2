"""How far accounts are read, and who reads them: one process at a time, by a lease in a row."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.channel import CursorRow

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The right to read an account from a cursor on, until the lease ends."""

    channel: str
    account: str
    owner: str
    cursor: str | None


async def take(
    database: Database, channel: str, account: str, *, owner: str, now: datetime
) -> Reading | None:
    """Take or keep the lease; None while another process has it."""
    key = {"channel": channel, "account": account}
    async with database.write() as session:
        await insert_new(session, CursorRow, key, unique=list(key))
        result = await session.execute(
            update(CursorRow)
            .filter_by(**key)
            .where(
                or_(
                    CursorRow.lease_owner == owner,
                    CursorRow.lease_owner.is_(None),
                    CursorRow.lease_until < now,
                )
            )
            .values(lease_owner=owner, lease_until=now + LEASE)
            .returning(CursorRow.cursor)
        )
        row = result.first()
    return None if row is None else Reading(owner=owner, cursor=row[0], **key)


async def move(session: AsyncSession, reading: Reading, cursor: str, now: datetime) -> bool:
    """Move the cursor in the transaction that stores what was read; False when the lease was lost."""
    result = await session.execute(
        update(CursorRow)
        .filter_by(channel=reading.channel, account=reading.account, lease_owner=reading.owner)
        .values(cursor=cursor, polled_at=now, lease_until=now + LEASE)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount == 1


async def release(database: Database, owner: str) -> None:
    """Let another process read at once what this one has been reading."""
    async with database.write() as session:
        await session.execute(
            update(CursorRow)
            .filter_by(lease_owner=owner)
            .values(lease_owner=None, lease_until=None)
        )


async def last_read(session: AsyncSession, channel: str, account: str) -> datetime | None:
    """Return when an account was read last."""
    query = select(CursorRow.polled_at).filter_by(channel=channel, account=account)
    return await session.scalar(query)
