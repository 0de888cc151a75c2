"""What may be imported, from the command line and the API alike: one door to both importers."""

import csv
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from desk.clock import Clock
from desk.commerce import records
from desk.commerce.importing import Importer, ImportReport, Kind, Rejection
from desk.contacts.importing import ContactImport, ContactImporter
from desk.contacts.record import ContactRecord
from desk.errors import InvalidError, NotFoundError
from desk.store.database import Database

CONTACTS = "contacts"
KINDS = (CONTACTS, *Kind)

type Progress = Callable[[int], None]
type _Alternatives = tuple[str, ...]

_RECORDS: dict[str, type[BaseModel]] = {
    CONTACTS: ContactRecord,
    Kind.CUSTOMERS: records.CustomerRecord,
    Kind.PRODUCTS: records.ProductRecord,
    Kind.ORDERS: records.OrderRecord,
    Kind.INVOICES: records.InvoiceRecord,
    Kind.REFUNDS: records.RefundRecord,
}
_EITHER: dict[str, _Alternatives] = {
    CONTACTS: ("email", "phone"),
    Kind.ORDERS: ("email", "phone"),
}
"""Columns of which one is needed although each alone may be missing."""

_LONGEST_HEADER = 65_536
_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of an import; ``unchanged`` is None where the importer does not tell it from updated."""

    kind: str
    read: int
    created: int
    updated: int
    unchanged: int | None
    rejected: tuple[Rejection, ...]

    @property
    def accepted(self) -> int:
        """How many records are now as they were sent."""
        return self.created + self.updated + (self.unchanged or 0)


def check_kind(kind: str) -> str:
    """Return the kind, or raise NotFoundError naming all of them."""
    if kind not in KINDS:
        raise NotFoundError(f"{kind!r} cannot be imported; choose one of: {', '.join(KINDS)}")
    return kind


async def import_file(
    database: Database,
    clock: Clock,
    kind: str,
    path: Path,
    *,
    encoding: str = "utf-8-sig",
    zone: tzinfo = UTC,
    progress: Progress | None = None,
) -> Outcome:
    """Import a CSV file.

    Raises:
        InvalidError: it cannot be read, or a column is missing; wrong rows are in the outcome instead.
    """
    check_columns(kind, path, encoding)
    if kind == CONTACTS:
        contacts = ContactImporter(database, clock)
        return _outcome(kind, await contacts.csv(path, encoding=encoding, progress=progress))
    shop = Importer(database)
    found = await shop.csv(kind, path, encoding=encoding, zone=zone, progress=progress)
    return _outcome(kind, found)


async def import_rows(
    database: Database, clock: Clock, kind: str, rows: Iterable[Mapping[str, Any]]
) -> Outcome:
    """Import records; an order has its ``lines`` inside."""
    if kind == CONTACTS:
        return _outcome(kind, await ContactImporter(database, clock).rows(rows))
    return _outcome(kind, await Importer(database).rows(kind, rows))


def _outcome(kind: str, report: ImportReport | ContactImport) -> Outcome:
    return Outcome(
        kind=kind,
        read=report.read,
        created=report.created,
        updated=report.updated,
        unchanged=getattr(report, "unchanged", None),
        rejected=report.rejected,
    )


def wanted_columns(kind: str) -> tuple[list[_Alternatives], list[str]]:
    """Return the columns a file needs, each with what may stand in its place, and those it may have."""
    needed, optional = _columns(_RECORDS[kind])
    either = _EITHER.get(kind)
    if either is not None:
        needed.append(either)
        optional = [name for name in optional if name not in either]
    return needed, optional


def _columns(record: type[BaseModel]) -> tuple[list[_Alternatives], list[str]]:
    needed: list[_Alternatives] = []
    optional: list[str] = []
    for name, field in record.model_fields.items():
        if name == "lines":
            more_needed, more_optional = _columns(records.LineRecord)
            needed += more_needed
            optional += more_optional
        elif not field.is_required():
            optional.append(name)
        elif name != "name_zh":
            needed.append(_alternatives(name))
    return needed, optional


def _alternatives(name: str) -> _Alternatives:
    if name == "name_en":
        return ("name_en", "name_zh")
    return (name.removesuffix("_cents"), name) if name.endswith("_cents") else (name,)


def header(path: Path, encoding: str) -> list[str] | None:
    """Return the names of a CSV file's columns in lower case; None when it cannot be read."""
    with (
        suppress(OSError, UnicodeError, LookupError, csv.Error),
        path.open(encoding=encoding, newline="") as lines,
    ):
        first = lines.readline(_LONGEST_HEADER)
        delimiter = max(",;\t|", key=first.count)
        cells = next(csv.reader([first], delimiter=delimiter), [])
        return [cell.strip().lower() for cell in cells]
    return None


def check_columns(kind: str, path: Path, encoding: str) -> None:
    """Raise InvalidError naming the columns a file lacks, and all that are wanted.

    What cannot be read at all is left to the importer, which says why.
    """
    names = header(path, encoding)
    if not names or not any(names):
        return
    needed, optional = wanted_columns(kind)
    missing = [choice for choice in needed if not set(choice) & set(names)]
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise InvalidError(
            f"{path.name} has no column {_spelt(missing[:_MOST_NAMED])}{more}; "
            f"wanted: {_spelt(needed)}; possible: {', '.join(optional)}"
        )


def _spelt(columns: list[_Alternatives]) -> str:
    return ", ".join(" or ".join(choice) for choice in columns)
