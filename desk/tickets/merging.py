"""Two tickets about one matter: merging one into the other, and taking it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.ticket import TicketMergeRow, TicketRow, TicketStatus
from desk.tickets import history, repository
from desk.tickets.model import EntryAuthor, EntryKind, Ticket
from desk.tickets.numbers import ticket_id, ticket_number
from desk.tickets.status import DONE


class TwoContactsError(ConflictError):
    """These are two people's tickets; merge the contacts first if they are one person."""


@dataclass(frozen=True, kw_only=True)
class MergePreview:
    """What a merge would do: ``comments`` of the other would be shown with the kept ticket."""

    kept: Ticket
    other: Ticket
    comments: int
    #: Who has the other ticket and would not have it any more.
    loses: str | None


@dataclass(frozen=True, kw_only=True)
class TicketMerge:
    """A merge that was made."""

    id: int
    kept: str
    other: str
    by: str
    why: str | None
    made_at: datetime
    undone_at: datetime | None
    undone_by: str | None


class TicketMerging:
    """Merges and undoes, each in one transaction.

    The number of the other ticket stays good for its customer and leads to the kept one. Its assignee loses it and is
    told by the event ``ticket.merged``.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def preview(self, *, number: str, into: str) -> MergePreview:
        """Say what :meth:`merge` would do; errors as there."""
        async with self._database.read() as session:
            other, kept = await _two(session, number, into, lock=False)
            ids = await repository.family(session, other.id)
            lines = await repository.entries(session, ids, public_only=False)
        comments = sum(1 for line in lines if line.kind is EntryKind.COMMENT)
        loses = other.assignee if other.assignee != kept.assignee else None
        return MergePreview(
            kept=repository.ticket(kept),
            other=repository.ticket(other),
            comments=comments,
            loses=loses,
        )

    async def merge(
        self, *, number: str, into: str, by: str, why: str | None = None
    ) -> TicketMerge:
        """Make ticket ``number`` a part of ``into``, or of what that became part of.

        Raises:
            NotFoundError: there is no such ticket.
            InvalidError: they are the same ticket.
            ConflictError: it is part of another one already, or the other is part of it.
            TwoContactsError: they are of two contacts.
        """
        async with self._database.write() as session:
            return await self.merge_in(session, number=number, into=into, by=by, why=why)

    async def merge_in(
        self, session: AsyncSession, *, number: str, into: str, by: str, why: str | None = None
    ) -> TicketMerge:
        """Do the same in the caller's transaction; errors as for :meth:`merge`."""
        now = self._clock()
        other, kept = await _two(session, number, into, lock=True)
        before = {
            "status": other.status.value,
            "resolved_at": other.resolved_at.isoformat() if other.resolved_at else None,
            "tags": [tag for tag in other.tags or () if tag not in (kept.tags or ())],
        }
        row = TicketMergeRow(
            kept_id=kept.id,
            other_id=other.id,
            by=storable(by, 128),
            why=storable(why, 500) if why else None,
            before=before,
            made_at=now,
        )
        session.add(row)
        await _take_in(session, kept, other, row, now)
        await session.flush()
        return _merge(row)

    async def undo(self, merge_id: int, *, by: str) -> TicketMerge:
        """Take a merge back; what was written on the kept ticket since stays there.

        Raises:
            NotFoundError: there is no such merge.
            ConflictError: it is undone already.
        """
        now = self._clock()
        async with self._database.write() as session:
            row = await session.scalar(
                select(TicketMergeRow).where(TicketMergeRow.id == merge_id).with_for_update()
            )
            if row is None:
                raise NotFoundError(f"There is no merge {merge_id}.")
            if row.undone_at is not None:
                raise ConflictError(f"{merge_id} is undone already")
            found = await _held(session, row.kept_id, row.other_id)
            kept, other = found[row.kept_id], found[row.other_id]
            row.undone_at, row.undone_by = now, storable(by, 128)
            await _give_back(session, kept, other, row, now)
            await session.flush()
            return _merge(row)

    async def of(self, number: str) -> tuple[TicketMerge, ...]:
        """Return the merges of a ticket, newest first, also those that were undone."""
        wanted = ticket_id(number)
        async with self._database.read() as session:
            rows = await session.scalars(
                select(TicketMergeRow)
                .where((TicketMergeRow.kept_id == wanted) | (TicketMergeRow.other_id == wanted))
                .order_by(TicketMergeRow.id.desc())
            )
            return tuple(_merge(row) for row in rows)


async def _two(
    session: AsyncSession, number: str, into: str, *, lock: bool
) -> tuple[TicketRow, TicketRow]:
    """Return the ticket to be merged and the one that takes it, which may be what ``into`` became part of."""
    ids = ticket_id(number), ticket_id(into)
    rows = [await repository.by_id(session, one) if one is not None else None for one in ids]
    other, target = rows
    if other is None or target is None:
        missing = number if other is None else into
        raise NotFoundError(f"There is no ticket {missing!r}.")
    if other.id == target.id:
        raise InvalidError("a ticket cannot be merged with itself")
    kept = await repository.root(session, target)
    if lock:
        # Both at once and in the order of their ids, so that two merges never wait for each other.
        found = await _held(session, kept.id, other.id)
        kept, other = found[kept.id], found[other.id]
    if other.merged_into is not None:
        raise ConflictError(
            f"{ticket_number(other.id)} is part of {ticket_number(other.merged_into)} already"
        )
    if kept.id == other.id or kept.merged_into is not None:
        raise ConflictError(
            f"{ticket_number(target.id)} is part of this ticket; they would go round"
        )
    if kept.contact_id != other.contact_id:
        raise TwoContactsError
    return other, kept


async def _held(session: AsyncSession, *ids: int) -> dict[int, TicketRow]:
    rows = await session.scalars(
        select(TicketRow)
        .where(TicketRow.id.in_(ids))
        .order_by(TicketRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


async def _take_in(
    session: AsyncSession, kept: TicketRow, other: TicketRow, row: TicketMergeRow, now: datetime
) -> None:
    owner, had = kept.assignee, other.assignee
    if row.before["tags"]:
        kept.tags = [*(kept.tags or ()), *row.before["tags"]]
        await repository.index_tags(session, kept)
    other.merged_into, other.status = kept.id, TicketStatus.CLOSED
    other.resolved_at = other.resolved_at or now
    _changed(session, kept, other, EntryKind.MERGED, row.by, row.why, now)
    data = {"into": kept.id, "by": row.by, "why": row.why, "owner": owner, "told": had}
    history.append(session, other, "ticket.merged", now, data)


async def _give_back(
    session: AsyncSession, kept: TicketRow, other: TicketRow, row: TicketMergeRow, now: datetime
) -> None:
    before = row.before
    other.merged_into, other.status = None, TicketStatus(before["status"])
    at = before["resolved_at"]
    other.resolved_at = datetime.fromisoformat(at) if at and other.status in DONE else None
    kept.tags = [tag for tag in kept.tags or () if tag not in before["tags"]]
    await repository.index_tags(session, kept)
    _changed(session, kept, other, EntryKind.UNMERGED, row.undone_by or row.by, None, now)
    data = {"from": kept.id, "by": row.undone_by, "why": None}
    history.append(session, other, "ticket.unmerged", now, data)


def _changed(
    session: AsyncSession,
    kept: TicketRow,
    other: TicketRow,
    kind: EntryKind,
    by: str,
    why: str | None,
    now: datetime,
) -> None:
    """Write it down at the kept ticket, whose history has the other's while it is part of it."""
    line = history.entry(
        kind,
        EntryAuthor.AGENT,
        now,
        author_name=by,
        text=why,
        old=ticket_number(other.id),
        new=ticket_number(kept.id),
    )
    repository.add_entry(session, kept.id, line)
    for one in (kept, other):
        one.version += 1
        one.updated_at = now


def _merge(row: TicketMergeRow) -> TicketMerge:
    return TicketMerge(
        id=row.id,
        kept=ticket_number(row.kept_id),
        other=ticket_number(row.other_id),
        by=row.by,
        why=row.why,
        made_at=row.made_at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
