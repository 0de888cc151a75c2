"""Who people are: a row for each, of what the shop, the desk and imports know."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, case, func, null, select
from sqlalchemy.orm import aliased

from analytics.warehouse.whose import Column, People, Query, person, root_of
from desk.tables.behaviour import DemographicsRow
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow

_DEMOGRAPHICS = ("gender", "born", "country", "city")


def customers(people: People | None) -> Query:
    """A customer; what the shop does not know of them their contact tells, the one that is known longest."""
    root, own = aliased(ContactRow), aliased(DemographicsRow)
    place = func.row_number().over(
        partition_by=root.customer_id, order_by=(root.created_at, root.id)
    )
    linked = (
        select(
            root.customer_id.label("customer_id"),
            root.id.label("contact_id"),
            *(getattr(root, name) for name in ("email", "phone", "language")),
            place.label("place"),
        )
        .where(_whose(root.customer_id, people), root.merged_into.is_(None))
        .subquery()
    )
    told = _told(people)
    query = (
        select(
            ("c:" + CustomerRow.id).label("person_id"),
            CustomerRow.id.label("customer_id"),
            linked.c.contact_id,
            CustomerRow.name,
            func.coalesce(CustomerRow.email, linked.c.email).label("email"),
            func.coalesce(CustomerRow.phone, linked.c.phone).label("phone"),
            linked.c.language,
            *(
                func.coalesce(getattr(own, name), told.c[name]).label(name)
                for name in _DEMOGRAPHICS
            ),
            CustomerRow.account_type.label("tier"),
            CustomerRow.created_at,
        )
        .outerjoin(linked, and_(linked.c.customer_id == CustomerRow.id, linked.c.place == 1))
        .outerjoin(own, own.customer_id == CustomerRow.id)
        .outerjoin(told, told.c.root_id == linked.c.contact_id)
    )
    return query if people is None else query.where(CustomerRow.id.in_(people.customers))


def _whose(customer_id: Column, people: People | None) -> ColumnElement[bool]:
    return customer_id.is_not(None) if people is None else customer_id.in_(people.customers)


def strangers(people: People | None) -> Query:
    """Somebody who is no customer."""
    told = _told(people)
    query = (
        select(
            ("p:" + ContactRow.id).label("person_id"),
            null().label("customer_id"),
            ContactRow.id.label("contact_id"),
            *(getattr(ContactRow, name) for name in ("name", "email", "phone", "language")),
            *(told.c[name] for name in _DEMOGRAPHICS),
            null().label("tier"),
            ContactRow.created_at,
        )
        .outerjoin(told, told.c.root_id == ContactRow.id)
        .where(ContactRow.merged_into.is_(None), ContactRow.customer_id.is_(None))
    )
    return query if people is None else query.where(ContactRow.id.in_(people.contacts))


def _told(people: People | None) -> FromClause:
    """What was told of a contact, before what was told of those who turned out to be the same."""
    contact = aliased(ContactRow)
    is_root = contact.merged_into.is_(None)

    def best(column: Column) -> ColumnElement[Any]:
        return func.coalesce(func.max(case((is_root, column))), func.max(column))

    query = (
        select(
            root_of(contact).label("root_id"),
            *(best(getattr(DemographicsRow, name)).label(name) for name in _DEMOGRAPHICS),
        )
        .join(contact, contact.id == DemographicsRow.contact_id)
        .group_by(root_of(contact))
    )
    if people is not None:
        query = query.where(DemographicsRow.contact_id.in_(people.contacts))
    return query.subquery()


def contact_of(people: People | None) -> Query:
    """Who every contact is, those who were merged too."""
    contact, root = aliased(ContactRow), aliased(ContactRow)
    query = select(
        contact.id.label("contact_id"), person(contact, root).label("person_id")
    ).outerjoin(root, root.id == root_of(contact))
    return query if people is None else query.where(contact.id.in_(people.contacts))
