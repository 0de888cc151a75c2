"""Take in what people did elsewhere: page views, opened e-mails, clicks, likes, follows, shares."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.behaviour import repository
from desk.behaviour.record import BehaviourRecord, canonical
from desk.clock import Clock
from desk.commerce.importing import numbered
from desk.contacts import repository as contacts
from desk.imports import files, run
from desk.imports.report import ImportReport, OnRejected, Progress
from desk.imports.run import Batch, Plan, Terms
from desk.store.database import Database

KIND = "behaviour"
_BATCH = 1000
"""More than for others: the rows are small, and there are millions of them."""

type _Owner = tuple[str, str]
"""The column of a row that names the person, and the id in it."""


class BehaviourImporter:
    """Writes what people did; the same key again is the same deed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(
        self,
        path: Path,
        *,
        encoding: str = "utf-8-sig",
        zone: tzinfo = UTC,
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
            zone=zone,
            progress=progress,
            on_rejected=on_rejected,
            digest=digest,
        )
        return await run.run(self._database, _PLAN, files.read(path, encoding=encoding), terms)

    async def rows(self, rows: Iterable[Mapping[str, Any]]) -> ImportReport:
        """Import records as the API gets them."""
        terms = Terms(clock=self._clock, zone=UTC)
        return await run.run(self._database, _PLAN, numbered(rows), terms)


async def _write(session: AsyncSession, batch: Batch[BehaviourRecord]) -> None:
    owners = await _owners(session, batch)
    for line, record in list(batch.records.items()):
        if record.who not in owners:
            name, value = record.who
            batch.reject(line, f"{name}: there is no {value!r}")
    known = await repository.with_keys(session, {r.identity for r in batch.records.values()})
    new = []
    for record in batch.records.values():
        row = _row(record, owners[record.who])
        found = known.get(record.identity)
        if found is None:
            new.append({"key": record.identity, **row})
        elif tuple(row.values()) == tuple(found[2:]):
            batch.unchanged += 1
        else:
            batch.updated += 1
            await repository.change(session, found[1], row)
    await repository.add(session, new)
    batch.created = len(new)


def _row(record: BehaviourRecord, owner: _Owner) -> dict[str, Any]:
    whose = {"customer_id": None, "contact_id": None} | dict([owner])
    plain = ("name", "occurred_at", "channel", "item", "value")
    return {**whose, **{name: getattr(record, name) for name in plain}}


async def _owners(
    session: AsyncSession, batch: Batch[BehaviourRecord]
) -> dict[tuple[str, str], _Owner]:
    """Return whose row it is, by how the person is named: a contact before a customer, the oldest of several."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    as_written: defaultdict[str, set[str]] = defaultdict(set)
    for record in batch.records.values():
        name, value = record.who
        named[name].add(value)
        as_written[name] |= {value, str(getattr(record, name))}
    found: dict[tuple[str, str], _Owner] = {}
    # The shop's addresses and numbers stand as the shop wrote them, those of contacts in one form.
    for column, key in (("email", "email"), ("phone", "phone"), ("id", "customer_id")):
        known = await repository.customers_by(session, column, as_written[key])
        for value, id_ in known.items():
            found[key, canonical(key, value)] = ("customer_id", id_)
    for id_ in await repository.contacts_with(session, named["contact_id"]):
        found["contact_id", id_] = ("contact_id", id_)
    for column, ask in (("email", contacts.by_email), ("phone", contacts.by_phone)):
        for value, contact in reversed(await ask(session, named[column])):
            found[column, value] = ("contact_id", contact.id)
    return found


_PLAN = Plan(
    kind=KIND,
    record=BehaviourRecord,
    keys=lambda record: (record.identity,),
    write=_write,
    label="key: ",
    counted=("channel", "item", "value"),
    batch=_BATCH,
)
