"""Find conversations and tickets by whatever an agent remembers of them."""

from collections.abc import Collection, Sequence
from itertools import chain

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.numbers import normalise_order_number
from desk.conversations.desk_repository import LineRow, line_query
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.shop import CustomerRow, OrderRow
from desk.tables.ticket import TicketEntryRow, TicketRow
from desk.tickets.numbers import ticket_id

LONGEST = 100
_MOST_WORDS = 6
_NEVER = "visitor", "访客"
"""What the console itself puts before the end of a nameless contact's handle."""


def words(text: str) -> tuple[str, ...]:
    """Return the words to look for, at most six; a character that cannot be seen parts words."""
    printable = "".join(c if c.isprintable() else " " for c in text[:LONGEST])
    return tuple(w for w in printable.split() if w.casefold() not in _NEVER)[:_MOST_WORDS]


async def conversations(
    session: AsyncSession, wanted: Sequence[str], limit: int
) -> Sequence[LineRow]:
    """Return conversations in which every word is found, or that the words number; newest first."""
    whole = " ".join(wanted)
    found = or_(and_(*map(_in_conversation, wanted)), *_numbered(whole))
    query = line_query().where(found)
    order = (ConversationRow.updated_at.desc(), ConversationRow.id)
    return (await session.execute(query.order_by(*order).limit(limit))).all()


async def excerpts(
    session: AsyncSession, wanted: Sequence[str], conversation_ids: Collection[str]
) -> dict[str, str]:
    """Return for each conversation the last message with all the words, else the last with one, if any."""
    texts: dict[str, str] = {}
    for together in (and_, or_):
        missing = [each for each in conversation_ids if each not in texts]
        last = (
            select(func.max(MessageRow.id))
            .where(MessageRow.conversation_id.in_(missing), together(*map(_in_text, wanted)))
            .group_by(MessageRow.conversation_id)
        )
        query = select(MessageRow.conversation_id, MessageRow.text).where(MessageRow.id.in_(last))
        texts |= {row[0]: row[1] for row in await session.execute(query)}
    return texts


async def tickets(session: AsyncSession, wanted: Sequence[str], limit: int) -> Sequence[TicketRow]:
    """Return tickets in which every word is found, the one with that number first, then the newest."""
    whole = " ".join(wanted)
    by_number = TicketRow.id == ticket_id(whole)
    query = select(TicketRow).where(
        or_(by_number, *_of_order(whole), and_(*map(_in_ticket, wanted)))
    )
    order = (by_number.desc(), TicketRow.id.desc())
    return (await session.scalars(query.order_by(*order).limit(limit))).all()


def _in_conversation(word: str) -> ColumnElement[bool]:
    plain = CustomerRow.name, ContactRow.name, CustomerRow.email, ContactRow.email
    phones = (func.replace(column, " ", "") for column in (CustomerRow.phone, ContactRow.phone))
    return or_(
        *(column.icontains(word, autoescape=True) for column in chain(plain, phones)),
        ConversationRow.thread.iendswith(word, autoescape=True),
        ConversationRow.id.in_(select(MessageRow.conversation_id).where(_in_text(word))),
        *_numbered(word),
    )


def _numbered(text: str) -> list[ColumnElement[bool]]:
    """Return the conversations of a ticket, and of the customer with an order, of that number."""
    ticket, order = ticket_id(text), normalise_order_number(text)
    its_ticket = select(TicketRow.conversation_id).where(
        or_(TicketRow.id == ticket, *_of_order(text))
    )
    owner = select(OrderRow.customer_id).where(OrderRow.number == order)
    return [
        *([ConversationRow.id.in_(its_ticket)] if ticket or order else []),
        *([ContactRow.customer_id.in_(owner)] if order else []),
    ]


def _of_order(text: str) -> list[ColumnElement[bool]]:
    order = normalise_order_number(text)
    return [TicketRow.order_number == order] if order else []


def _in_text(word: str) -> ColumnElement[bool]:
    return MessageRow.text.icontains(word, autoescape=True)


def _in_ticket(word: str) -> ColumnElement[bool]:
    columns = TicketRow.title, TicketRow.description, TicketRow.contact_detail, TicketRow.assignee
    said = select(TicketEntryRow.ticket_id).where(
        TicketEntryRow.text.icontains(word, autoescape=True)
    )
    return or_(
        *(column.icontains(word, autoescape=True) for column in columns),
        TicketRow.id == ticket_id(word),
        *_of_order(word),
        TicketRow.id.in_(said),
    )
