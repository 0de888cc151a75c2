"""The engine's tables are as the desk's, whatever changed in between."""

from datetime import date

import ibis
import pyarrow as pa
import pytest
from sqlalchemy import func, select

from analytics.warehouse import whose
from analytics.warehouse.changes import prune
from analytics.warehouse.store import Copy, Swap
from app.wiring import Desk
from desk import events
from desk.clock import StoppedClock
from desk.commerce import money
from desk.contacts.merging import Merging
from desk.events import Event
from desk.store import deferred
from desk.store.database import Database
from desk.tables.changes import PersonChangeRow
from tests.conftest import NOON
from tests.contacts.people import People
from tests.talk import conversation, says, settle
from tests.warehouse.world import Tables, World, at, contents, refreshed

_ROUNDS, _STEPS = 3, 25


@pytest.mark.parametrize(("seed", "kind"), [(0, Copy), (1, Copy), (2, Swap)])
async def test_what_changed_comes_to_the_same_as_everything(
    database: Database, seed: int, kind: type[Copy] | type[Swap]
) -> None:
    world, engine = World(database, seed), ibis.duckdb.connect()
    await world.begin()
    first = await refreshed(database, engine, kind(engine))
    assert first.full
    assert first.touched is None
    for _ in range(_ROUNDS):
        before = contents(engine)
        for _ in range(_STEPS):
            await world.step()
        done = await refreshed(database, engine, kind(engine))
        assert not done.full
        whole = ibis.duckdb.connect()
        await refreshed(database, whole)
        now = contents(engine)
        assert now == contents(whole)
        assert _whose_changed(before, now) <= (done.touched or frozenset())
        await prune(database, done.marks)
    assert world.done["merge"]
    assert world.done["undo"]
    assert sum(world.done.values()) == _ROUNDS * _STEPS


def _whose_changed(before: Tables, now: Tables) -> set[str]:
    """Return the people whose rows are not the same any more."""
    place = {"person": 0, "purchase": 1, "activity": 1, "ticket": 1, "reach": 0, "consent": 0}
    found: set[str] = set()
    for table, column in place.items():
        found |= {row[column] for row in set(before[table]) ^ set(now[table])}
    return found


async def test_nothing_new_is_nothing_read(database: Database) -> None:
    world, engine = World(database, 1), ibis.duckdb.connect()
    await world.begin()
    done = await refreshed(database, engine)
    await prune(database, done.marks)
    again = await refreshed(database, engine)
    assert again.touched == frozenset()
    assert not sum(again.rows.values())


async def test_only_who_changed_is_read(database: Database, people: People) -> None:
    engine = ibis.duckdb.connect()
    ids = [await people.person(email=f"p{n}@example.com") for n in range(5)]
    await refreshed(database, engine)
    await people.set(ids[2], name="N.")
    done = await refreshed(database, engine)
    assert done.touched == frozenset({f"p:{ids[2]}"})
    assert done.rows["person"] == 1
    async with database.write() as session:
        events.append(session, Event(name="a.b", occurred_at=NOON, contact_id=ids[4]))
    done = await refreshed(database, engine)
    assert done.touched == frozenset({f"p:{ids[4]}"})
    assert done.rows == {"activity": 1}


async def test_a_merge_moves_all_rows_and_undoing_it_moves_them_back(
    database: Database, people: People, clock: StoppedClock
) -> None:
    engine, merging = ibis.duckdb.connect(), Merging(database, clock)
    kept, other = [await people.person(email=f"{n}@example.com") for n in "ab"]
    async with database.write() as session:
        for one in (kept, other):
            events.append(session, Event(name="a.b", occurred_at=NOON, contact_id=one))
    await refreshed(database, engine)
    before = contents(engine)
    made = await merging.merge(kept, other, by="Kim")
    done = await refreshed(database, engine)
    assert done.touched == frozenset({f"p:{kept}", f"p:{other}"})
    for table in ("person", "ticket", "activity", "consent", "reach"):
        whose = set(engine.table(table).to_pyarrow()["person_id"].to_pylist())
        assert whose == {f"p:{kept}"}, table
    assert len(engine.table("ticket").to_pyarrow()) == 2
    await merging.undo(made.id, by="Kim")
    await refreshed(database, engine)
    now = contents(engine)
    for tables in (before, now):
        tables["activity"] = [row for row in tables["activity"] if row[2] == "a.b"]
    assert now == before


async def test_what_each_table_says(database: Database) -> None:
    world, engine = World(database, 0), ibis.duckdb.connect()
    await world.shop.rows(
        "customers",
        [
            {
                "id": "s1", "name": "A. C.", "created_at": "2026-01-01", "gender": "f", "born": "1990-05-17",
                "country": "China", "city": "Ulm", "account_type": "Premium",
            }
        ],
    )  # fmt: skip
    await world.shop.rows(
        "products",
        [{"sku": "K", "name_en": "Thing", "price": 1, "currency": "USD", "category": "home"}],
    )
    line = {"sku": "K", "name_en": "Thing", "quantity": 2, "price_cents": 250}
    order = {
        "number": 7, "customer_id": "s1", "status": "shipped", "placed_at": "2026-02-01T10:00:00+08:00",
        "total_cents": 500, "currency": "USD", "ship_name": "A.", "ship_address": "x", "email": "a@example.com",
        "lines": [line],
    }  # fmt: skip
    yen = order | {"number": 8, "currency": "JPY"}
    assert (await world.shop.rows("orders", [order, yen])).created == 2
    contact = await world.people.person(email="a@example.com", customer_id="s1", language="zh")
    done = {"email": "a@example.com", "name": "page_view", "occurred_at": "2026-02-02", "key": "k"}
    assert (await world.behaviour.rows([done | {"item": "/tea", "value": 1.5}])).created == 1
    await world.people.know(contact, "size", "L")
    await world.tag()
    await refreshed(database, engine)
    found = contents(engine)
    assert found["person"] == [
        (
            "c:s1", "s1", contact, "A. C.", "a@example.com", None, "zh", "female", date(1990, 5, 17), "CN", "Ulm",
            "premium", at("2026-01-01"),
        )
    ]  # fmt: skip
    assert [row[1:] for row in found["purchase"]] == [
        ("c:s1", at("2026-02-01T02:00"), "shipped", 5.0, "USD"),
        ("c:s1", at("2026-02-01T02:00"), "shipped", 500.0, "JPY"),
    ]
    assert [row[1:] for row in found["purchase_line"]] == [
        (1, "K", "Thing", "home", 2, 5.0),
        (1, "K", "Thing", "home", 2, 500.0),
    ]
    [seen] = [row for row in found["activity"] if row[2] == "page_view"]
    assert seen == ("b:k", "c:s1", "page_view", at("2026-02-02"), None, "/tea", 1.5)
    assert [row[1:4] for row in found["ticket"]] == [("c:s1", "other", "new")]
    assert found["consent"] == [("c:s1", "newsletter", False, at("2026-03-02T12:00"))]
    assert found["reach"] == [("c:s1", "memory", True)]
    assert ("c:s1", "size=L") in found["tag"]
    assert sum("=" not in row[1] for row in found["tag"]) == 2


async def test_a_product_in_another_category_is_so_for_all_who_bought_it(
    database: Database,
) -> None:
    world, engine = World(database, 0), ibis.duckdb.connect()
    for _ in range(9):
        await world.customer()
    for _ in range(5):
        await world.order()
    await refreshed(database, engine)
    sold = {"sku": "K1", "name_en": "Thing", "price": 1, "currency": "USD", "category": "attic"}
    await world.shop.rows("products", [sold])
    done = await refreshed(database, engine)
    lines = engine.table("purchase_line").to_pyarrow().to_pylist()
    assert {line["category"] for line in lines if line["sku"] == "K1"} == {"attic"}
    buyers = engine.table("purchase").to_pyarrow()["person_id"].to_pylist()
    assert done.touched == frozenset(buyers)


async def test_scores_of_those_who_are_there_stay(database: Database, people: People) -> None:
    engine = ibis.duckdb.connect()
    one, two = [await people.person() for _ in range(2)]
    await refreshed(database, engine)
    scores = pa.table(
        {"person_id": [f"p:{one}", f"p:{two}"], "name": ["clv"] * 2, "value": [1.0, 2.0]}
    )
    engine.insert("score", scores)
    await Merging(database, StoppedClock(NOON)).merge(one, two, by="Kim")
    await refreshed(database, engine)
    assert engine.table("score").to_pyarrow()["person_id"].to_pylist() == [f"p:{one}"]
    await refreshed(database, engine, full=True)
    assert engine.table("score").to_pyarrow()["person_id"].to_pylist() == [f"p:{one}"]


async def test_another_warehouse_that_is_behind_reads_everything(
    database: Database, people: People
) -> None:
    first, second = ibis.duckdb.connect(), ibis.duckdb.connect()
    one = await people.person()
    for engine in (first, second):
        await refreshed(database, engine)
    for name in ("A.", "B."):
        await people.set(one, name=name)
        done = await refreshed(database, first)
        await prune(database, done.marks)
    async with database.read() as session:
        left = await session.scalar(select(func.count()).select_from(PersonChangeRow))
    assert left == 1
    assert (await refreshed(database, second)).full
    assert contents(first) == contents(second)


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_late_rows_of_open_transactions_are_not_missed(
    database: Database, people: People
) -> None:
    """On PostgreSQL a lower number may be committed after a higher one; SQLite has one writer."""
    engine = ibis.duckdb.connect()
    one, two = [await people.person() for _ in range(2)]
    await refreshed(database, engine)
    async with database.write() as slow:
        events.append(slow, Event(name="a.slow", occurred_at=NOON, contact_id=one))
        await deferred.write(slow)  # the number is given out, the row not seen
        await people.set(two, name="N.")
        async with database.write() as quick:
            events.append(quick, Event(name="a.quick", occurred_at=NOON, contact_id=two))
        await refreshed(database, engine)
        await refreshed(database, engine)
        names = engine.table("activity").to_pyarrow()["name"].to_pylist()
        assert "a.quick" in names
        assert "a.slow" not in names
    for _ in range(3):
        await refreshed(database, engine)
        names = engine.table("activity").to_pyarrow()["name"].to_pylist()
        assert (names.count("a.quick"), names.count("a.slow")) == (1, 1)


def test_currencies_have_the_decimals_of_the_shop() -> None:
    assert set(whose.CURRENCIES) == set(money._DECIMALS)


@pytest.fixture
def people(database: Database) -> People:
    """Return what makes people."""
    return People(database, NOON)


async def test_a_message_that_we_sent_says_who_wrote_it(desk: Desk, database: Database) -> None:
    engine = ibis.duckdb.connect()
    await says(desk, "human", "ada")
    talk = await conversation(desk, "ada")
    await desk.handoff.take_over(talk.id, agent="Mo")
    await desk.handoff.reply(talk.id, agent="Mo", text="Here I am.")
    await settle(desk)
    await refreshed(database, engine)
    sent = {(item, name) for _, _, name, _, _, item, _ in contents(engine)["activity"] if item}
    assert {"agent", "system"} <= {item for item, _ in sent}
    assert {name for _, name in sent} == {"message.sent"}
