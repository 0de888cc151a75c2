"""Find messages, people and tickets by whatever an agent remembers of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.numbers import normalise_order_number
from desk.conversations.desk_model import Place
from desk.conversations.words_index import (
    among,
    contains,
    is_postgres,
    key_of,
    matching,
    newest,
    phone_digits,
    tokens,
)
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow
from desk.tables.shop import CustomerRow, OrderRow
from desk.tables.ticket import TicketEntryRow, TicketRow
from desk.tickets.numbers import ticket_id

LONGEST = 100
_MOST_WORDS = 6
_NEVER = "visitor", "访客"
"""What the console itself puts before the end of a nameless contact's handle."""
_SCANNED = 2_000
"""How many messages with the words one page looks at for those that fit the filters as well."""
_FEW, _LATEST = 100, 250
"""PostgreSQL is asked for so few first among the newest messages."""
_NAMED = 500
"""How many people with a name are looked at."""

type PersonRow = Row[ContactRow, str | None, str | None]
"""A contact, the name to call them by, and their newest thread."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which messages are wanted; empty is any."""

    channel: str = ""
    by: Author | None = None
    notes: bool = False
    since: datetime | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """Return them as conditions."""
        found: list[ColumnElement[bool]] = []
        if self.channel:
            found.append(ConversationRow.channel == self.channel)
        if self.by:
            found += [MessageRow.author == self.by, MessageRow.direction != Direction.NOTE]
        if self.notes:
            found.append(MessageRow.direction == Direction.NOTE)
        if self.since:
            found.append(MessageRow.created_at >= self.since)
        return found


def words(text: str) -> tuple[str, ...]:
    """Return the words to look for, at most six; a character that cannot be seen parts words."""
    printable = "".join(c if c.isprintable() else " " for c in text[:LONGEST])
    return tuple(w for w in printable.split() if w.casefold() not in _NEVER)[:_MOST_WORDS]


async def messages(
    session: AsyncSession,
    wanted: Sequence[str],
    filters: Filters,
    *,
    limit: int,
    before: int | None = None,
) -> tuple[Sequence[MessageRow], int | None]:
    """Return the newest messages with all the words, and before which one to go on, if there may be more.

    Looks at so many messages with the words; a page may have fewer than ``limit``, even none, and yet go on.
    """
    if not _can_match(wanted):
        return (), None
    left = [*filters.where(), *contains(MessageRow.text, wanted)]
    ids = await _ids(session, wanted, _SCANNED if left else limit + 1, before)
    query = _said(left).where(MessageRow.id.in_(ids)).limit(limit + 1)
    rows = (await session.scalars(query)).all()
    if len(rows) > limit:
        return rows[:limit], rows[limit - 1].id
    return rows, ids[-1] if left and len(ids) == _SCANNED else None


async def said_by_named(
    session: AsyncSession, wanted: Sequence[str], filters: Filters, *, limit: int
) -> Sequence[MessageRow]:
    """Return messages with all but one of the words, of people whose name is that one: ``ana lamp``."""
    if len(wanted) < 2:
        return ()
    for at, name in enumerate(wanted):
        ids = await people_ids(session, [name], _NAMED)
        if ids:
            rest = [word for place, word in enumerate(wanted) if place != at]
            texts = [MessageRow.text.icontains(word, autoescape=True) for word in rest]
            query = _said([*filters.where(), *texts]).where(ConversationRow.contact_id.in_(ids))
            # By the conversations of these few, and not through all messages from the newest on.
            query = query.order_by(None).order_by((MessageRow.id + 0).desc())
            if rows := (await session.scalars(query.limit(limit))).all():
                return rows
    return ()


def _said(where: Sequence[ColumnElement[bool]]) -> Select[MessageRow]:
    return (
        select(MessageRow)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(*where)
        .order_by(MessageRow.id.desc())
    )


async def _ids(
    session: AsyncSession, wanted: Sequence[str], most: int, before: int | None
) -> list[int]:
    if most <= _FEW and is_postgres(session):
        # Many people use a common word: then it stands in the newest messages, and nobody waits for all the others.
        latest = select(MessageRow.id, MessageRow.text).order_by(MessageRow.id.desc())
        if before is not None:
            latest = latest.where(MessageRow.id < before)
        few = among(latest.limit(_LATEST), "message", wanted)
        found = list(await session.scalars(few.order_by(key_of(session, "message").desc())))
        if len(found) >= most:
            return found[:most]
    key = key_of(session, "message")
    query = matching(session, "message", wanted).order_by(key.desc()).limit(most)
    if before is not None:
        query = query.where(key < before)
    return [int(row[0]) for row in await session.execute(query)]


async def people_ids(session: AsyncSession, wanted: Sequence[str], limit: int) -> list[str]:
    """Return the newest contacts whose name, address and telephone number have all the words."""
    digits = phone_digits(" ".join(wanted))
    asked = [digits] if digits else wanted
    if not _can_match(asked):
        return []
    by_name, as_customer = (_named(session, name, asked) for name in ("contact", "shop_customer"))
    ways = by_name, select(ContactRow.id).where(ContactRow.customer_id.in_(as_customer))
    found = ContactRow.id.in_(union_all(*ways))
    query = select(ContactRow.id).where(found, ContactRow.merged_into.is_(None))
    query = query.order_by(ContactRow.created_at.desc(), ContactRow.id).limit(limit)
    return list(await session.scalars(query))


def _named(session: AsyncSession, name: str, wanted: Sequence[str]) -> Select[str]:
    """Return the question for people with the words: of a name that half of all have, the last ones."""
    last = matching(session, name, wanted).order_by(newest(session, name)).limit(_NAMED)
    return select(*last.subquery().c)


def person_query() -> Select[ContactRow, str | None, str | None]:
    """Return the question for contacts with what to call them."""
    thread = (
        select(ConversationRow.thread)
        .where(ConversationRow.contact_id == ContactRow.id)
        .order_by(ConversationRow.updated_at.desc())
        .limit(1)
        .correlate(ContactRow)
        .scalar_subquery()
    )
    return select(ContactRow, func.coalesce(CustomerRow.name, ContactRow.name), thread).outerjoin(
        CustomerRow, CustomerRow.id == ContactRow.customer_id
    )


async def people(session: AsyncSession, wanted: Sequence[str], limit: int) -> Sequence[PersonRow]:
    """Return the newest people whose name, address and telephone number have all the words."""
    ids = await people_ids(session, wanted, limit)
    query = person_query().where(ContactRow.id.in_(ids))
    order = (ContactRow.created_at.desc(), ContactRow.id)
    return (await session.execute(query.order_by(*order))).all() if ids else ()


async def person(session: AsyncSession, contact_id: str) -> PersonRow | None:
    """Return a contact with what to call them."""
    query = person_query().where(ContactRow.id == contact_id)
    return (await session.execute(query)).one_or_none()


async def people_of(session: AsyncSession, ids: Collection[str]) -> Sequence[PersonRow]:
    """Return some contacts, in any order; not those who turned out to be somebody else."""
    query = person_query().where(ContactRow.id.in_(ids), ContactRow.merged_into.is_(None))
    return (await session.execute(query)).all() if ids else ()


async def contacts(session: AsyncSession, after: Place | None, limit: int) -> Sequence[PersonRow]:
    """Return everybody, the newest first, after a place; who was merged is somebody else."""
    query = person_query().where(ContactRow.merged_into.is_(None))
    if after is not None:
        place = tuple_(ContactRow.created_at, ContactRow.id)
        query = query.where(place < tuple_(after.at, after.id))
    order = (ContactRow.created_at.desc(), ContactRow.id.desc())
    return (await session.execute(query.order_by(*order).limit(limit))).all()


async def numbered(session: AsyncSession, wanted: Sequence[str], limit: int) -> Sequence[str]:
    """Return the conversations that the words number: of a ticket, an order, or a nameless visitor's tag."""
    whole = " ".join(wanted)
    ticket, order = ticket_id(whole), normalise_order_number(whole)
    ways: list[Select[str]] = []
    if ticket or order:
        its = or_(TicketRow.id == ticket, *_of_order(order))
        ways.append(select(TicketRow.conversation_id).where(its))
    if order:
        owner = select(OrderRow.customer_id).where(OrderRow.number == order)
        whose = select(ContactRow.id).where(ContactRow.customer_id.in_(owner))
        ways.append(select(ConversationRow.id).where(ConversationRow.contact_id.in_(whose)))
    if _can_match(wanted):
        ways.append(matching(session, "conversation", wanted))  # type: ignore[arg-type]
    found = [row[0] for way in ways for row in await session.execute(way.limit(limit))]
    return list(dict.fromkeys(found))


async def tickets(session: AsyncSession, wanted: Sequence[str], limit: int) -> Sequence[TicketRow]:
    """Return tickets in which every word is found, the one with that number first, then the newest."""
    whole = " ".join(wanted)
    by_number = TicketRow.id == ticket_id(whole)
    ways: list[ColumnElement[bool]] = [by_number, *_of_order(normalise_order_number(whole))]
    if _can_match(wanted):
        said = select(TicketEntryRow.ticket_id).where(
            TicketEntryRow.id.in_(matching(session, "ticket_entry", wanted))
        )
        ways += [TicketRow.id.in_(matching(session, "ticket", wanted)), TicketRow.id.in_(said)]
    order = (by_number.desc(), TicketRow.id.desc())
    query = select(TicketRow).where(or_(*ways)).order_by(*order).limit(limit)
    return (await session.scalars(query)).all()


def _of_order(number: str | None) -> list[ColumnElement[bool]]:
    return [TicketRow.order_number == number] if number else []


def _can_match(wanted: Collection[str]) -> bool:
    """Say whether the index can be asked: signs alone are no words."""
    return bool(wanted) and all(map(tokens, wanted))
