"""Questions about imported behaviour, and about who is meant."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from desk.imports.cleaning import DEMOGRAPHICS
from desk.store import core
from desk.store.core import Found
from desk.store.upsert import insert_missing
from desk.tables.base import table_of
from desk.tables.behaviour import BehaviourRow, DemographicsRow
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow

_TABLE = table_of(BehaviourRow)
COLUMNS = ("customer_id", "contact_id", "name", "occurred_at", "channel", "item", "value")


async def with_keys(session: AsyncSession, keys: Collection[str]) -> dict[str, Found]:
    """Return what is known under these keys: its id and all columns."""
    columns = [_TABLE.c[name] for name in ("key", "id", *COLUMNS)]
    query = select(*columns).where(_TABLE.c.key.in_(keys))
    return {row[0]: row for row in await core.fetch(session, query, {})}


async def add(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows; one that somebody else has added meanwhile stays as it is."""
    if rows:
        await insert_missing(session, BehaviourRow, rows)


async def change(session: AsyncSession, id_: int, row: Mapping[str, Any]) -> None:
    """Change one row."""
    await session.execute(update(_TABLE).where(_TABLE.c.id == id_).values(**row))


async def customers_by(
    session: AsyncSession, column: str, values: Collection[str]
) -> dict[str, str]:
    """Return customers' ids by a column of theirs; of several the one that is known longest."""
    if not values:
        return {}
    attribute = getattr(CustomerRow, column)
    query = (
        select(attribute, CustomerRow.id)
        .where(attribute.in_(values))
        .order_by(CustomerRow.created_at.desc(), CustomerRow.id.desc())
    )
    return {str(row[0]): str(row[1]) for row in await session.execute(query)}


async def contacts_with(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return those of the ids that contacts have."""
    if not ids:
        return set()
    return set(await session.scalars(select(ContactRow.id).where(ContactRow.id.in_(ids))))


async def demographics_of(
    session: AsyncSession, contact_ids: Collection[str]
) -> dict[str, DemographicsRow]:
    """Return what is known of contacts."""
    query = select(DemographicsRow).where(DemographicsRow.contact_id.in_(contact_ids))
    return {row.contact_id or "": row for row in await session.scalars(query)}


async def save_demographics(
    session: AsyncSession, owner: str, told: Mapping[str, Mapping[str, Any]]
) -> None:
    """Keep what was told of customers or contacts, by their id; what was not told stays as it is."""
    rows = [
        {owner: key, **values}
        for key, values in told.items()
        if any(values[name] is not None for name in DEMOGRAPHICS)
    ]
    if rows:
        await session.execute(_demographics(session.get_bind().dialect.name, owner, rows))


def _demographics(dialect: str, owner: str, rows: Sequence[Mapping[str, Any]]) -> Insert:
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = build(table_of(DemographicsRow)).values(list(rows))
    known = table_of(DemographicsRow).c
    kept = {name: func.coalesce(statement.excluded[name], known[name]) for name in DEMOGRAPHICS}
    return statement.on_conflict_do_update(index_elements=[owner], set_=kept)
