"""What happened to people, wherever it was written down: in the event log, by an import, in the shop.

A person is a customer (``c:``) or a contact who is none (``p:``), as in segments; what happened to one of their
contacts, also to one who was merged, happened to them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from desk.store import core
from desk.tables.base import table_of
from desk.tables.behaviour import BehaviourRow
from desk.tables.contact import ContactRow
from desk.tables.event import EventRow
from desk.tables.journey import ORDER
from desk.tables.shop import OrderRow, OrderStatus

_CUSTOMER, _CONTACT = "c:", "p:"
_EVENT = table_of(EventRow)
_DONE = table_of(BehaviourRow)
_ORDER = table_of(OrderRow)


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who somebody is now, with all their contacts and their customer."""

    person_id: str
    contacts: frozenset[str]
    customer_id: str | None

    @property
    def names(self) -> set[str]:
        """All that they are, or were, called."""
        return {self.person_id, *(person_of(None, one) for one in self.contacts)}


@dataclass(frozen=True)
class _Source:
    """Where things happen to contacts or to customers."""

    table: Table
    owner: ColumnElement[Any]
    at: ColumnElement[Any]
    of_customers: bool
    #: None: the row has a name of its own.
    name: str | None = None


_SOURCES = (
    _Source(_EVENT, _EVENT.c.contact_id, _EVENT.c.occurred_at, of_customers=False),
    _Source(_DONE, _DONE.c.contact_id, _DONE.c.occurred_at, of_customers=False),
    _Source(_DONE, _DONE.c.customer_id, _DONE.c.occurred_at, of_customers=True),
    _Source(_ORDER, _ORDER.c.customer_id, _ORDER.c.placed_at, of_customers=True, name=ORDER),
)


def person_of(customer_id: str | None, contact_id: str | None) -> str:
    """Return how a person is named."""
    return f"{_CUSTOMER}{customer_id}" if customer_id else f"{_CONTACT}{contact_id}"


async def who(session: AsyncSession, persons: Collection[str]) -> dict[str, Who]:
    """Return who people are now, by how they were named before: they may be customers by now, or were merged."""
    named = {one: one[2:] for one in persons if one.startswith(_CONTACT)}
    roots = await _roots(session, named.values())
    now = {one: roots.get(id_, (id_, None)) for one, id_ in named.items()}
    now |= {one: ("", one[2:]) for one in persons if one.startswith(_CUSTOMER)}
    of_customer = await _of_customers(session, {customer for _, customer in now.values()})
    own = {root for root, _ in now.values()} | {id_ for ids in of_customer.values() for id_ in ids}
    merged = await _merged(session, own)
    found = {}
    for one, (root, customer) in now.items():
        ids = of_customer.get(customer, []) if customer else [root]
        contacts = frozenset(ids).union(*(merged.get(id_, ()) for id_ in ids))
        found[one] = Who(
            person_id=person_of(customer, root), contacts=contacts, customer_id=customer
        )
    return found


async def _roots(session: AsyncSession, ids: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """Return who contacts are now: the contact into whom they were merged, and the customer."""
    contact, root = aliased(ContactRow), aliased(ContactRow)
    query = (
        select(contact.id, root.id, root.customer_id)
        .join(root, root.id == func.coalesce(contact.merged_into, contact.id))
        .where(contact.id.in_(list(ids)))
    )
    return {row[0]: (row[1], row[2]) for row in await core.fetch(session, query, {})}


async def _of_customers(
    session: AsyncSession, customers: Iterable[str | None]
) -> dict[str, list[str]]:
    query = select(ContactRow.customer_id, ContactRow.id).where(
        ContactRow.customer_id.in_([one for one in customers if one]),
        ContactRow.merged_into.is_(None),
    )
    found: dict[str, list[str]] = {}
    for customer_id, contact_id in await core.fetch(session, query, {}):
        found.setdefault(customer_id, []).append(contact_id)
    return found


async def _merged(session: AsyncSession, roots: Collection[str]) -> dict[str, list[str]]:
    query = select(ContactRow.merged_into, ContactRow.id).where(
        ContactRow.merged_into.in_([one for one in roots if one])
    )
    found: dict[str, list[str]] = {}
    for root, contact_id in await core.fetch(session, query, {}):
        found.setdefault(root, []).append(contact_id)
    return found


async def last(
    session: AsyncSession, names: Iterable[str], people: Iterable[Who], after: datetime
) -> dict[str, dict[str, datetime]]:
    """Return when each event last happened to people after a moment, by person and name."""
    people = list(people)
    found: dict[str, dict[str, datetime]] = {one.person_id: {} for one in people}
    for name in names:
        for person, at in await _each(session, name, people, func.max, after):
            found[person][name] = max(at, found[person].get(name, at))
    return found


async def first(session: AsyncSession, name: str, people: Iterable[Who]) -> Mapping[str, datetime]:
    """Return when an event happened to people for the first time in their life."""
    found: dict[str, datetime] = {}
    for person, at in await _each(session, name, list(people), func.min, None):
        found[person] = min(at, found.get(person, at))
    return found


async def _each(
    session: AsyncSession, name: str, people: list[Who], of: Any, after: datetime | None
) -> list[tuple[str, datetime]]:
    """Return a moment for each person and place where it happened to them."""
    customers = {one.customer_id: one.person_id for one in people if one.customer_id}
    contacts = {id_: one.person_id for one in people for id_ in one.contacts}
    found: list[tuple[str, datetime]] = []
    for source in _SOURCES:
        owners = customers if source.of_customers else contacts
        if not owners or source.name not in (None, name):
            continue
        query = (
            select(source.owner, of(source.at))
            .where(source.owner.in_(list(owners)), _is(source, name))
            .group_by(source.owner)
        )
        if after is not None:
            query = query.where(source.at > after)
        found += [(owners[row[0]], row[1]) for row in await core.fetch(session, query, {})]
    return found


def _is(source: _Source, name: str) -> ColumnElement[bool]:
    """An order that was cancelled is none."""
    if source.name is not None:
        return _ORDER.c.status != OrderStatus.CANCELLED
    return source.table.c.name == name
