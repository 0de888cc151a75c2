"""Questions about contacts, their handles and their conversations."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from desk.ids import new_id
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import ConversationRow, MessageRow


@dataclass(frozen=True)
class Place:
    """What a platform knows somebody by."""

    channel: str
    account: str
    external_id: str

    @property
    def columns(self) -> dict[str, str]:
        """The name as columns of a table."""
        return asdict(self)

    @property
    def is_here(self) -> ColumnElement[bool]:
        """The condition for the handle with this name."""
        return (
            (ContactIdentityRow.channel == self.channel)
            & (ContactIdentityRow.account == self.account)
            & (ContactIdentityRow.external_id == self.external_id)
        )


async def by_email(
    session: AsyncSession, emails: Collection[str]
) -> Sequence[tuple[str, ContactRow]]:
    """Return (address, contact) for these addresses, the oldest first; who was merged is who they are now."""
    return await _by(session, ContactRow.email, emails)


async def by_phone(
    session: AsyncSession, phones: Collection[str]
) -> Sequence[tuple[str, ContactRow]]:
    """Return (number, contact) for these numbers, the oldest first; who was merged is who they are now."""
    return await _by(session, ContactRow.phone, phones)


async def _by(
    session: AsyncSession, column: InstrumentedAttribute[str | None], values: Collection[str]
) -> Sequence[tuple[str, ContactRow]]:
    if not values:
        return []
    now = aliased(ContactRow)
    found = await session.execute(
        select(column, now)
        .join(now, now.id == func.coalesce(ContactRow.merged_into, ContactRow.id))
        .where(column.in_(values))
        .order_by(ContactRow.created_at, ContactRow.id)
    )
    return [(row[0] or "", row[1]) for row in found]


async def by_id(session: AsyncSession, contact_id: str) -> ContactRow | None:
    """Return a contact."""
    return await session.get(ContactRow, contact_id)


async def of_conversation(session: AsyncSession, conversation_id: str) -> ContactRow | None:
    """Return whose conversation this is."""
    return await session.scalar(
        select(ContactRow)
        .join(ConversationRow, ConversationRow.contact_id == ContactRow.id)
        .where(ConversationRow.id == conversation_id)
    )


async def said_by_and_to(
    session: AsyncSession, contact_id: str, limit: int
) -> Sequence[tuple[MessageRow, ConversationRow]]:
    """Return the last messages of all of a contact's conversations, notes included, oldest first."""
    rows = await session.execute(
        select(MessageRow, ConversationRow)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(ConversationRow.contact_id == contact_id)
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in reversed(rows.all())]


async def identities_of(session: AsyncSession, contact_id: str) -> Sequence[ContactIdentityRow]:
    """Return a contact's handles, the oldest first."""
    query = (
        select(ContactIdentityRow)
        .where(ContactIdentityRow.contact_id == contact_id)
        .order_by(ContactIdentityRow.id)
    )
    return (await session.scalars(query)).all()


async def conversations_of(session: AsyncSession, contact_id: str) -> Sequence[ConversationRow]:
    """Return a contact's conversations, the newest first."""
    query = (
        select(ConversationRow)
        .where(ConversationRow.contact_id == contact_id)
        .order_by(ConversationRow.updated_at.desc(), ConversationRow.id)
    )
    return (await session.scalars(query)).all()


async def held(session: AsyncSession, contact_ids: Collection[str]) -> dict[str, ContactRow]:
    """Return contacts by id, locked until the transaction ends in an order that is always the same.

    Who merges holds the contacts first and their conversations after that; who holds a conversation must not come
    here any more. The lock is the one that lets others add rows that refer to the contact.
    """
    rows = await session.scalars(
        select(ContactRow)
        .where(ContactRow.id.in_(contact_ids))
        .order_by(ContactRow.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


async def holder(
    session: AsyncSession, *, channel: str, account: str, external_id: str
) -> str | None:
    """Return the id of the contact whose handle this is; they are not merged before the transaction ends.

    For whoever is about to give the contact something new, before they hold one of their conversations.
    """
    place = Place(channel, account, external_id)
    while True:
        found = await contact_at(session, place)
        if found is None:
            return None
        await session.execute(
            select(ContactRow.id).where(ContactRow.id == found).with_for_update(read=True)
        )
        if found == await contact_at(session, place):
            return found


async def held_at(session: AsyncSession, *whom: Place | str) -> list[ContactRow | None]:
    """Return whose handles or ids these are, all of them as :func:`held`."""
    while True:
        ids = [await contact_at(session, one) for one in whom]
        people = await held(session, {one for one in ids if one})
        if ids == [await contact_at(session, one) for one in whom]:
            return [people.get(one) if one else None for one in ids]


async def contact_at(session: AsyncSession, whom: Place | str) -> str | None:
    """Return the id of the contact whose handle this is, or as whom a contact is known now."""
    if isinstance(whom, Place):
        return await session.scalar(select(ContactIdentityRow.contact_id).where(whom.is_here))
    now_known_as = func.coalesce(ContactRow.merged_into, ContactRow.id)
    return await session.scalar(select(now_known_as).where(ContactRow.id == whom))


async def add_identity(
    session: AsyncSession, contact_id: str, place: Place, *, now: datetime
) -> None:
    """Give a contact a handle that is new."""
    await session.execute(
        insert(ContactIdentityRow).values(
            id=new_id(), contact_id=contact_id, created_at=now, **place.columns
        )
    )


async def prove(session: AsyncSession, place: Place, now: datetime) -> None:
    """Remember that a handle was proved to be its contact's."""
    await session.execute(
        update(ContactIdentityRow)
        .where(place.is_here)
        .values(proven_at=now)
        .execution_options(synchronize_session=False)
    )
