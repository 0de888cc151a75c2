"""How far the operational database has been read.

On PostgreSQL a transaction that began earlier may end later, with lower numbers than those that were read already. So
the numbers of changes are those of transactions, read from the oldest that was still open; and rows that are only
added are read again from where everything was certain, which is where the last but one reading ended once all
transactions of that time are over.
"""

from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.behaviour import BehaviourRow
from desk.tables.changes import PersonChangeRow
from desk.tables.event import EventRow

_SNAPSHOT = text(
    "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s"
)


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Changes before ``changes`` and rows up to ``event`` and ``behaviour`` are read for good.

    ``seen_*`` is where the last reading ended; it is certain when all transactions before ``open`` are over.
    """

    changes: int = 0
    event: int = 0
    behaviour: int = 0
    seen_event: int = 0
    seen_behaviour: int = 0
    open: int = 0

    def plain(self) -> dict[str, int]:
        """Return the marks by name."""
        return asdict(self)


async def read(session: AsyncSession, old: Marks) -> Marks:
    """Return the marks after what this transaction sees has been read."""
    event = await session.scalar(select(func.max(EventRow.id))) or 0
    behaviour = await session.scalar(select(func.max(BehaviourRow.id))) or 0
    if session.get_bind().dialect.name == "sqlite":
        last = await session.scalar(select(func.max(PersonChangeRow.id))) or 0
        return Marks(
            changes=last + 1,
            event=event,
            behaviour=behaviour,
            seen_event=event,
            seen_behaviour=behaviour,
        )
    oldest, next_one = (await session.execute(_SNAPSHOT)).one()
    if old.open and oldest < old.open:
        return replace(old, changes=oldest)
    return Marks(
        changes=oldest,
        event=old.seen_event,
        behaviour=old.seen_behaviour,
        seen_event=event,
        seen_behaviour=behaviour,
        open=next_one,
    )


def since(dialect: str, mark: int) -> ColumnElement[bool]:
    """Return the condition for changes that are not read for good."""
    counted = PersonChangeRow.id if dialect == "sqlite" else PersonChangeRow.stamp
    return counted >= mark
