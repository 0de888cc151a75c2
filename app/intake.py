"""What may be imported, from the command line and the API alike: one door to all importers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from desk.behaviour import importing as behaviour
from desk.behaviour.importing import BehaviourImporter
from desk.behaviour.record import BehaviourRecord
from desk.clock import Clock
from desk.commerce import records
from desk.commerce.importing import Importer, Kind
from desk.contacts import importing as contacts
from desk.contacts.importing import ContactImporter
from desk.contacts.record import ContactRecord
from desk.errors import InvalidError, NotFoundError
from desk.imports import files
from desk.imports.report import ImportReport, OnRejected, Progress
from desk.store.database import Database

CONTACTS, BEHAVIOUR = contacts.KIND, behaviour.KIND
SHOP_KINDS = (*Kind, BEHAVIOUR)
"""What ``frontdesk shop import`` takes."""
KINDS = (CONTACTS, *SHOP_KINDS)

type _Alternatives = tuple[str, ...]

_RECORDS: dict[str, type[BaseModel]] = {
    CONTACTS: ContactRecord,
    Kind.CUSTOMERS: records.CustomerRecord,
    Kind.PRODUCTS: records.ProductRecord,
    Kind.ORDERS: records.OrderRecord,
    Kind.INVOICES: records.InvoiceRecord,
    Kind.REFUNDS: records.RefundRecord,
    BEHAVIOUR: BehaviourRecord,
}
_EITHER: dict[str, _Alternatives] = {
    CONTACTS: ("email", "phone"),
    Kind.ORDERS: ("email", "phone"),
    BEHAVIOUR: ("customer_id", "contact_id", "email", "phone"),
}
"""Columns of which one is needed although each alone may be missing."""

_MOST_NAMED = 3


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
    on_rejected: OnRejected | None = None,
    digest: str | None = None,
    new_customers: bool = False,
    at_once: int | None = None,
) -> ImportReport:
    """Import a CSV, Parquet or JSON lines file; with a ``digest`` a cut import goes on where it was.

    With ``new_customers`` an order of somebody who is not known makes a customer of what it says; ``at_once`` orders
    are one transaction.

    Raises:
        InvalidError: it cannot be read, or a column is missing; wrong rows are in the report instead.
        ConflictError: another process is importing the same file.
    """
    check_columns(kind, path, encoding)
    told: dict[str, Any] = {"progress": progress, "on_rejected": on_rejected, "digest": digest}
    if kind == CONTACTS:
        return await ContactImporter(database, clock).file(path, encoding=encoding, **told)
    if kind == BEHAVIOUR:
        importer = BehaviourImporter(database, clock)
        return await importer.file(path, encoding=encoding, zone=zone, **told)
    told |= {"new_customers": new_customers, "at_once": at_once}
    return await Importer(database, clock).file(kind, path, encoding=encoding, zone=zone, **told)


async def import_rows(
    database: Database, clock: Clock, kind: str, rows: Iterable[Mapping[str, Any]]
) -> ImportReport:
    """Import records; an order has its ``lines`` inside."""
    if kind == CONTACTS:
        return await ContactImporter(database, clock).rows(rows)
    if kind == BEHAVIOUR:
        return await BehaviourImporter(database, clock).rows(rows)
    return await Importer(database, clock).rows(kind, rows)


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
            needed += [(*choice, "lines") for choice in more_needed]
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
    """Return the names of a file's columns in small letters; None when it cannot be read."""
    return files.columns(path, encoding=encoding)


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
