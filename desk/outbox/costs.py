"""What platforms charge, by day (UTC)."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.outbox.repository import Lane
from desk.store.upsert import insert_new
from desk.tables.channel import ChannelCostRow


async def add(session: AsyncSession, lane: Lane, micros: int, now: datetime) -> None:
    """Count one call that cost ``micros`` millionths of a dollar, in the caller's transaction."""
    key = {**lane._asdict(), "day": now.date()}
    await insert_new(session, ChannelCostRow, {**key, "calls": 0, "micros": 0}, unique=list(key))
    await session.execute(
        update(ChannelCostRow)
        .filter_by(**key)
        .values(calls=ChannelCostRow.calls + 1, micros=ChannelCostRow.micros + micros)
    )


async def of_day(session: AsyncSession, lane: Lane, day: date) -> int:
    """Return what a day has cost so far, in millionths of a dollar."""
    query = select(ChannelCostRow.micros).filter_by(**lane._asdict(), day=day)
    return await session.scalar(query) or 0
