"""Removes what the desk has shown and done long ago. What was said stays: it is in the conversation."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.engine import CursorResult

from desk.clock import Clock
from desk.store.database import Database
from desk.tables.agent import (
    ActionState,
    DeskActionRow,
    DeskPostRow,
    HeldRow,
    PostState,
)

log = structlog.get_logger()

OVER = timedelta(days=7)
"""How long what came to a good end is kept: platforms tell the same thing again for hours, never for days."""
LOOKED_AT = timedelta(days=30)
"""How long what failed is kept for whoever looks into it, and words whose writer never said what they are."""
_HOUR = timedelta(hours=1)
_BATCH = 500

_GOOD_POSTS = DeskPostRow.state.in_([PostState.SENT, PostState.DROPPED])
_BAD_POSTS = DeskPostRow.state == PostState.FAILED
_GOOD_ACTIONS = DeskActionRow.state == ActionState.DONE
_BAD_ACTIONS = DeskActionRow.state == ActionState.DEAD


class DeskSweep:
    """Sweeps every hour. Any number of them at once is harmless."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            while await self.step():
                pass
            await asyncio.sleep(_HOUR.total_seconds())

    async def step(self) -> int:
        """Sweep once, a batch of each kind; return how many rows were removed."""
        now = self._clock()
        over, looked_at = now - OVER, now - LOOKED_AT
        removed = 0
        for row, old in (
            (DeskPostRow, _GOOD_POSTS & (DeskPostRow.created_at < over)),
            (DeskPostRow, _BAD_POSTS & (DeskPostRow.created_at < looked_at)),
            (DeskActionRow, _GOOD_ACTIONS & (DeskActionRow.received_at < over)),
            (DeskActionRow, _BAD_ACTIONS & (DeskActionRow.received_at < looked_at)),
            (HeldRow, HeldRow.created_at < looked_at),
        ):
            removed += await self._remove(row, old)
        if removed:
            log.info("desk_swept", rows=removed)
        return removed

    async def _remove(
        self, row: type[DeskPostRow | DeskActionRow | HeldRow], old: ColumnElement[bool]
    ) -> int:
        some = select(row.id).where(old).order_by(row.id).limit(_BATCH)
        async with self._database.write() as session:
            result = await session.execute(delete(row).where(row.id.in_(some)))
            assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
            return result.rowcount
