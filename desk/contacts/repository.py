"""Questions about contacts, their handles and their conversations."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import ConversationRow


async def by_email(session: AsyncSession, emails: Collection[str]) -> Sequence[ContactRow]:
    """Return the contacts with these addresses, the oldest first."""
    return await _by(session, ContactRow.email.in_(emails)) if emails else []


async def by_phone(session: AsyncSession, phones: Collection[str]) -> Sequence[ContactRow]:
    """Return the contacts with these numbers, the oldest first."""
    return await _by(session, ContactRow.phone.in_(phones)) if phones else []


async def _by(session: AsyncSession, condition: ColumnElement[bool]) -> Sequence[ContactRow]:
    query = select(ContactRow).where(condition).order_by(ContactRow.created_at, ContactRow.id)
    return (await session.scalars(query)).all()


async def by_id(session: AsyncSession, contact_id: str) -> ContactRow | None:
    """Return a contact."""
    return await session.get(ContactRow, contact_id)


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
