"""What triggers wrote down about people since the last refresh, and forgetting it once it is read."""

from dataclasses import dataclass, field

from sqlalchemy import Integer, cast, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.warehouse import marks
from analytics.warehouse.marks import Marks
from desk.store.database import Database
from desk.tables.changes import PersonChangeRow

_PRUNED = "pruned"
"""The row that says up to where changes were forgotten: another warehouse that is behind has to read everything."""


@dataclass(kw_only=True)
class Changes:
    """Contacts, customers and products that changed; whether what they did has to be read again, too."""

    contacts: dict[str, bool] = field(default_factory=dict)
    customers: dict[str, bool] = field(default_factory=dict)
    products: dict[str, bool] = field(default_factory=dict)


async def changed(session: AsyncSession, dialect: str, mark: int) -> Changes:
    """Return what changed from a mark on."""
    history = func.max(cast(PersonChangeRow.history, Integer))
    query = (
        select(PersonChangeRow.kind, PersonChangeRow.key, history)
        .where(marks.since(dialect, mark))
        .group_by(PersonChangeRow.kind, PersonChangeRow.key)
    )
    found = Changes()
    kinds = {"contact": found.contacts, "customer": found.customers, "product": found.products}
    for kind, key, moved in await session.execute(query):
        if kind in kinds:
            kinds[kind][key] = bool(moved)
    return found


async def pruned_until(session: AsyncSession) -> int:
    """Return up to which mark changes are not there any more."""
    query = select(PersonChangeRow.key).where(PersonChangeRow.kind == _PRUNED)
    return max([int(key) for key in await session.scalars(query)], default=0)


async def prune(database: Database, until: Marks) -> None:
    """Forget the changes before a mark that a warehouse keeps for good."""
    dialect = "sqlite" if database.is_sqlite else "postgresql"
    read = ~marks.since(dialect, until.changes)
    async with database.write() as session:
        news = (PersonChangeRow.kind != _PRUNED) & read
        if await session.scalar(select(PersonChangeRow.id).where(news).limit(1)) is None:
            return
        old = (PersonChangeRow.kind == _PRUNED) | read
        await session.execute(delete(PersonChangeRow).where(old))
        told = {"kind": _PRUNED, "key": str(until.changes), "history": False, "stamp": 0}
        session.add(PersonChangeRow(**told))
