"""Questions of merging: what is whose, and moving it."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.tables.automation import ContactAttributeRow, TaskRow
from desk.tables.base import Base
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow, ContactRow, MergeRow
from desk.tables.conversation import ConversationRow
from desk.tables.feedback import FeedbackRow
from desk.tables.suppression import SuppressionRow
from desk.tables.ticket import TicketRow

type Moved = dict[str, list[Any]]
"""Ids of rows by table: handles, conversations, tasks, contacts merged earlier, and without a conversation consents
and words against messages.

Attributes have no id; theirs are the keys under which the other one knew nothing.
"""

_OWNED: dict[str, tuple[type[Any], InstrumentedAttribute[Any]]] = {
    "contact_identity": (ContactIdentityRow, ContactIdentityRow.contact_id),
    "conversation": (ConversationRow, ConversationRow.contact_id),
    "consent": (ConsentRow, ConsentRow.contact_id),
    "suppression": (SuppressionRow, SuppressionRow.contact_id),
    "task": (TaskRow, TaskRow.contact_id),
    "contact": (ContactRow, ContactRow.merged_into),
}
_ATTRIBUTES = "contact_attribute"
# These always belong to whom their conversation belongs to.
_FOLLOWERS = (TicketRow, FeedbackRow, ConsentRow, SuppressionRow)
COUNTED: dict[str, type[Any]] = {
    "handles": ContactIdentityRow,
    "conversations": ConversationRow,
    "tickets": TicketRow,
    "feedback": FeedbackRow,
    "consents": ConsentRow,
    "suppressions": SuppressionRow,
    "tasks": TaskRow,
}


async def all_of(session: AsyncSession, contact_id: str, keeper_id: str) -> Moved:
    """Return what a contact has and a keeper is to get, their conversations locked."""
    owned: Moved = {
        "conversation": await conversations(session, contact_id),
        "consent": await _loose(session, ConsentRow, contact_id),
        "suppression": await _loose(session, SuppressionRow, contact_id),
    }
    for name in ("contact_identity", "task", "contact"):
        table, owner = _OWNED[name]
        owned[name] = await _ids(session, table, owner == contact_id)
    owned[_ATTRIBUTES] = await _new_keys(session, contact_id, keeper_id)
    return owned


async def _new_keys(session: AsyncSession, contact_id: str, keeper_id: str) -> list[str]:
    """Return the attributes that move: what the keeper knows stays, and the other's word for it where it was."""
    key, holder = ContactAttributeRow.key, ContactAttributeRow.contact_id
    known = select(key).where(holder == keeper_id)
    new = select(key).where(holder == contact_id, key.not_in(known)).order_by(key)
    return list(await session.scalars(new))


async def _loose(
    session: AsyncSession, table: type[ConsentRow] | type[SuppressionRow], contact_id: str
) -> list[Any]:
    is_loose = and_(table.contact_id == contact_id, table.conversation_id.is_(None))
    return await _ids(session, table, is_loose)


async def _ids(session: AsyncSession, table: type[Any], *where: ColumnElement[bool]) -> list[Any]:
    return list(await session.scalars(select(table.id).where(*where).order_by(table.id)))


async def conversations(
    session: AsyncSession, contact_id: str, handle_ids: Collection[str] | None = None
) -> list[str]:
    """Return the ids of a contact's conversations, locked; with ``handle_ids`` those that these handles had."""
    query = select(ConversationRow.id).where(ConversationRow.contact_id == contact_id)
    if handle_ids is not None:
        # Where no handle was kept the thread has its name.
        name = func.coalesce(ConversationRow.handle, ConversationRow.thread)
        query = query.join(
            ContactIdentityRow,
            and_(
                ContactIdentityRow.channel == ConversationRow.channel,
                ContactIdentityRow.account == ConversationRow.account,
                ContactIdentityRow.external_id == name,
            ),
        ).where(ContactIdentityRow.id.in_(handle_ids))
    return list(
        await session.scalars(
            query.order_by(ConversationRow.id).with_for_update(of=ConversationRow)
        )
    )


async def move(session: AsyncSession, moved: Moved, *, source: str, contact_id: str) -> None:
    """Give rows of the contact ``source``, and what follows a conversation, to another."""
    for table, owner, ids in _rows(moved):
        await _give(session, table, owner, table.id.in_(ids), contact_id)
    key, holder = ContactAttributeRow.key, ContactAttributeRow.contact_id
    of_source = and_(holder == source, key.in_(moved.get(_ATTRIBUTES, ())))
    await _give(session, ContactAttributeRow, holder, of_source, contact_id)
    talks = moved["conversation"]
    for table in _FOLLOWERS:
        await _give(session, table, table.contact_id, table.conversation_id.in_(talks), contact_id)


def _rows(moved: Moved) -> Iterator[tuple[type[Any], InstrumentedAttribute[Any], list[Any]]]:
    for name, ids in moved.items():
        if name != _ATTRIBUTES:
            yield (*_OWNED[name], ids)


async def _give(
    session: AsyncSession,
    table: type[Base],
    owner: InstrumentedAttribute[Any],
    condition: ColumnElement[bool],
    contact_id: str,
) -> None:
    await session.execute(
        update(table)
        .where(condition)
        .values({owner.key: contact_id})
        .execution_options(synchronize_session=False)
    )


async def are_at(session: AsyncSession, moved: Moved, contact_id: str) -> bool:
    """Say whether rows that were moved to a contact are still theirs; rows that are gone do not count."""
    for table, owner, ids in _rows(moved):
        elsewhere = or_(owner.is_(None), owner != contact_id)
        if await _ids(session, table, table.id.in_(ids), elsewhere):
            return False
    return True


async def counts(session: AsyncSession, contact_id: str, keeper_id: str) -> dict[str, int]:
    """Return how much of each kind a contact has that a keeper would get."""
    found = {
        name: await session.scalar(
            select(func.count()).select_from(table).where(table.contact_id == contact_id)
        )
        or 0
        for name, table in COUNTED.items()
    }
    return found | {"attributes": len(await _new_keys(session, contact_id, keeper_id))}


async def by_id(session: AsyncSession, merge_id: int) -> MergeRow | None:
    """Return a merge or split, locked."""
    return await session.scalar(select(MergeRow).where(MergeRow.id == merge_id).with_for_update())


async def later(session: AsyncSession, row: MergeRow) -> Sequence[MergeRow]:
    """Return what was merged or split after this one with the same people and is not undone, newest first."""
    people = (row.kept_id, row.other_id)
    found = await session.scalars(
        select(MergeRow)
        .where(
            MergeRow.id > row.id,
            MergeRow.undone_at.is_(None),
            or_(MergeRow.kept_id.in_(people), MergeRow.other_id.in_(people)),
        )
        .order_by(MergeRow.id.desc())
    )
    return found.all()


async def newest(
    session: AsyncSession, *, contact_id: str | None, limit: int
) -> Sequence[MergeRow]:
    """Return merges and splits, newest first."""
    query = select(MergeRow).order_by(MergeRow.id.desc()).limit(limit)
    if contact_id is not None:
        query = query.where(or_(MergeRow.kept_id == contact_id, MergeRow.other_id == contact_id))
    return (await session.scalars(query)).all()
