"""How the parts are: what waits to be processed or sent, and how far the readers of the log have come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.clock import Clock
from desk.store.database import Database
from desk.tables.base import Base
from desk.tables.channel import ChannelStateRow
from desk.tables.cursor import EventCursorRow
from desk.tables.event import EventRow
from desk.tables.inbox import InboxRow
from desk.tables.outbox import OutboxRow

_LATE = timedelta(minutes=2)
_BEHIND = 5_000
_MOST = 1_000
"""So many are counted; more than that is simply many."""


class Level(StrEnum):
    """Whether somebody should look."""

    GOOD = "good"
    SLOW = "slow"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A queue or a reader of the log: how much is before it, and since when."""

    name: str
    behind: int
    since: datetime | None
    level: Level


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything at one moment."""

    parts: tuple[Part, ...]
    readers: tuple[Part, ...]
    channels: tuple[ChannelStateRow, ...]


class Health:
    """Looks at the rows; what a process knows about itself is at ``/ready``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def look(self) -> State:
        """Return how everything is."""
        now = self._clock()
        async with self._database.read() as session:
            parts = tuple([await _queue(session, *queue, now) for queue in _QUEUES])
            newest = await session.scalar(select(func.max(EventRow.id))) or 0
            cursors = await session.scalars(select(EventCursorRow).order_by(EventCursorRow.name))
            readers = tuple(_reader(row, newest) for row in cursors)
            order = (ChannelStateRow.channel, ChannelStateRow.account)
            channels = await session.scalars(select(ChannelStateRow).order_by(*order))
            return State(parts=parts, readers=readers, channels=tuple(channels))


type _At = InstrumentedAttribute[datetime]

_QUEUES: tuple[tuple[str, type[Base], _At, str], ...] = (
    ("inbox", InboxRow, InboxRow.received_at, "state IN ('new', 'working')"),
    ("outbox", OutboxRow, OutboxRow.created_at, "state IN ('queued', 'sending')"),
)
"""With the conditions of the partial indexes, as they stand there."""


async def _queue(
    session: AsyncSession, name: str, row: type[Base], at: _At, is_open: str, now: datetime
) -> Part:
    found = select(at.label("at")).select_from(row).where(text(is_open))
    first = found.order_by(text("id")).limit(_MOST).subquery()
    behind, since = (await session.execute(select(func.count(), func.min(first.c.at)))).one()
    late = since is not None and now - since > _LATE
    return Part(name=name, behind=behind, since=since, level=Level.SLOW if late else Level.GOOD)


def _reader(row: EventCursorRow, newest: int) -> Part:
    behind = max(0, newest - row.last_id)
    return Part(
        name=row.name,
        behind=behind,
        since=row.updated_at,
        level=Level.SLOW if behind > _BEHIND else Level.GOOD,
    )
