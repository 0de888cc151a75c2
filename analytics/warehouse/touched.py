"""Which people a change is about, and all that is theirs now."""

from collections.abc import Iterable
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from analytics.warehouse.changes import Changes
from analytics.warehouse.reader import some
from analytics.warehouse.whose import People, person, root_of
from desk.tables.contact import ContactRow


async def who(
    session: AsyncSession, engine: BaseBackend, found: Changes
) -> tuple[set[str], set[str]]:
    """Return the people whose facts have changed, and those among them whose history may be another's now."""
    before = _known_as(engine, found.contacts)
    now: dict[str, str] = {}
    for ids in some(set(found.contacts)):
        contact, root = aliased(ContactRow), aliased(ContactRow)
        query = (
            select(contact.id, person(contact, root))
            .outerjoin(root, root.id == root_of(contact))
            .where(or_(contact.id.in_(ids), contact.merged_into.in_(ids)))
        )
        now |= {row[0]: row[1] for row in await session.execute(query)}
    people = {*before.values(), *now.values(), *(f"c:{one}" for one in found.customers)}
    people |= _buyers(engine, found.products)
    moved = {f"c:{one}" for one, history in found.customers.items() if history}
    for contact_id, history in found.contacts.items():
        if history:
            moved |= {one for one in (before.get(contact_id), now.get(contact_id)) if one}
    return people, moved


def _known_as(engine: BaseBackend, contacts: Iterable[str]) -> dict[str, str]:
    """Return who contacts were when the engine was last refreshed."""
    ids = list(contacts)
    if not ids:
        return {}
    wanted = ibis.memtable(pa.table({"contact_id": pa.array(ids, pa.string())}))
    rows = engine.table("contact_of").semi_join(wanted, "contact_id").to_pyarrow()
    return dict(zip(rows["contact_id"].to_pylist(), rows["person_id"].to_pylist(), strict=True))


def _buyers(engine: BaseBackend, products: Iterable[str]) -> set[str]:
    """Return who bought a product."""
    skus = list(products)
    if not skus:
        return set()
    wanted = ibis.memtable(pa.table({"sku": pa.array(skus, pa.string())}))
    lines = engine.table("purchase_line").semi_join(wanted, "sku")
    bought = engine.table("purchase").semi_join(lines, "order_number")
    return set(bought.select("person_id").distinct().to_pyarrow()["person_id"].to_pylist())


async def groups(session: AsyncSession, people: set[str]) -> dict[str, People]:
    """Return the contacts and customers of people, by person; who is not there any more is left out."""
    customers = {one[2:] for one in people if one.startswith("c:")}
    roots = {one[2:] for one in people if one.startswith("p:")}
    contact, root = aliased(ContactRow), aliased(ContactRow)
    whose = person(contact, root).label("person_id")
    base = select(contact.id, whose).outerjoin(root, root.id == root_of(contact))
    contacts: dict[str, set[str]] = {f"c:{one}": set() for one in customers}
    for ids in some(roots):
        found = base.where(or_(contact.id.in_(ids), contact.merged_into.in_(ids)))
        _gather(contacts, await session.execute(found), people)
    for ids in some(customers):
        found = base.where(root.customer_id.in_(ids))
        _gather(contacts, await session.execute(found), people)
    return {
        one: People(sorted(mine), [one[2:]] if one.startswith("c:") else [])
        for one, mine in contacts.items()
    }


def _gather(contacts: dict[str, set[str]], rows: Iterable[Any], people: set[str]) -> None:
    for contact_id, person_id in rows:
        if person_id in people:
            contacts.setdefault(person_id, set()).add(contact_id)
