"""Whose a row is, and other parts that the statements of ``source`` are made of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, String, case, cast, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, aliased

from desk.commerce.money import decimals
from desk.tables.contact import ContactRow

type Column = ColumnElement[Any] | InstrumentedAttribute[Any]
type Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class People:
    """Some people: their contacts, among them those who were merged, and their customers."""

    contacts: Collection[str]
    customers: Collection[str]


CURRENCIES = ("JPY", "KRW", "VND", "CLP", "ISK", "BHD", "KWD", "OMR", "TND")


def root_of(contact: Any) -> ColumnElement[str]:
    """Return the id of who a contact is now."""
    return func.coalesce(contact.merged_into, contact.id)


def person(contact: Any, root: Any) -> ColumnElement[str]:
    """Return the id of the person that a contact is; ``root`` is joined to it by :func:`root_of`."""
    return func.coalesce("c:" + root.customer_id, "p:" + root_of(contact))


def of_contact(
    owner: InstrumentedAttribute[Any], people: People | None, **columns: Column
) -> Query:
    """Return rows with the person whose contact they name."""
    contact, root = aliased(ContactRow), aliased(ContactRow)
    query = (
        select(person(contact, root).label("person_id"), *named(columns))
        .select_from(owner.class_)
        .join(contact, contact.id == owner)
        .outerjoin(root, root.id == root_of(contact))
    )
    return query if people is None else query.where(owner.in_(people.contacts))


def named(columns: Mapping[str, Column]) -> list[ColumnElement[Any]]:
    return [column.label(name) for name, column in columns.items()]


def text(column: Column) -> ColumnElement[str]:
    """Return a word as it is stored, without making a member of an enum of each."""
    return type_coerce(column, String)


def units(cents: Column, currency: Column) -> ColumnElement[Any]:
    """Return money in units; most currencies have hundredths, some none or thousandths."""
    parts = {code: 10 ** decimals(code) for code in CURRENCIES}
    return cast(cents, Float) / case(parts, value=currency, else_=100.0)
