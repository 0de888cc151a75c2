"""What an agent sees of somebody: scores of the engine, needs of the desk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import update

from analytics.insight.known import Insights, Known
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from desk import events
from desk.clock import StoppedClock
from desk.errors import NotFoundError
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.shop import CustomerRow, ProductRow
from desk.tickets.service import Tickets
from tests.world import Talk, World


@pytest.fixture
def world(database: Database, clock: StoppedClock) -> World:
    """Return an empty world."""
    return World(database, clock)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return an engine in which nothing is computed."""
    return Warehouse(tmp_path)


@pytest.fixture
def insights(database: Database, clock: StoppedClock, warehouse: Warehouse) -> Insights:
    """Return what agents ask."""
    return Insights(database, warehouse.reading, clock)


def _computed(warehouse: Warehouse, scores: Sequence[tuple[str, str, float, str | None]]) -> None:
    at = datetime(2026, 1, 1)  # noqa: DTZ001 - as in the engine
    names = ("person_id", "name", "value", "word")
    rows = [dict(zip(names, one, strict=True)) | {"computed_at": at} for one in scores]
    schema = SCHEMAS["score"].to_pyarrow().remove_metadata()
    with warehouse.writing() as engine:
        prepare(engine)
        engine.insert("score", pa.Table.from_pylist(rows, schema=schema))


async def _says(world: World, talk: Talk, *said: tuple[str, str, float], ago: int = 1) -> None:
    at = world.clock() - timedelta(days=ago)
    async with world.database.write() as session:
        for text, intent, mood in said:
            session.add(
                MessageRow(
                    conversation_id=talk.id,
                    direction=Direction.INBOUND,
                    author=Author.CONTACT,
                    text=text,
                    choices=[],
                    created_at=at,
                    mood=mood,
                )
            )
            event = Event(
                name="turn.answered",
                occurred_at=at,
                conversation_id=talk.id,
                data={"intent": intent},
            )
            events.append(session, event)


async def test_before_anything_is_computed_there_are_needs(
    world: World, insights: Insights
) -> None:
    talk = await world.talk()
    known = await insights.of(talk.contact_id)
    assert (known.scores, known.computed_at) == ({}, None)
    assert (known.needs.asked, known.needs.mood, known.needs.complaints) == ([], None, 0)
    with pytest.raises(NotFoundError):
        await insights.of("0" * 32)


async def test_what_they_asked_complain_of_and_name(
    world: World, insights: Insights, database: Database, clock: StoppedClock
) -> None:
    async with database.write() as session:
        for sku, english, chinese in (
            ("L1", "Desk Lamp", "台灯"),
            ("M1", "Mug", "马克杯"),
            ("K1", "Kettle", "水壶"),
        ):
            session.add(
                ProductRow(
                    sku=sku, name_en=english, name_zh=chinese, price_cents=100, currency="USD"
                )
            )
    talk, other = await world.talk(), await world.talk()
    await _says(world, talk, ("where is my DESK LAMP", "track_order", -0.5), ("hi", "greet", -0.3))
    await _says(
        world, talk, ("a 马克杯 please", "place_order", -0.4), ("and?", "track_order", -0.4)
    )
    await _says(world, talk, ("thanks a lot", "thanks", 0.6), ago=200)
    await _says(world, other, ("the kettle leaks", "complaint", -1.0))
    tickets = Tickets(database, clock)
    for key, topic in (("a", "complaint"), ("b", "complaint"), ("c", "refund")):
        await tickets.open(
            key=key, conversation_id=talk.id, topic=topic, title="x", description="x"
        )
    await tickets.set(number="T-000002", status="resolved", by="Kim")
    needs = (await insights.of(talk.contact_id)).needs
    assert needs.asked == [("delivery", 2), ("order_change", 1)]
    assert needs.tickets == [("complaint", 2), ("refund", 1)]
    assert needs.complaints == 1
    assert needs.products == ["Desk Lamp", "Mug"]
    assert needs.mood is not None
    assert (needs.mood.now, needs.mood.before) == (pytest.approx(-0.4), pytest.approx(0.6))
    assert (needs.mood.trend, needs.mood.messages) == ("worse", 4)


async def test_scores_are_those_of_the_customer_they_are(
    world: World, insights: Insights, database: Database, warehouse: Warehouse
) -> None:
    talk = await world.talk()
    _computed(
        warehouse,
        [
            (f"p:{talk.contact_id}", "response", 0.2, "low"),
            ("c:ada", "clv", 120.0, None),
            ("c:ada", "rfm", 14.0, "champions"),
            ("c:bob", "clv", 3.0, None),
        ],
    )
    known = await insights.of(talk.contact_id)
    assert {name: score.value for name, score in known.scores.items()} == {"response": 0.2}
    merged = new_id()
    async with database.write() as session:
        session.add(CustomerRow(id="ada", name="A. L.", created_at=world.clock()))
        await session.flush()
        await session.execute(
            update(ContactRow).where(ContactRow.id == talk.contact_id).values(customer_id="ada")
        )
        session.add(ContactRow(id=merged, created_at=world.clock(), merged_into=talk.contact_id))
    for contact_id in (talk.contact_id, merged):
        found: Known = await insights.of(contact_id)
        assert {name: one.value for name, one in found.scores.items()} == {
            "clv": 120.0,
            "rfm": 14.0,
        }
        assert found.scores["rfm"].word == "champions"
        assert found.computed_at is not None
        assert found.computed_at.tzinfo is not None
