"""Take a shop's data in, from files or the API: checked row by row, safe to repeat."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from desk import clock as clocks
from desk.behaviour import repository as people
from desk.clock import Clock
from desk.commerce import order_store, records, repository
from desk.commerce.order_file import OrderFile, can_read
from desk.commerce.order_ready import ready
from desk.commerce.table_file import Numbered, group_orders
from desk.errors import InvalidError
from desk.imports import files, run
from desk.imports.cleaning import DEMOGRAPHICS
from desk.imports.report import ImportReport, OnRejected, Progress
from desk.imports.run import Batch, Plan, Terms
from desk.store.bulk import roomy
from desk.store.database import Database
from desk.store.upsert import save
from desk.tables.base import Base
from desk.tables.shop import CustomerRow, InvoiceRow, OrderRow, ProductRow, RefundRow

_AT_ONCE = 500
"""Orders in one transaction, some 20 ms on SQLite, when they are read in columns."""


class Kind(StrEnum):
    """What can be imported; parents come first: orders name customers, invoices and refunds name orders."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"
    INVOICES = "invoices"
    REFUNDS = "refunds"


@dataclass(frozen=True, kw_only=True)
class _Shape:
    record: type[BaseModel]
    table: type[Base]
    key: str
    parent: tuple[str, type[Base], str] | None = None
    counted: Sequence[str] = ()


_SHAPES = {
    Kind.CUSTOMERS: _Shape(
        record=records.CustomerRecord,
        table=CustomerRow,
        key="id",
        counted=("email", "phone", *DEMOGRAPHICS),
    ),
    Kind.PRODUCTS: _Shape(
        record=records.ProductRecord, table=ProductRow, key="sku", counted=("category",)
    ),
    Kind.ORDERS: _Shape(
        record=records.OrderRecord,
        table=OrderRow,
        key="number",
        parent=("customer_id", CustomerRow, "id"),
    ),
    Kind.INVOICES: _Shape(
        record=records.InvoiceRecord,
        table=InvoiceRow,
        key="number",
        parent=("order_number", OrderRow, "number"),
    ),
    Kind.REFUNDS: _Shape(
        record=records.RefundRecord,
        table=RefundRow,
        key="id",
        parent=("order_number", OrderRow, "number"),
    ),
}


class Importer:
    """Writes customers, products, orders, invoices and refunds; the same key again updates the row."""

    def __init__(self, database: Database, clock: Clock = clocks.now) -> None:
        self._database = database
        self._clock = clock

    async def file(
        self,
        kind: str,
        path: Path,
        *,
        encoding: str = "utf-8-sig",
        zone: tzinfo = UTC,
        progress: Progress | None = None,
        on_rejected: OnRejected | None = None,
        digest: str | None = None,
        new_customers: bool = False,
        at_once: int | None = None,
    ) -> ImportReport:
        """Import a CSV, Parquet or JSON lines file; orders have a row for each line, or their ``lines`` inside.

        ``zone`` is that of times without one; with a ``digest`` a cut import goes on where it was. With
        ``new_customers`` an order of somebody who is not known makes a customer of what it says. ``at_once``
        orders of a CSV file are one transaction: more are quicker, and hold up others in this process for longer.

        Raises:
            InvalidError: the kind is unknown or the file cannot be read; wrong rows are in the report instead.
            ConflictError: another process is importing the same file.
        """
        plan = _plan(kind, new_customers=new_customers)
        terms = Terms(
            clock=self._clock,
            zone=zone,
            progress=progress,
            on_rejected=on_rejected,
            digest=digest,
        )
        if plan.kind != Kind.ORDERS:
            return await run.run(self._database, plan, files.read(path, encoding=encoding), terms)
        if not files.is_csv(path) or not can_read(files.columns(path, encoding=encoding)):
            rows = group_orders(files.read(path, encoding=encoding))
            return await run.run(self._database, plan, rows, terms)
        # What reads columns takes a while to be imported.
        from desk.commerce import order_columns  # noqa: PLC0415

        orders = OrderFile(path, encoding=encoding)
        plan = replace(plan, bulk=order_columns.reader(orders), batch=at_once or _AT_ONCE)
        async with roomy(self._database):
            return await run.run(self._database, plan, orders, terms)

    async def rows(
        self,
        kind: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        zone: tzinfo = UTC,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import records as the API gets them; an order has its ``lines`` inside.

        Raises:
            InvalidError: the kind is unknown.
        """
        terms = Terms(clock=self._clock, zone=zone, progress=progress)
        return await run.run(self._database, _plan(kind), numbered(rows), terms)


def numbered(rows: Iterable[Mapping[str, Any]]) -> Iterator[Numbered]:
    """Number records as the API gets them, from 1 on."""
    return (Numbered(place, row) for place, row in enumerate(rows, start=1))


def _plan(kind: str, *, new_customers: bool = False) -> Plan[Any]:
    try:
        shape = _SHAPES[Kind(kind)]
    except ValueError as error:
        raise InvalidError(f"{kind!r} is none of: {', '.join(Kind)}.") from error

    async def write(session: AsyncSession, batch: Batch[Any]) -> None:
        if shape.table is OrderRow:
            await order_store.write(session, batch, makes_customers=new_customers)
        else:
            await _write(session, shape, batch)

    return Plan(
        kind=kind,
        record=shape.record,
        keys=lambda record: (getattr(record, shape.key),),
        one_key=True,
        write=write,
        label=f"{shape.key}: ",
        counted=shape.counted,
        tells_unchanged=False,
        ready=ready if shape.table is OrderRow else lambda record: record,
    )


async def _write(session: AsyncSession, shape: _Shape, batch: Batch[BaseModel]) -> None:
    if shape.parent is not None:
        await _leave_out_orphans(session, shape.parent, batch)
    rows = [record.model_dump() for record in batch.records.values()]
    known = await repository.existing(session, shape.table, shape.key, _values(rows, shape.key))
    if shape.table is CustomerRow:
        await _save_customers(session, rows)
    else:
        await save(session, shape.table, rows, key=(shape.key,))
    batch.updated = len(known)
    batch.created = len(rows) - len(known)


async def _leave_out_orphans(
    session: AsyncSession, parent: tuple[str, type[Base], str], batch: Batch[BaseModel]
) -> None:
    name, table, key = parent
    wanted = {line: str(getattr(record, name)) for line, record in batch.records.items()}
    known = await repository.existing(session, table, key, set(wanted.values()))
    for line, value in wanted.items():
        if value not in known:
            batch.reject(line, f"{name}: there is no {value!r}")


async def _save_customers(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    told = {row["id"]: {name: row.pop(name) for name in DEMOGRAPHICS} for row in rows}
    await save(session, CustomerRow, rows, key=("id",))
    await people.save_demographics(session, "customer_id", told)


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> Collection[str]:
    return {row[name] for row in rows}
