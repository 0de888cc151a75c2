"""The record of what people and programs saw and did: rows are only added, each with the hash of the one before.

Whoever changes, removes or reorders rows breaks the chain; whoever removes the last ones contradicts the head. An
earlier head that was kept elsewhere shows even a chain that was written anew.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.store import deferred
from desk.store.database import Database
from desk.store.storable import storable
from desk.store.upsert import insert_new
from desk.tables.access import AuditHeadRow, AuditRow

START = "0" * 64
"""What the first row holds for the one before."""
_NOTES = "audit_notes"
_BATCH = 1_000
_HEAD = 1


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of the record."""

    number: int
    at: datetime
    who: str
    deed: str
    thing: str
    detail: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows are wanted: all that is named here."""

    who: str = ""
    deed: str = ""
    thing: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found: ``broken`` is the first number that is not as it was written, None if all are."""

    rows: int
    head: str
    broken: int | None = None
    why: str = ""


async def note(
    session: AsyncSession,
    *,
    by: str,
    deed: str,
    thing: str,
    detail: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Add to the record in the caller's transaction; it is written at its end, so its lock is held but shortly.

    ``thing`` is ``kind:id``; ``detail`` holds ids and figures, never what somebody wrote.
    """
    session.info.setdefault(_NOTES, []).append(
        {
            "at": now.astimezone(UTC),
            "who": storable(by, 128),
            "deed": storable(deed, 64),
            "thing": storable(thing, 200),
            "detail": _plain(detail or {}),
        }
    )
    deferred.at_end(session, _write)


async def _write(session: AsyncSession) -> None:
    head = await _locked_head(session)
    for values in session.info.pop(_NOTES):
        row = AuditRow(number=head.number + 1, before=head.hash, **values)
        row.hash = hash_of(row)
        session.add(row)
        head.number, head.hash = row.number, row.hash
    await session.flush()


async def _locked_head(session: AsyncSession) -> AuditHeadRow:
    query = select(AuditHeadRow).where(AuditHeadRow.id == _HEAD).with_for_update()
    head = await session.scalar(query.execution_options(populate_existing=True))
    if head is None:
        first = {"id": _HEAD, "number": 0, "hash": START}
        await insert_new(session, AuditHeadRow, first, unique=("id",))
        head = await session.scalar(query)
    if head is None:
        raise LookupError("the head of the record vanished between insert and select")
    return head


def hash_of(row: AuditRow) -> str:
    """Return the SHA-256 of a row as canonical JSON, with the hash of the row before in it."""
    said = {
        "number": row.number,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "who": row.who,
        "deed": row.deed,
        "thing": row.thing,
        "detail": row.detail,
        "before": row.before,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value that every database gives back as it was; fractions become text."""
    if isinstance(value, dict):
        return {storable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int) else storable(str(value))


class Audit:
    """Reads and checks the record, and adds to it where there is no other transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self, *, by: str, deed: str, thing: str, detail: dict[str, Any] | None = None
    ) -> None:
        """Add to the record in a transaction of its own."""
        async with self._database.write() as session:
            await note(session, by=by, deed=deed, thing=thing, detail=detail, now=self._clock())

    async def page(
        self, wanted: Filter, *, before: int | None = None, limit: int = 50
    ) -> Sequence[Entry]:
        """Return rows, the newest first, of numbers below ``before``."""
        query = _filtered(wanted).order_by(AuditRow.number.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.number < before)
        async with self._database.read() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def each(self, wanted: Filter) -> AsyncIterator[Entry]:
        """Give all rows, the newest first."""
        before: int | None = None
        while page := await self.page(wanted, before=before, limit=_BATCH):
            for entry in page:
                yield entry
            before = page[-1].number

    async def verify(self, *, seal: tuple[int, str] | None = None) -> Verdict:
        """Look whether every row is as it was written; ``seal`` is a number with its hash, kept elsewhere."""
        number, last = 0, START
        async with self._database.read() as session:
            while True:
                rows = await _after(session, number)
                for row in rows:
                    why = _trouble(row, number, last, seal)
                    if why:
                        return Verdict(rows=number, head=last, broken=number + 1, why=why)
                    number, last = row.number, row.hash
                session.expunge_all()
                # The head is read last: rows that are added meanwhile are looked at too.
                if not rows:
                    head = await session.get(AuditHeadRow, _HEAD)
                    if head is None or head.number <= number or not await _after(session, number):
                        break
                    session.expunge_all()
        why = _trouble_at_the_end(number, last, head, seal)
        return Verdict(rows=number, head=last, broken=number + 1 if why else None, why=why)


async def _after(session: AsyncSession, number: int) -> Sequence[AuditRow]:
    query = select(AuditRow).where(AuditRow.number > number).order_by(AuditRow.number)
    return (await session.scalars(query.limit(_BATCH))).all()


def _trouble_at_the_end(
    number: int, last: str, head: AuditHeadRow | None, seal: tuple[int, str] | None
) -> str:
    known = max(head.number if head else 0, seal[0] if seal else 0)
    if number < known:
        return f"the last rows are missing: there were {known}"
    if (head.number, head.hash) != (number, last) if head else number:
        return "the head does not belong to the last row"
    return ""


def _trouble(row: AuditRow, before: int, last: str, seal: tuple[int, str] | None) -> str:
    if row.number != before + 1:
        return f"row {before + 1} is missing"
    if row.before != last:
        return f"row {row.number} does not follow the one before"
    if hash_of(row) != row.hash:
        return f"row {row.number} was changed"
    if seal is not None and seal[0] == row.number and seal[1] != row.hash:
        return f"row {row.number} is not the one that was sealed: the record was written anew"
    return ""


def _filtered(wanted: Filter) -> Select[AuditRow]:
    query = select(AuditRow)
    for column, value in (
        (AuditRow.who, wanted.who),
        (AuditRow.deed, wanted.deed),
        (AuditRow.thing, wanted.thing),
    ):
        if value:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(AuditRow.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditRow.at < wanted.until)
    return query


def _entry(row: AuditRow) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        who=row.who,
        deed=row.deed,
        thing=row.thing,
        detail=row.detail,
    )
