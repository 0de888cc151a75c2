"""Two contacts that are one person, and one contact that is two: merging, splitting, and taking it back.

Nobody is merged without an agent's word or a proof. What a contact has goes with their handles and conversations:
tickets, ratings and consents belong to whom the conversation belongs to. Events keep the contact's id of their day;
``contact.merged_into`` tells who that is now, and ``contact.merged`` and ``contact.split`` tell when it changed.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.contacts import merge_repository as ask
from desk.contacts import repository
from desk.contacts.filling import Changed, apply, fill
from desk.contacts.merge_model import Merge, Preview, TwoCustomersError, Word, merge_of
from desk.contacts.merge_repository import Moved
from desk.contacts.undoing import unmerge, unsplit
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.contact import ContactIdentityRow, ContactRow, MergeKind, MergeRow, Proof

_DEADLOCK, _TRIES = "40P01", 3


class Merging:
    """Merges, splits and undoes, each in one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def merge(
        self, keep_id: str, other_id: str, *, by: str, why: str | None = None, forced: bool = False
    ) -> Merge:
        """Let an agent make two contacts one: everything of the other's becomes the kept one's.

        Raises:
            NotFoundError: one of them does not exist.
            ConflictError: one is merged already.
            TwoCustomersError: they are two customers of the shop, and it is not ``forced``.
        """

        async def work(session: AsyncSession) -> Merge:
            word, now = Word(by=by, why=why), self._clock()
            return await merge_in(session, keep_id, other_id, word, now=now, forced=forced)

        return await self._write(work)

    async def preview(self, keep_id: str, other_id: str) -> Preview:
        """Say what :meth:`merge` would do; errors as there, but two customers are no error yet."""
        async with self._database.read() as session:
            found = [await repository.by_id(session, one) for one in (keep_id, other_id)]
            kept, other = _two({row.id: row for row in found if row}, keep_id, other_id)
            return Preview(
                kept_id=kept.id,
                other_id=other.id,
                moves=await ask.counts(session, other.id, kept.id),
                fills=tuple(fill(kept, other)),
                two_customers=_are_two_customers(kept, other),
            )

    async def split(self, identity_id: str, *, by: str, why: str | None = None) -> Merge:
        """Give a handle, with its conversations, a contact of its own.

        Raises:
            NotFoundError: there is no such handle.
            ConflictError: their contact has no other handle.
        """
        word = Word(by=by, why=why)
        return await self._write(lambda session: self._split(session, identity_id, word))

    async def undo(self, merge_id: int, *, by: str) -> Merge:
        """Put back what a merge or split moved and filled.

        What came since to a conversation or handle that goes back goes with it; all else stays with the kept contact.

        Raises:
            NotFoundError: there is no such merge or split.
            ConflictError: it is undone already, or a later one builds on it; the message names that one.
        """
        return await self._write(lambda session: self._undo(session, merge_id, by))

    async def list(self, *, contact_id: str | None = None, limit: int = 50) -> tuple[Merge, ...]:
        """Return merges and splits, newest first, also those that were undone."""
        async with self._database.read() as session:
            rows = await ask.newest(session, contact_id=contact_id, limit=limit)
        return tuple(merge_of(row) for row in rows)

    async def _write(self, work: Callable[[AsyncSession], Awaitable[Merge]]) -> Merge:
        """Try again where PostgreSQL ended us because somebody waited for us while we waited for them."""
        for left in reversed(range(_TRIES)):
            try:
                async with self._database.write() as session:
                    return await work(session)
            except DBAPIError as error:
                if not left or getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _split(self, session: AsyncSession, identity_id: str, word: Word) -> Merge:
        kept, handle = await _held_of(session, identity_id)
        if len(await repository.identities_of(session, kept.id)) < 2:
            raise ConflictError("this is the contact's only handle; there is nothing to split off")
        now = self._clock()
        other = ContactRow(id=new_id(), language=kept.language, created_at=now)
        session.add(other)
        await session.flush()
        moved: Moved = {
            "contact_identity": [handle.id],
            "conversation": await ask.conversations(session, kept.id, [handle.id]),
        }
        await ask.move(session, moved, source=kept.id, contact_id=other.id)
        row = _row(MergeKind.SPLIT, kept, other, moved, {}, word, now)
        return await _keep(session, row, "contact.split", now)

    async def _undo(self, session: AsyncSession, merge_id: int, by: str) -> Merge:
        row = await ask.by_id(session, merge_id)
        if row is None:
            raise NotFoundError(f"there is no merge {merge_id}")
        if row.undone_at is not None:
            raise ConflictError(f"{merge_id} is undone already")
        people = await repository.held(session, {row.kept_id, row.other_id})
        kept, other = people[row.kept_id], people[row.other_id]
        back = unmerge if row.kind is MergeKind.MERGE else unsplit
        await back(session, row, kept, other)
        now = self._clock()
        row.undone_at, row.undone_by = now, storable(by, 128)
        name = "contact.split" if row.kind is MergeKind.MERGE else "contact.merged"
        return await _keep(session, row, name, now)


async def merge_in(
    session: AsyncSession,
    keep_id: str,
    other_id: str,
    word: Word,
    *,
    now: datetime,
    forced: bool = False,
) -> Merge:
    """Merge inside the caller's transaction, which holds no conversation yet; otherwise as :meth:`Merging.merge`.

    Over a deep link nobody stays verified: who forwards one must not hand out, or get, a customer's orders.
    """
    people = await repository.held(session, {keep_id, other_id})
    kept, other = _two(people, keep_id, other_id)
    if _are_two_customers(kept, other) and not forced:
        raise TwoCustomersError
    moved = await ask.all_of(session, other.id, kept.id)
    await ask.move(session, moved, source=other.id, contact_id=kept.id)
    changed = fill(kept, other, verified=word.proof is not Proof.DEEP_LINK)
    apply(kept, changed)
    other.merged_into = kept.id
    row = _row(MergeKind.MERGE, kept, other, moved, changed, word, now)
    return await _keep(session, row, "contact.merged", now)


def _two(
    people: Mapping[str, ContactRow], keep_id: str, other_id: str
) -> tuple[ContactRow, ContactRow]:
    if keep_id == other_id:
        raise InvalidError("a contact cannot be merged with itself")
    for one in (keep_id, other_id):
        if one not in people:
            raise NotFoundError(f"there is no contact {one}")
        into = people[one].merged_into
        if into is not None:
            raise ConflictError(f"{one} is merged into {into} already")
    return people[keep_id], people[other_id]


def _are_two_customers(kept: ContactRow, other: ContactRow) -> bool:
    customers = {kept.customer_id, other.customer_id} - {None}
    return len(customers) > 1


async def _held_of(
    session: AsyncSession, identity_id: str
) -> tuple[ContactRow, ContactIdentityRow]:
    """Return a handle with its contact, held; who they belong to may change until then."""
    while True:
        handle = await session.get(ContactIdentityRow, identity_id, populate_existing=True)
        if handle is None:
            raise NotFoundError(f"there is no handle {identity_id}")
        owner = handle.contact_id
        people = await repository.held(session, {owner})
        await session.refresh(handle)
        if handle.contact_id == owner:
            return people[owner], handle


def _row(
    kind: MergeKind,
    kept: ContactRow,
    other: ContactRow,
    moved: Moved,
    changed: Changed,
    word: Word,
    now: datetime,
) -> MergeRow:
    return MergeRow(
        kind=kind,
        kept_id=kept.id,
        other_id=other.id,
        proof=word.proof,
        by=storable(word.by, 128),
        why=storable(word.why, 500) if word.why else None,
        moved=moved,
        changed=changed,
        made_at=now,
    )


async def _keep(session: AsyncSession, row: MergeRow, name: str, now: datetime) -> Merge:
    """Write the row and the event that tells readers who is one person from now on."""
    session.add(row)
    await session.flush()
    data = {
        "merge_id": row.id,
        "other_id": row.other_id,
        "proof": row.proof.value,
        "undone": row.undone_at is not None,
        "identities": row.moved["contact_identity"],
        "conversations": row.moved["conversation"],
    }
    events.append(session, Event(name=name, occurred_at=now, contact_id=row.kept_id, data=data))
    return merge_of(row)
