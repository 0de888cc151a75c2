"""Take contacts in, from a CSV file or the API: checked row by row, safe to repeat."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.commerce.importing import Rejection
from desk.commerce.table_file import MALFORMED, Numbered, read
from desk.contacts import repository
from desk.contacts.record import ContactRecord
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.contact import ContactRow

_BATCH = 200
"""Records in one transaction: others write in between."""

_COLUMNS = ("name", "email", "phone", "language")

type Progress = Callable[[int], None]
"""Called after each batch with the number of records read so far."""


@dataclass(frozen=True, kw_only=True)
class ContactImport:
    """What came of an import of contacts."""

    read: int
    created: int
    updated: int
    unchanged: int
    rejected: tuple[Rejection, ...]


@dataclass(kw_only=True)
class _Run:
    """One import under way; ``seen`` says on which line an address or a number stood."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


class ContactImporter:
    """Writes contacts, known again by their e-mail address, or without one by their phone number.

    An empty cell leaves what is known as it is.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def csv(
        self, path: Path, *, encoding: str = "utf-8-sig", progress: Progress | None = None
    ) -> ContactImport:
        """Import a CSV file.

        Raises:
            InvalidError: the file cannot be read; wrong rows are in the report instead.
        """
        return await self._run(read(path, encoding=encoding), progress)

    async def rows(
        self, rows: Iterable[Mapping[str, Any]], *, progress: Progress | None = None
    ) -> ContactImport:
        """Import records as the API gets them; a rejection names the record's place from 1 on."""
        numbered = (Numbered(place, row) for place, row in enumerate(rows, start=1))
        return await self._run(numbered, progress)

    async def _run(self, rows: Iterable[Numbered], progress: Progress | None) -> ContactImport:
        run = _Run()
        for batch in batched(rows, _BATCH):
            checked = _check(run, batch)
            async with self._database.write() as session:
                await _write(session, run, checked, self._clock())
            if progress is not None:
                progress(run.read)
        return ContactImport(
            read=run.read,
            created=run.created,
            updated=run.updated,
            unchanged=run.unchanged,
            rejected=tuple(run.rejected),
        )


def _check(run: _Run, batch: Iterable[Numbered]) -> list[ContactRecord]:
    """Return the good records of a batch, and note the others."""
    good: list[ContactRecord] = []
    for row in batch:
        run.read += 1
        try:
            record = _record(row)
            if record.key in run.seen:
                raise ValueError(f"{record.key} stands on line {run.seen[record.key]} already")
        except ValueError as error:
            run.rejected.append(Rejection(line=row.line, reason=str(error)))
        else:
            run.seen |= {key: row.line for key in (record.email, record.phone) if key}
            good.append(record)
    return good


def _record(row: Numbered) -> ContactRecord:
    if isinstance(row.values, Mapping) and MALFORMED in row.values:
        raise ValueError(row.values[MALFORMED])
    try:
        return ContactRecord.model_validate(row.values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        reasons = [
            ": ".join([*map(str, p["loc"]), p["msg"].removeprefix("Value error, ")])
            for p in problems
        ]
        raise ValueError("; ".join(reasons)) from error


async def _write(
    session: AsyncSession, run: _Run, records: Sequence[ContactRecord], now: datetime
) -> None:
    emails = {record.email for record in records if record.email}
    phones = {record.phone for record in records if record.phone and not record.email}
    known: dict[str, ContactRow] = {}
    for row in await repository.by_email(session, emails):
        known.setdefault(row.email or "", row)
    for row in await repository.by_phone(session, phones):
        known.setdefault(row.phone or "", row)
    for record in records:
        found = known.get(record.key)
        if found is None:
            session.add(_new(run, session, record, now))
        else:
            _update(run, session, found, record, now)


def _new(run: _Run, session: AsyncSession, record: ContactRecord, now: datetime) -> ContactRow:
    run.created += 1
    row = ContactRow(id=new_id(), created_at=now, **record.model_dump())
    _note(session, row.id, now, [c for c in _COLUMNS if getattr(record, c)], created=True)
    return row


def _update(
    run: _Run, session: AsyncSession, row: ContactRow, record: ContactRecord, now: datetime
) -> None:
    changes = {
        column: value
        for column in _COLUMNS
        if (value := getattr(record, column)) is not None and value != getattr(row, column)
    }
    if not changes:
        run.unchanged += 1
        return
    for column, value in changes.items():
        setattr(row, column, value)
    run.updated += 1
    _note(session, row.id, now, list(changes), created=False)


def _note(
    session: AsyncSession, contact_id: str, now: datetime, columns: list[str], *, created: bool
) -> None:
    data = {"created": created, "columns": columns}
    events.append(
        session,
        Event(name="contact.imported", occurred_at=now, contact_id=contact_id, data=data),
    )
