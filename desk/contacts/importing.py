"""Take contacts in, from a file or the API: checked row by row, safe to repeat."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.behaviour import repository as people
from desk.clock import Clock
from desk.commerce.importing import numbered
from desk.contacts import consents, repository
from desk.contacts.consents import Given
from desk.contacts.record import ContactRecord
from desk.events import Event
from desk.ids import new_id
from desk.imports import files, run
from desk.imports.cleaning import DEMOGRAPHICS
from desk.imports.report import ImportReport, OnRejected, Progress
from desk.imports.run import Batch, Plan, Terms
from desk.store.database import Database
from desk.tables.behaviour import DemographicsRow
from desk.tables.contact import ContactRow

KIND = "contacts"
_COLUMNS = ("name", "email", "phone", "language")
_CONSENT = {"consent", "consent_at"}
_NEVER = datetime.min.replace(tzinfo=UTC)


class ContactImporter:
    """Writes contacts, known again by their e-mail address, or without one by their phone number.

    An empty cell leaves what is known as it is.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(
        self,
        path: Path,
        *,
        encoding: str = "utf-8-sig",
        progress: Progress | None = None,
        on_rejected: OnRejected | None = None,
        digest: str | None = None,
    ) -> ImportReport:
        """Import a CSV, Parquet or JSON lines file; with a ``digest`` a cut import goes on where it was.

        Raises:
            InvalidError: the file cannot be read; wrong rows are in the report instead.
            ConflictError: another process is importing the same file.
        """
        terms = Terms(
            clock=self._clock,
            zone=UTC,
            progress=progress,
            on_rejected=on_rejected,
            digest=digest,
        )
        rows = files.read(path, encoding=encoding)
        return await run.run(self._database, self._plan(), rows, terms)

    async def rows(
        self, rows: Iterable[Mapping[str, Any]], *, progress: Progress | None = None
    ) -> ImportReport:
        """Import records as the API gets them; a rejection names the record's place from 1 on."""
        terms = Terms(clock=self._clock, zone=UTC, progress=progress)
        return await run.run(self._database, self._plan(), numbered(rows), terms)

    def _plan(self) -> Plan[ContactRecord]:
        async def write(session: AsyncSession, batch: Batch[ContactRecord]) -> None:
            await _write(session, batch, self._clock())

        return Plan(
            kind=KIND,
            record=ContactRecord,
            keys=lambda one: tuple(dict.fromkeys(k for k in (one.email, one.phone) if k)),
            write=write,
            counted=(*_COLUMNS, *DEMOGRAPHICS),
        )


async def _write(session: AsyncSession, batch: Batch[ContactRecord], now: datetime) -> None:
    known = await _known(session, list(batch.records.values()))
    ids = {row.id for row in known.values()}
    told = await people.demographics_of(session, ids)
    heard = await consents.heard(session, ids)
    demographics: dict[str, dict[str, Any]] = {}
    given: list[Given] = []
    for record in batch.records.values():
        values = record.model_dump(exclude=_CONSENT)
        about = {name: values.pop(name) for name in DEMOGRAPHICS}
        found = known.get(record.key)
        id_ = found.id if found else new_id()
        new = _given(id_, record, heard)
        given += new
        if found is None:
            _new(batch, session, {"id": id_, **values}, now)
        else:
            changed = [*_changed(told.get(id_), about), *(["consent"] if new else [])]
            _update(batch, session, found, record, changed, now)
        # Two records may name one contact who was merged: what the later one does not say stays.
        said = demographics.setdefault(id_, dict.fromkeys(DEMOGRAPHICS))
        said.update({name: value for name, value in about.items() if value is not None})
    await session.flush()
    await people.save_demographics(session, "contact_id", demographics)
    await consents.bring_in(session, given)


def _given(
    contact_id: str, record: ContactRecord, heard: dict[tuple[str, str], datetime]
) -> list[Given]:
    """Return which consents are news; what the contact has said since then counts, whatever it was."""
    at = record.consent_at
    if at is None:
        return []
    new = [
        one for one in dict.fromkeys(record.consent) if at > heard.get((contact_id, one), _NEVER)
    ]
    heard |= {(contact_id, one): at for one in new}
    return [Given(contact_id=contact_id, purpose=one, at=at) for one in new]


async def _known(session: AsyncSession, records: Sequence[ContactRecord]) -> dict[str, ContactRow]:
    """Return contacts by the key of their record; of several the oldest."""
    emails = {record.email for record in records if record.email}
    phones = {record.phone for record in records if record.phone and not record.email}
    known: dict[str, ContactRow] = {}
    for key, row in await repository.by_email(session, emails):
        known.setdefault(key, row)
    for key, row in await repository.by_phone(session, phones):
        known.setdefault(key, row)
    return known


def _changed(known: DemographicsRow | None, about: Mapping[str, Any]) -> list[str]:
    """Return which columns say something new."""
    return [
        name
        for name, value in about.items()
        if value is not None and value != (getattr(known, name) if known else None)
    ]


def _new(
    batch: Batch[ContactRecord], session: AsyncSession, values: dict[str, Any], now: datetime
) -> None:
    batch.created += 1
    session.add(ContactRow(created_at=now, **values))
    _note(session, values["id"], now, [name for name in _COLUMNS if values[name]], created=True)


def _update(
    batch: Batch[ContactRecord],
    session: AsyncSession,
    row: ContactRow,
    record: ContactRecord,
    about: Sequence[str],
    now: datetime,
) -> None:
    changes = {
        column: value
        for column in _COLUMNS
        if (value := getattr(record, column)) is not None
        and value != getattr(row, column)
        # Who was merged is known by what they had, and keeps what they have.
        and not (value == record.key and getattr(row, column))
    }
    if not changes and not about:
        batch.unchanged += 1
        return
    for column, value in changes.items():
        setattr(row, column, value)
    batch.updated += 1
    _note(session, row.id, now, [*changes, *about], created=False)


def _note(
    session: AsyncSession, contact_id: str, now: datetime, columns: list[str], *, created: bool
) -> None:
    data = {"created": created, "columns": columns}
    events.append(
        session,
        Event(name="contact.imported", occurred_at=now, contact_id=contact_id, data=data),
    )
