"""Filling the engine's tables from the operational database: all of it once, then only what has changed since."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends import BaseBackend
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.warehouse import marks, source
from analytics.warehouse.changes import changed, pruned_until
from analytics.warehouse.marks import Marks
from analytics.warehouse.reader import Reader, parts, reader
from analytics.warehouse.store import ALL, Store
from analytics.warehouse.touched import groups, who
from analytics.warehouse.whose import People, Query
from desk.store.database import Database

_MOST = 50_000
"""People who changed; when there are more, reading everybody is quicker."""
_FACTS = ("person", "contact_of", "purchase", "ticket", "feedback", "consent", "reach", "tag")
"""Tables that are read anew for a person who changed; lines of purchases go with their purchases."""


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh did: rows put in by table, whom it touched (None: everybody), and how long it took."""

    full: bool
    rows: Mapping[str, int]
    touched: frozenset[str] | None
    seconds: float
    marks: Marks


@dataclass
class _Loader:
    """Reads from one database and writes to one store."""

    session: AsyncSession
    reader: Reader
    engine: BaseBackend
    store: Store
    rows: Counter[str] = field(default_factory=Counter)

    @property
    def dialect(self) -> str:
        return self.session.get_bind().dialect.name

    async def load(self, table: str, query: Query, *, named: bool) -> None:
        async for rows in self.reader.read(query, _schema(table), named=named):
            self.put(table, rows)

    def put(self, table: str, rows: pa.Table) -> None:
        self.store.add(table, rows)
        self.rows[table] += len(rows)

    async def facts(self, people: People | None) -> None:
        for table, ask in source.facts(self.dialect):
            await self.load(table, ask(people), named=people is not None)

    async def history(self, people: People | None) -> None:
        for ask, _ in source.HISTORY:
            await self.load("activity", ask(people), named=people is not None)


async def refresh(
    database: Database, engine: BaseBackend, store: Store, *, full: bool = False
) -> Refreshed:
    """Bring the tables up to date; whoever opened the engine makes it hold.

    The operational database is read in one transaction, so all tables are of the same moment.
    """
    began = time.perf_counter()
    old = _marks(engine)
    async with database.read() as session:
        if not database.is_sqlite:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        async with reader(session) as reading:
            loader = _Loader(session, reading, engine, store)
            new = await marks.read(session, old or Marks())
            touched = None
            whole = full or old is None or old.changes < await pruned_until(session)
            if not whole and old is not None:
                touched = await _some(loader, old, new)
            if touched is None:
                await _everything(loader)
    _keep_marks(store, new)
    store.commit()
    return Refreshed(
        full=touched is None,
        rows=dict(loader.rows),
        touched=touched,
        seconds=time.perf_counter() - began,
        marks=new,
    )


def _schema(table: str) -> pa.Schema:
    return ALL[table].to_pyarrow().remove_metadata()


def _marks(engine: BaseBackend) -> Marks | None:
    found = engine.table("watermark").to_pyarrow().to_pylist()
    return Marks(**{row["name"]: row["value"] for row in found}) if found else None


def _keep_marks(store: Store, new: Marks) -> None:
    values = new.plain()
    store.forget("watermark", "name", None)
    store.add("watermark", pa.table({"name": list(values), "value": list(values.values())}))


async def _everything(loader: _Loader) -> None:
    for table in (*_FACTS, "purchase_line", "activity"):
        loader.store.forget(table, "person_id", None)
    loader.rows.clear()
    here = _Ids()
    for table, ask in source.facts(loader.dialect):
        async for rows in loader.reader.read(ask(None), _schema(table)):
            loader.put(table, rows)
            if table == "person":
                here.add(rows["person_id"])
    await loader.history(None)
    scored = loader.engine.table("score").select("person_id").distinct().to_pyarrow()["person_id"]
    gone = scored.filter(pc.invert(pc.is_in(scored, here.all()))).combine_chunks()
    loader.store.forget("score", "person_id", gone)


class _Ids:
    """Ids as Arrow has them, which is a tenth of what they take as objects."""

    def __init__(self) -> None:
        self._parts: list[pa.ChunkedArray] = []

    def add(self, ids: pa.ChunkedArray) -> None:
        self._parts.append(ids)

    def all(self) -> pa.Array:
        chunks = [chunk for part in self._parts for chunk in part.chunks]
        return pa.chunked_array(chunks, pa.string()).combine_chunks()


async def _some(loader: _Loader, old: Marks, new: Marks) -> frozenset[str] | None:
    """Read anew who has changed, and add what is new of the others; None when too many have changed."""
    found = await changed(loader.session, loader.dialect, old.changes)
    if len(found.contacts) + len(found.customers) > _MOST:
        return None
    people, moved = await who(loader.session, loader.engine, found)
    if len(people) > _MOST:
        return None
    theirs = await groups(loader.session, people)
    _forget(loader, people, moved)
    for part in parts(theirs):
        await loader.facts(part)
    for part in parts({one: theirs[one] for one in moved if one in theirs}):
        await loader.history(part)
    _forget_scores(loader, people - theirs.keys())
    return frozenset(people | await _add_history(loader, old, moved))


def _forget(loader: _Loader, people: set[str], moved: set[str]) -> None:
    ids = _array(people)
    bought = loader.engine.table("purchase").semi_join(_table(ids), "person_id")
    numbers = bought.select("order_number").to_pyarrow()["order_number"].combine_chunks()
    loader.store.forget("purchase_line", "order_number", numbers)
    for table in _FACTS:
        loader.store.forget(table, "person_id", ids)
    loader.store.forget("activity", "person_id", _array(moved))


def _forget_scores(loader: _Loader, gone: set[str]) -> None:
    if gone:
        loader.store.forget("score", "person_id", _array(gone))


async def _add_history(loader: _Loader, old: Marks, moved: set[str]) -> set[str]:
    """Add what was done since, but not of those whose whole history was read; return whose it is."""
    after = {"event": old.event, "behaviour": old.behaviour}
    read_already, touched = _array(moved), set()
    for ask, table in source.HISTORY:
        query = ask(None, after[table.__tablename__])
        async for rows in loader.reader.read(query, _schema("activity")):
            new = rows.filter(pc.invert(pc.is_in(rows["person_id"], read_already)))
            if loader.dialect != "sqlite":
                new = _unknown(loader.engine, new)
            loader.put("activity", new)
            touched |= set(pc.unique(new["person_id"]).to_pylist())
    return touched


def _unknown(engine: BaseBackend, rows: pa.Table) -> pa.Table:
    """Return the rows that the engine has not got: what is not certain yet is read twice."""
    if not len(rows):
        return rows
    wanted = ibis.memtable(rows.select(["activity_id"]))
    known = engine.table("activity").semi_join(wanted, "activity_id").select("activity_id")
    ids = known.to_pyarrow()["activity_id"].combine_chunks()
    return rows.filter(pc.invert(pc.is_in(rows["activity_id"], ids)))


def _array(ids: set[str]) -> pa.Array:
    return pa.array(sorted(ids), pa.string())


def _table(ids: pa.Array) -> ibis.Table:
    return ibis.memtable(pa.table({"person_id": ids}))
