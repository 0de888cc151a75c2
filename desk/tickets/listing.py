"""Lists of tickets: what is asked for, in which order, and from which place on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.errors import InvalidError
from desk.tables.ticket import (
    URGENCY,
    TicketPriority,
    TicketRow,
    TicketStatus,
    TicketTagRow,
    TicketTopic,
)
from desk.tickets.model import Ticket
from desk.tickets.repository import ticket
from desk.tickets.status import DONE
from desk.tickets.words import one_line, one_of, tag_of

ANY, ALL_ACTIVE, NOBODY = "all", "active", "-"
"""Every status, those that are not settled, and no assignee or team."""
_LARGEST_ID = 2**63 - 1

type Clocked = Select[int]
"""Asks for the ids of the tickets whose time is over."""


class Sort(StrEnum):
    """The order of a list."""

    UPDATED = "updated"
    NEWEST = "newest"
    OLDEST = "oldest"
    PRIORITY = "priority"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a list shows; an empty field asks for nothing."""

    status: str = ANY
    priority: str = ""
    topic: str = ""
    assignee: str = ""
    team: str = ""
    tag: str = ""
    channel: str = ""
    contact: str = ""
    overdue: bool = False
    sort: Sort = Sort.UPDATED

    @classmethod
    def read(cls, given: dict[str, str], *, status: str = ALL_ACTIVE) -> "Wanted":
        """Return what an address or a saved view asks for; ``status`` is taken when it names none.

        Raises:
            InvalidError: a value is none of ours.
        """
        known = {one.name for one in fields(cls)}
        values: dict[str, Any] = {
            name: one_line(value, longest=128) for name, value in given.items() if name in known
        }
        values["status"] = values.get("status") or status
        values["sort"] = one_of(Sort, values.get("sort") or Sort.UPDATED)
        values["overdue"] = bool(values.get("overdue"))
        return cls(**values).checked()

    def checked(self) -> "Wanted":
        """Return itself; raise InvalidError when a value is none of ours."""
        if self.status not in (ANY, ALL_ACTIVE):
            one_of(TicketStatus, self.status)
        if self.priority:
            one_of(TicketPriority, self.priority)
        if self.topic:
            one_of(TicketTopic, self.topic)
        return self

    def plain(self) -> dict[str, str]:
        """Return it as an address or a saved view keeps it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: "yes" if value is True else str(value) for name, value in values.items() if value
        }


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some tickets, and the place from which the next ones come; empty at the end."""

    tickets: tuple[Ticket, ...]
    next: str = ""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """A column to sort by, before the id, and the way of both; without a column the id alone."""

    column: InstrumentedAttribute[Any] | None
    falls: bool


_ORDERS: dict[Sort, _Order] = {
    Sort.UPDATED: _Order(column=TicketRow.updated_at, falls=True),
    Sort.NEWEST: _Order(column=None, falls=True),
    Sort.OLDEST: _Order(column=None, falls=False),
    Sort.PRIORITY: _Order(column=TicketRow.urgency, falls=False),
}

# As literals, so that the databases see that the index of active tickets has them all.
IS_ACTIVE = TicketRow.status.not_in(
    bindparam("settled", sorted(DONE), expanding=True, literal_execute=True)
)


async def page_of(
    session: AsyncSession, wanted: Wanted, after: str, limit: int, clocked: Clocked | None
) -> Page:
    """Return a page of what is wanted."""
    order = _ORDERS[wanted.sort]
    query = select(TicketRow).where(*_conditions(wanted, clocked))
    if after:
        query = query.where(_beyond(order, after))
    keys = [TicketRow.id] if order.column is None else [order.column, TicketRow.id]
    query = query.order_by(*(key.desc() if order.falls else key for key in keys))
    rows = (await session.scalars(query.limit(limit + 1))).all()
    more = len(rows) > limit
    return Page(
        tickets=tuple(ticket(row) for row in rows[:limit]),
        next=_place(order, rows[limit - 1]) if more else "",
    )


async def count_by_status(
    session: AsyncSession, wanted: Wanted, clocked: Clocked | None
) -> dict[TicketStatus, int]:
    """Return how many there are of each status."""
    where = _filters(wanted, clocked)
    query = select(TicketRow.status, func.count()).where(*where).group_by(TicketRow.status)
    known = {row[0]: row[1] for row in await session.execute(query)}
    return {status: known.get(status, 0) for status in TicketStatus}


def _conditions(wanted: Wanted, clocked: Clocked | None) -> list[ColumnElement[bool]]:
    found = _filters(wanted, clocked)
    if wanted.status == ALL_ACTIVE:
        found.append(IS_ACTIVE)
    elif wanted.status != ANY:
        found.append(TicketRow.status == TicketStatus(wanted.status))
    return found


def _filters(wanted: Wanted, clocked: Clocked | None) -> list[ColumnElement[bool]]:
    equal: Sequence[tuple[InstrumentedAttribute[Any], str]] = (
        (TicketRow.priority, wanted.priority),
        (TicketRow.topic, wanted.topic),
        (TicketRow.channel, wanted.channel),
        (TicketRow.contact_id, wanted.contact),
    )
    found = [column == value for column, value in equal if value]
    for column, value in ((TicketRow.assignee, wanted.assignee), (TicketRow.team, wanted.team)):
        if value:
            found.append(column.is_(None) if value == NOBODY else column == value)
    if wanted.tag:
        tagged = select(TicketTagRow.ticket_id).where(TicketTagRow.tag == tag_of(wanted.tag))
        found.append(TicketRow.id.in_(tagged))
    if wanted.overdue and clocked is not None:
        found.append(TicketRow.id.in_(clocked))
    return found


def _place(order: _Order, row: TicketRow) -> str:
    if order.column is None:
        return str(row.id)
    value = getattr(row, order.column.key)
    return f"{value.isoformat() if isinstance(value, datetime) else value}~{row.id}"


def _beyond(order: _Order, place: str) -> ColumnElement[bool]:
    text, _, last = place.rpartition("~")
    try:
        id_ = int(last)
        if order.column is None:
            value: Any = None
        elif order.column is TicketRow.updated_at:
            value = datetime.fromisoformat(text)
        else:
            value = int(text)
    except ValueError as error:
        raise InvalidError(f"{one_line(place, longest=60)!r} is no place in a list") from error
    too_large = isinstance(value, int) and not 0 <= value <= max(URGENCY.values())
    naive = isinstance(value, datetime) and value.tzinfo is None
    if not 0 <= id_ <= _LARGEST_ID or too_large or naive:
        raise InvalidError(f"{one_line(place, longest=60)!r} is no place in a list")
    if order.column is None:
        return TicketRow.id < id_ if order.falls else TicketRow.id > id_
    here = tuple_(order.column, TicketRow.id)
    there = tuple_(bindparam("place", value, type_=order.column.type), id_)
    return here < there if order.falls else here > there
