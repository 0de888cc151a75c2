"""A small world that changes in all the ways that matter to the warehouse, step by random step."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from ibis.backends import BaseBackend
from sqlalchemy import delete, select, update

from analytics.warehouse.refresh import Refreshed, refresh
from analytics.warehouse.store import ALL, Copy, Store, prepare
from desk import events
from desk.behaviour.importing import BehaviourImporter
from desk.clock import StoppedClock
from desk.commerce.importing import Importer
from desk.contacts.importing import ContactImporter
from desk.contacts.merging import Merging
from desk.errors import ConflictError
from desk.events import Event
from desk.store.database import Database
from desk.tables.behaviour import BehaviourRow
from desk.tables.contact import ContactIdentityRow, ContactRow, MergeRow
from desk.tables.conversation import ConversationRow
from desk.tables.feedback import FeedbackRow
from desk.tables.shop import CustomerRow, OrderRow
from desk.tables.ticket import TicketRow, TicketStatus
from tests.conftest import NOON
from tests.contacts.people import People

type Tables = dict[str, list[tuple[Any, ...]]]


class World:
    """People, what they buy, say and do; every step changes something through the doors that the product has."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.chance = random.Random(seed)
        self.people = People(database, NOON)
        self.merging = Merging(database, StoppedClock(NOON))
        self.shop = Importer(database, StoppedClock(NOON))
        self.contact_importer = ContactImporter(database, StoppedClock(NOON))
        self.behaviour = BehaviourImporter(database, StoppedClock(NOON))
        self.done: Counter[str] = Counter()
        self.number = 0

    async def begin(self) -> None:
        """Let there be somebody."""
        for step in (self.customer, self.customer, self.person, self.person, self.person):
            await step()
        for step in (self.order, self.product, self.act, self.happen):
            await step()

    async def step(self) -> None:
        """Change something."""
        choice = self.chance.choice(self._steps())
        try:
            await choice()
        except ConflictError:
            self.done[f"{choice.__name__} refused"] += 1
        else:
            self.done[choice.__name__] += 1

    def _steps(self) -> list[Callable[[], Awaitable[None]]]:
        often = [self.merge, self.undo, self.split, self.verify, self.happen, self.act]
        once = [
            self.customer,
            self.person,
            self.order,
            self.product,
            self.told,
            self.talk,
            self.settle,
            self.rate,
            self.tag,
            self.lose,
            self.do_otherwise,
            self.forget_customer,
            self.forget_contact,
            self.forget_order,
            self.rename,
        ]
        return [*often, *often, *once, self.order, self.product]

    def _next(self) -> int:
        self.number += 1
        return self.number

    async def _some(self, table: type[Any]) -> Any:
        async with self.database.read() as session:
            key = next(iter(table.__table__.primary_key)).name
            rows = (await session.scalars(select(table).order_by(getattr(table, key)))).all()
        return self.chance.choice(rows) if rows else None

    async def _set(self, table: type[Any], row: Any, **values: Any) -> None:
        if row is None:
            return
        key = next(iter(table.__table__.primary_key)).name
        async with self.database.write() as session:
            mine = getattr(table, key) == getattr(row, key)
            await session.execute(update(table).where(mine).values(**values))

    async def _delete(self, table: type[Any], row: Any) -> None:
        if row is None:
            return
        key = next(iter(table.__table__.primary_key)).name
        async with self.database.write() as session:
            await session.execute(delete(table).where(getattr(table, key) == getattr(row, key)))

    async def customer(self) -> None:
        """Somebody becomes a customer, or the shop tells more of one."""
        number = self.chance.randrange(1, 8)
        row = {
            "id": f"s{number}",
            "name": f"C. {self._next()}",
            "email": f"c{number}@example.com",
            "created_at": "2026-01-01",
            "gender": self.chance.choice(["f", "m", ""]),
            "country": self.chance.choice(["China", "DE", ""]),
        }
        assert not (await self.shop.rows("customers", [row])).rejected

    async def person(self) -> None:
        """Somebody writes for the first time."""
        await self.people.person(email=f"p{self._next()}@example.com")

    async def order(self) -> None:
        """A customer orders, or an order changes, perhaps even whose it is."""
        customer = await self._some(CustomerRow)
        lines = [
            {"sku": f"K{n}", "name_en": f"Thing {n}", "quantity": n, "price_cents": 100 * n}
            for n in range(1, self.chance.randrange(2, 5))
        ]
        row = {
            "number": self.chance.randrange(1, 12),
            "customer_id": customer.id if customer else "nobody",
            "status": self.chance.choice(["shipped", "cancelled"]),
            "placed_at": "2026-02-01T10:00:00.5",
            "total_cents": 500,
            "currency": self.chance.choice(["USD", "JPY", "KWD"]),
            "ship_name": "A.",
            "ship_address": "1 Example Street",
            "email": "a@example.com",
            "lines": lines,
        }
        await self.shop.rows("orders", [row])

    async def product(self) -> None:
        """A product gets a category."""
        row = {
            "sku": f"K{self.chance.randrange(1, 5)}",
            "name_en": "Thing",
            "price": 1,
            "currency": "USD",
            "category": self.chance.choice(["home", "garden", ""]),
        }
        assert not (await self.shop.rows("products", [row])).rejected

    async def told(self) -> None:
        """Something is told of a contact."""
        contact = await self._some(ContactRow)
        if contact is not None and contact.email:
            row = {
                "email": contact.email,
                "gender": self.chance.choice(["f", "m", "x"]),
                "born": date(1980 + self.chance.randrange(20), 5, 17).isoformat(),
                "city": self.chance.choice(["Ulm", ""]),
            }
            await self.contact_importer.rows([row])

    async def verify(self) -> None:
        """A contact proves to be a customer, or is no longer believed."""
        contact, customer = await self._some(ContactRow), await self._some(CustomerRow)
        if contact is not None and contact.merged_into is None:
            id_ = customer.id if customer and self.chance.random() < 0.7 else None
            await self._set(ContactRow, contact, customer_id=id_)

    async def merge(self) -> None:
        """Two contacts become one."""
        one, two = await self._some(ContactRow), await self._some(ContactRow)
        if one is not None and one.id != two.id:
            await self.merging.merge(one.id, two.id, by="Kim", forced=True)

    async def split(self) -> None:
        """A handle becomes somebody."""
        handle = await self._some(ContactIdentityRow)
        if handle is not None:
            await self.merging.split(handle.id, by="Kim")

    async def undo(self) -> None:
        """A merge or split is taken back."""
        row = await self._some(MergeRow)
        if row is not None:
            await self.merging.undo(row.id, by="Kim")

    async def talk(self) -> None:
        """Somebody writes again."""
        handle = await self._some(ContactIdentityRow)
        if handle is not None:
            await self.people.talk(handle.id)

    async def happen(self) -> None:
        """The desk notes something about contacts, some of whom are others by now."""
        for _ in range(3):
            contact, talk = await self._some(ContactRow), await self._some(ConversationRow)
            if contact is None:
                return
            at = NOON + timedelta(seconds=self._next(), microseconds=123)
            whose = {"contact_id": contact.id, "conversation_id": talk.id if talk else None}
            async with self.database.write() as session:
                events.append(session, Event(name="message.received", occurred_at=at, **whose))

    async def act(self) -> None:
        """Something is imported that people did."""
        contact, customer = await self._some(ContactRow), await self._some(CustomerRow)
        who = {"contact_id": contact.id} if contact else {}
        if customer is not None and self.chance.random() < 0.5:
            who = {"customer_id": customer.id}
        rows = [
            {
                **who,
                "key": f"k{self.chance.randrange(30)}",
                "name": "page_view",
                "occurred_at": "2026-02-01",
                "value": self._next(),
            }
        ]
        await self.behaviour.rows(rows)

    async def do_otherwise(self) -> None:
        """Imported behaviour goes."""
        await self._delete(BehaviourRow, await self._some(BehaviourRow))

    async def settle(self) -> None:
        """A ticket is resolved."""
        row = await self._some(TicketRow)
        await self._set(TicketRow, row, status=TicketStatus.RESOLVED, resolved_at=NOON)

    async def rate(self) -> None:
        """Somebody answers."""
        row = await self._some(FeedbackRow)
        score = self.chance.randrange(1, 6)
        await self._set(FeedbackRow, row, score=score, mood=0.5, answered_at=NOON)

    async def tag(self) -> None:
        """A ticket gets tags."""
        tags = self.chance.sample(["vip", "late", "broken"], 2)
        await self._set(TicketRow, await self._some(TicketRow), tags=tags)

    async def lose(self) -> None:
        """A handle works no more."""
        await self._set(
            ContactIdentityRow, await self._some(ContactIdentityRow), unreachable_at=NOON
        )

    async def rename(self) -> None:
        """A contact has another name."""
        row = await self._some(ContactRow)
        await self._set(ContactRow, row, name=f"N. {self._next()}")

    async def forget_customer(self) -> None:
        """A customer goes, with all orders."""
        if self.chance.random() < 0.3:
            await self._delete(CustomerRow, await self._some(CustomerRow))

    async def forget_order(self) -> None:
        """An order goes."""
        await self._delete(OrderRow, await self._some(OrderRow))

    async def forget_contact(self) -> None:
        """A contact without conversations goes."""
        contact_id = await self.people.contact(phone=f"+1555010{self.chance.randrange(9999):04}")
        if self.chance.random() < 0.5:
            async with self.database.write() as session:
                await session.execute(delete(ContactRow).where(ContactRow.id == contact_id))


async def refreshed(
    database: Database, engine: BaseBackend, store: Store | None = None, *, full: bool = False
) -> Refreshed:
    """Refresh an engine, without a file."""
    prepare(engine)
    return await refresh(database, engine, store or Copy(engine), full=full)


def contents(engine: BaseBackend) -> Tables:
    """Return all rows of all tables but the marks, in an order."""
    return {
        name: sorted(map(tuple, _rows(engine.table(name).to_pyarrow())), key=repr)
        for name in ALL
        if name not in ("watermark", "score")
    }


def _rows(table: pa.Table) -> list[list[Any]]:
    return [list(row.values()) for row in table.to_pylist()]


def at(text: str) -> datetime:
    """Return a time as the engine has it: UTC, without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).replace(tzinfo=None)
