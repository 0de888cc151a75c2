"""Everything that happened with a contact, in one order: messages, tickets, ratings, orders, moves, merges."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.store.database import Database
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactRow, MergeRow
from desk.tables.conversation import ConversationRow, Direction, MessageRow
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackRow
from desk.tables.shop import OrderRow
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number

LONGEST_TEXT = 600


class Kind(StrEnum):
    """What a moment is; in this order those of the same time stand."""

    CONSENT = "consent"
    EVENT = "event"
    MERGE = "merge"
    MESSAGE = "message"
    ORDER = "order"
    RATING = "rating"
    TICKET = "ticket"


@dataclass(frozen=True, order=True)
class Spot:
    """A place in the order of everything: a time, and among equals the kind and the row's number."""

    at: datetime
    kind: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened; ``said`` is what was written, ``data`` whatever else its kind has."""

    spot: Spot
    conversation_id: str | None = None
    by: str | None = None
    said: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What it is."""
        return self.spot.kind

    @property
    def at(self) -> datetime:
        """When it was."""
        return self.spot.at


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose moments are wanted, before which one, and how many."""

    contact_id: str
    customer_id: str | None
    #: The contact and everybody who was merged into them.
    known_as: Sequence[str]
    before: Spot | None
    limit: int

    def earlier(
        self, kind: Kind, at: InstrumentedAttribute[Any], id_: InstrumentedAttribute[Any]
    ) -> list[ColumnElement[bool]]:
        """Return what makes a row of a kind stand before the place."""
        spot = self.before
        if spot is None:
            return []
        if kind == spot.kind:
            number = spot.id if kind is Kind.ORDER else int(spot.id)
            return [or_(at < spot.at, (at == spot.at) & (id_ < number))]
        return [at <= spot.at if kind < spot.kind else at < spot.at]


class Timeline:
    """Reads what happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self,
        contact_id: str,
        *,
        kinds: Sequence[Kind] = tuple(Kind),
        before: Spot | None = None,
        limit: int = 60,
    ) -> tuple[list[Moment], Spot | None]:
        """Return the last moments before a place, oldest first, and the place to go on from if there are more."""
        async with self._database.read() as session:
            row = await session.get(ContactRow, contact_id)
            merged = select(ContactRow.id).where(ContactRow.merged_into == contact_id)
            asked = Asked(
                contact_id=contact_id,
                customer_id=row.customer_id if row else None,
                known_as=(contact_id, *await session.scalars(merged)),
                before=before,
                limit=limit + 1,
            )
            found = [moment for kind in kinds for moment in await _SOURCES[kind](session, asked)]
        newest = sorted(found, key=lambda moment: moment.spot, reverse=True)[: limit + 1]
        shown = list(reversed(newest[:limit]))
        return shown, shown[0].spot if len(newest) > limit else None


def _last[S: Select[*tuple[Any, ...]]](
    query: S, asked: Asked, at: InstrumentedAttribute[Any], id_: InstrumentedAttribute[Any]
) -> S:
    return query.order_by(at.desc(), id_.desc()).limit(asked.limit)


async def _messages(session: AsyncSession, asked: Asked) -> list[Moment]:
    at, id_ = MessageRow.created_at, MessageRow.id
    query = (
        select(MessageRow, ConversationRow.channel)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(
            ConversationRow.contact_id == asked.contact_id, *asked.earlier(Kind.MESSAGE, at, id_)
        )
    )
    return [
        Moment(
            spot=_spot(Kind.MESSAGE, row.created_at, row.id),
            conversation_id=row.conversation_id,
            by=row.author_name,
            said=row.text[:LONGEST_TEXT],
            data={
                "author": row.author,
                "note": row.direction is Direction.NOTE,
                "channel": channel,
            },
        )
        for row, channel in await session.execute(_last(query, asked, at, id_))
    ]


async def _tickets(session: AsyncSession, asked: Asked) -> list[Moment]:
    at, id_ = TicketRow.created_at, TicketRow.id
    where = (TicketRow.contact_id == asked.contact_id, *asked.earlier(Kind.TICKET, at, id_))
    rows = await session.scalars(_last(select(TicketRow).where(*where), asked, at, id_))
    return [
        Moment(
            spot=_spot(Kind.TICKET, row.created_at, row.id),
            conversation_id=row.conversation_id,
            said=row.title,
            data={"number": ticket_number(row.id), "status": row.status},
        )
        for row in rows
    ]


async def _ratings(session: AsyncSession, asked: Asked) -> list[Moment]:
    at, id_ = FeedbackRow.answered_at, FeedbackRow.id
    where = (
        FeedbackRow.contact_id == asked.contact_id,
        FeedbackRow.score.is_not(None),
        at.is_not(None),
        *asked.earlier(Kind.RATING, at, id_),
    )
    rows = await session.scalars(_last(select(FeedbackRow).where(*where), asked, at, id_))
    return [
        Moment(
            spot=_spot(Kind.RATING, row.answered_at, row.id),
            conversation_id=row.conversation_id,
            said=row.comment or "",
            data={"score": row.score, "about": row.kind},
        )
        for row in rows
        if row.answered_at
    ]


async def _orders(session: AsyncSession, asked: Asked) -> list[Moment]:
    if asked.customer_id is None:
        return []
    at, id_ = OrderRow.placed_at, OrderRow.number
    where = (OrderRow.customer_id == asked.customer_id, *asked.earlier(Kind.ORDER, at, id_))
    rows = await session.scalars(_last(select(OrderRow).where(*where), asked, at, id_))
    return [
        Moment(
            spot=_spot(Kind.ORDER, row.placed_at, row.number),
            data={
                "number": row.number,
                "status": row.status,
                "sum": (row.currency, row.total_cents),
            },
        )
        for row in rows
    ]


async def _events(session: AsyncSession, asked: Asked) -> list[Moment]:
    at, id_ = EventRow.occurred_at, EventRow.id
    where = (
        EventRow.contact_id.in_(asked.known_as),
        EventRow.name.like("conversation.%"),
        *asked.earlier(Kind.EVENT, at, id_),
    )
    rows = await session.scalars(_last(select(EventRow).where(*where), asked, at, id_))
    return [
        Moment(
            spot=_spot(Kind.EVENT, row.occurred_at, row.id),
            conversation_id=row.conversation_id,
            by=row.data.get("by") or row.data.get("agent"),
            data={"name": row.name, "reason": row.data.get("reason")},
        )
        for row in rows
    ]


async def _merges(session: AsyncSession, asked: Asked) -> list[Moment]:
    at, id_ = MergeRow.made_at, MergeRow.id
    ours = or_(MergeRow.kept_id == asked.contact_id, MergeRow.other_id == asked.contact_id)
    where = (ours, *asked.earlier(Kind.MERGE, at, id_))
    rows = await session.scalars(_last(select(MergeRow).where(*where), asked, at, id_))
    return [
        Moment(
            spot=_spot(Kind.MERGE, row.made_at, row.id),
            by=row.by,
            said=row.why or "",
            data={"what": row.kind, "undone": row.undone_at is not None},
        )
        for row in rows
    ]


async def _consents(session: AsyncSession, asked: Asked) -> list[Moment]:
    at, id_ = ConsentRow.said_at, ConsentRow.id
    where = (ConsentRow.contact_id == asked.contact_id, *asked.earlier(Kind.CONSENT, at, id_))
    rows = await session.scalars(_last(select(ConsentRow).where(*where), asked, at, id_))
    return [
        Moment(
            spot=_spot(Kind.CONSENT, row.said_at, row.id),
            conversation_id=row.conversation_id,
            data={"purpose": row.purpose, "granted": row.granted},
        )
        for row in rows
    ]


def _spot(kind: Kind, at: datetime, id_: int | str) -> Spot:
    # Numbers stand in their order as texts of one length; an order's number is a text already.
    return Spot(at=at, kind=kind, id=f"{id_:019d}" if isinstance(id_, int) else id_)


_SOURCES: dict[Kind, Callable[[AsyncSession, Asked], Awaitable[list[Moment]]]] = {
    Kind.CONSENT: _consents,
    Kind.EVENT: _events,
    Kind.MERGE: _merges,
    Kind.MESSAGE: _messages,
    Kind.ORDER: _orders,
    Kind.RATING: _ratings,
    Kind.TICKET: _tickets,
}
