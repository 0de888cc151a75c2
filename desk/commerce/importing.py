"""Take a shop's data in, from CSV files or the API: checked row by row, safe to repeat."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from itertools import batched
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from desk.commerce import records, repository
from desk.commerce.table_file import MALFORMED, Numbered, group_orders, read
from desk.errors import InvalidError
from desk.store.database import Database
from desk.store.upsert import save
from desk.tables.base import Base
from desk.tables.shop import CustomerRow, InvoiceRow, OrderRow, ProductRow, RefundRow

_BATCH = 200
"""Records in one transaction: others write in between."""

_MOST_REASONS = 3

type Progress = Callable[[int], None]
"""Called after each batch with the number of records read so far."""


class Kind(StrEnum):
    """What can be imported; parents come first: orders name customers, invoices and refunds name orders."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"
    INVOICES = "invoices"
    REFUNDS = "refunds"


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A record that was left out. ``line`` is its line in the file, or its place from 1 on in a list."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What came of an import."""

    kind: Kind
    read: int
    created: int
    updated: int
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True, kw_only=True)
class _Plan:
    record: type[BaseModel]
    table: type[Base]
    key: str
    parent: tuple[str, type[Base], str] | None = None


_PLANS = {
    Kind.CUSTOMERS: _Plan(record=records.CustomerRecord, table=CustomerRow, key="id"),
    Kind.PRODUCTS: _Plan(record=records.ProductRecord, table=ProductRow, key="sku"),
    Kind.ORDERS: _Plan(
        record=records.OrderRecord,
        table=OrderRow,
        key="number",
        parent=("customer_id", CustomerRow, "id"),
    ),
    Kind.INVOICES: _Plan(
        record=records.InvoiceRecord,
        table=InvoiceRow,
        key="number",
        parent=("order_number", OrderRow, "number"),
    ),
    Kind.REFUNDS: _Plan(
        record=records.RefundRecord,
        table=RefundRow,
        key="id",
        parent=("order_number", OrderRow, "number"),
    ),
}


@dataclass(kw_only=True)
class _Run:
    """One import under way."""

    plan: _Plan
    zone: tzinfo
    read: int = 0
    created: int = 0
    updated: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


class Importer:
    """Writes customers, products, orders, invoices and refunds; the same key again updates the row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def csv(
        self,
        kind: str,
        path: Path,
        *,
        encoding: str = "utf-8-sig",
        zone: tzinfo = UTC,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import a CSV file; orders have a row for each order line.

        ``zone`` is that of times without one.

        Raises:
            InvalidError: the kind is unknown or the file cannot be read; wrong rows are in the report instead.
        """
        rows = read(path, encoding=encoding)
        if _kind(kind) is Kind.ORDERS:
            rows = group_orders(rows)
        return await self._run(_kind(kind), rows, zone, progress)

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
        return await self._run(_kind(kind), _numbered(rows), zone, progress)

    async def _run(
        self, kind: Kind, rows: Iterable[Numbered], zone: tzinfo, progress: Progress | None
    ) -> ImportReport:
        run = _Run(plan=_PLANS[kind], zone=zone)
        for batch in batched(rows, _BATCH):
            await self._write(run, _check(run, batch))
            if progress is not None:
                progress(run.read)
        rejected = sorted(run.rejected, key=lambda rejection: rejection.line)
        return ImportReport(
            kind=kind,
            read=run.read,
            created=run.created,
            updated=run.updated,
            rejected=tuple(rejected),
        )

    async def _write(self, run: _Run, checked: dict[int, dict[str, Any]]) -> None:
        plan = run.plan
        async with self._database.write() as session:
            if plan.parent is not None:
                name, table, key = plan.parent
                wanted = {row[name] for row in checked.values()}
                known = await repository.existing(session, table, key, wanted)
                for line, row in list(checked.items()):
                    if row[name] not in known:
                        run.rejected.append(
                            Rejection(line=line, reason=f"{name}: there is no {row[name]!r}")
                        )
                        del checked[line]
            rows = list(checked.values())
            keys = {row[plan.key] for row in rows}
            updated = len(await repository.existing(session, plan.table, plan.key, keys))
            if plan.table is OrderRow:
                await repository.save_orders(session, rows)
            else:
                await save(session, plan.table, rows, key=(plan.key,))
        run.updated += updated
        run.created += len(rows) - updated


def _kind(kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError as error:
        raise InvalidError(f"{kind!r} is none of: {', '.join(Kind)}.") from error


def _numbered(rows: Iterable[Mapping[str, Any]]) -> Iterator[Numbered]:
    for place, row in enumerate(rows, start=1):
        yield Numbered(place, row)


def _check(run: _Run, batch: Iterable[Numbered]) -> dict[int, dict[str, Any]]:
    """Return the good records of a batch by their line, and note the others."""
    good: dict[int, dict[str, Any]] = {}
    for row in batch:
        run.read += 1
        try:
            record = _record(run, row)
        except ValueError as error:
            run.rejected.append(Rejection(line=row.line, reason=str(error)))
        else:
            run.seen[record[run.plan.key]] = row.line
            good[row.line] = record
    return good


def _record(run: _Run, row: Numbered) -> dict[str, Any]:
    if isinstance(row.values, Mapping) and MALFORMED in row.values:
        raise ValueError(row.values[MALFORMED])
    try:
        record = run.plan.record.model_validate(row.values, context={"zone": run.zone})
    except ValidationError as error:
        raise ValueError(_reason(error, row)) from error
    values = record.model_dump()
    earlier = run.seen.get(values[run.plan.key])
    if earlier is not None:
        raise ValueError(
            f"{run.plan.key}: {values[run.plan.key]} stands on line {earlier} already"
        )
    return values


def _reason(error: ValidationError, row: Numbered) -> str:
    reasons = []
    for problem in error.errors(include_url=False, include_input=False)[:_MOST_REASONS]:
        place = list(problem["loc"])
        if (
            len(place) > 1
            and place[0] == "lines"
            and isinstance(place[1], int)
            and row.line_numbers
        ):
            place[:2] = [f"line {row.line_numbers[place[1]]}"]
        message = problem["msg"].removeprefix("Value error, ")
        reasons.append(": ".join([*map(str, place), message]))
    more = error.error_count() - len(reasons)
    return "; ".join(reasons) + (f"; and {more} more" if more > 0 else "")
