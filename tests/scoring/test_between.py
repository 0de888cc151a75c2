"""What was between us and a contact: read from a real database, with what is planned from every source."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.insight.contact_effect import Reaction, Verdict
from analytics.insight.contact_planned import SOURCES, Plan
from analytics.insight.known import Insights
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from desk import events
from desk.clock import StoppedClock
from desk.errors import NotFoundError
from desk.events import Event
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.automation import TaskRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow, Outcome, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tables.outbox import OutboxRow, OutboxState
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from desk.tickets.service import Tickets
from tests.conftest import NOON
from tests.scoring.conftest import DAY, put
from tests.world import Talk, World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


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


async def _message(world: World, talk: Talk, author: Author) -> int:
    inbound = author is Author.CONTACT
    async with world.database.write() as session:
        row = MessageRow(
            conversation_id=talk.id,
            direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
            author=author,
            text="x",
            choices=[],
            created_at=world.clock(),
        )
        session.add(row)
        await session.flush()
        return row.id


async def _log(
    world: World, talk: Talk, name: str, at: datetime, message_id: int | None = None, by: str = ""
) -> None:
    async with world.database.write() as session:
        event = Event(
            name=name,
            occurred_at=at,
            contact_id=by or talk.contact_id,
            conversation_id=talk.id,
            data={} if message_id is None else {"message_id": message_id},
        )
        events.append(session, event)


async def _say(world: World, talk: Talk, author: Author, at: datetime, by: str = "") -> None:
    name = "message.received" if author is Author.CONTACT else "message.sent"
    await _log(world, talk, name, at, await _message(world, talk, author), by)


async def test_messages_and_answers_come_from_the_log_of_all_who_they_were(
    world: World, insights: Insights, database: Database
) -> None:
    chat = await world.talk()
    mail = await world.talk(contact_id=chat.contact_id, channel="email")
    stranger = await world.talk()
    merged, start = new_id(), NOON - 2 * DAY
    async with database.write() as session:
        session.add(ContactRow(id=merged, created_at=NOON, merged_into=chat.contact_id))
    await _say(world, chat, Author.CONTACT, start)
    await _say(world, chat, Author.BOT, start + MINUTE)
    await _log(world, chat, "conversation.handoff_requested", start + 2 * MINUTE)
    await _say(world, chat, Author.AGENT, start + 12 * MINUTE)
    await _say(world, chat, Author.CONTACT, start + 15 * MINUTE)
    # Events keep the id of their day.
    await _say(world, mail, Author.CONTACT, start + 5 * HOUR, by=merged)
    await _say(world, stranger, Author.CONTACT, NOON)
    # A message whose row is gone, and one that waits: the first was sent by somebody, the second was not sent.
    await _log(world, mail, "message.sent", start + 6 * HOUR, 10**9)
    await _log(world, mail, "message.queued", start + 7 * HOUR, 10**9 + 1)
    for contact_id in (chat.contact_id, merged):
        found = (await insights.between(contact_id)).record
        assert [(one.channel, one.received, one.sent) for one in found.channels] == [
            ("webchat", 2, 2),
            ("email", 1, 1),
        ]
        assert {side: (one.answers, one.median) for side, one in found.speeds.items()} == {
            "bot": (1, 60),
            "agent": (1, 600),
            "them": (1, 180),
            "us": (1, 3_600),
        }
        assert found.last_received_at == start + 5 * HOUR
        assert found.last_sent_at == start + 6 * HOUR
    with pytest.raises(NotFoundError):
        await insights.between("0" * 32)


async def test_what_is_planned_comes_from_every_source(
    world: World, insights: Insights, database: Database, clock: StoppedClock
) -> None:
    talk, other = await world.talk(), await world.talk()
    tickets = Tickets(database, clock)
    ticket = await tickets.open(
        key="k", conversation_id=talk.id, topic="refund", title="The refund", description="x"
    )
    for place, whose in enumerate((talk, other)):
        await _plan(database, whose, place)
    async with database.write() as session:
        session.add(_task("t2", NOON + 4 * HOUR, ticket_id=ticket.id, title="Call about it"))
        session.add(_task("t3", NOON, contact_id=talk.contact_id, done_at=NOON))
        await session.execute(
            update(ConversationRow)
            .where(ConversationRow.id == talk.id)
            .values(owner=Owner.CLOSED, outcome=Outcome.FOLLOW_UP, snoozed_until=NOON + 3 * HOUR)
        )
    found = (await insights.between(talk.contact_id)).planned
    assert [(one.kind, one.at, one.about) for one in found] == [
        ("message", NOON + HOUR, ""),
        ("survey", NOON + 2 * HOUR, "CSAT"),
        ("snoozed", NOON + 3 * HOUR, ""),
        ("task", NOON + 4 * HOUR, "Call about it"),
        ("task", NOON + 5 * HOUR, "Ask again"),
        ("follow_up", None, "The refund"),
    ]
    assert {one.ticket for one in found if one.about in ("Call about it", "The refund")} == {
        ticket.number
    }
    assert {one.channel for one in found if one.kind != "task"} == {"webchat"}
    await tickets.set(number=ticket.number, status="resolved", by="Kim")
    kinds = [one.kind for one in (await insights.between(talk.contact_id)).planned]
    assert "follow_up" not in kinds
    assert "message" in kinds


async def test_others_can_plan_contacts_too(
    world: World, database: Database, clock: StoppedClock, warehouse: Warehouse
) -> None:
    talk = await world.talk()

    async def campaigns(_: AsyncSession, known_as: Sequence[str], now: datetime) -> list[Plan]:
        assert (tuple(known_as), now) == ((talk.contact_id,), clock())
        return [Plan(kind="campaign", at=now, about="Spring sale")]

    insights = Insights(database, warehouse.reading, clock, sources=(*SOURCES, campaigns))
    [plan] = (await insights.between(talk.contact_id)).planned
    assert plan.about == "Spring sale"


def _task(key: str, due_at: datetime, **more: object) -> TaskRow:
    given = {"title": "Ask again"} | more
    return TaskRow(key=key, due_at=due_at, created_at=NOON, by="Kim", **given)


async def _plan(database: Database, talk: Talk, place: int) -> None:
    """Let a message wait beside one that was sent, a survey be due beside one that was asked, a task be there."""
    async with database.write() as session:
        for state in (OutboxState.QUEUED, OutboxState.SENT):
            message = MessageRow(
                conversation_id=talk.id,
                direction=Direction.OUTBOUND,
                author=Author.SYSTEM,
                text="x",
                choices=[],
                created_at=NOON,
            )
            session.add(message)
            await session.flush()
            row = OutboxRow(
                conversation_id=talk.id,
                message_id=message.id,
                channel="webchat",
                account="main",
                thread="t",
                state=state,
                not_before=NOON + HOUR,
                created_at=NOON,
            )
            session.add(row)
        for kind, asked in (
            (FeedbackKind.CSAT, SurveyState.PLANNED),
            (FeedbackKind.CES, SurveyState.ASKED),
        ):
            survey = FeedbackRow(
                kind=kind,
                conversation_id=talk.id,
                contact_id=talk.contact_id,
                state=asked,
                due_at=NOON + 2 * HOUR,
            )
            session.add(survey)
        session.add(_task(f"t{place}", NOON + 5 * HOUR, contact_id=talk.contact_id))


async def test_what_came_after_is_told_beside_what_comes_after_with_everybody(
    world: World,
    insights: Insights,
    database: Database,
    warehouse: Warehouse,
    clock: StoppedClock,
) -> None:
    talk = await world.talk()
    async with database.write() as session:
        session.add(CustomerRow(id="ada", name="A. L.", created_at=NOON - 400 * DAY))
        await session.flush()
        for number in range(6):
            at = NOON - (20 * number + 18) * DAY
            status = OrderStatus.DELIVERED if number else OrderStatus.CANCELLED
            session.add(_order(str(10_000 + number), at, status))
    await world.verify(talk, "ada", NOON)
    for number in range(6):
        await _say(world, talk, Author.AGENT, NOON - (20 * number + 20) * DAY)
    await _move(database, talk, NOON - 200 * DAY)
    found = await insights.between(talk.contact_id)
    purchase, reply = found.effects
    assert (purchase.outcome, purchase.contacts, purchase.followed) == (Reaction.PURCHASE, 6, 5)
    assert (purchase.windows, purchase.before, purchase.verdict) == (11, 0, Verdict.MORE)
    assert (reply.followed, reply.verdict) == (0, Verdict.SAME)
    assert found.everybody is None
    assert await insights.effects_on_everybody() == ()
    at = (NOON - 30 * DAY).replace(tzinfo=None)
    with warehouse.writing() as engine:
        prepare(engine)
        put(engine, "person", [{"person_id": "c:x", "created_at": at - 70 * DAY}])
        said = {"person_id": "c:x", "name": "message.sent", "occurred_at": at}
        put(engine, "activity", [said | {"activity_id": "e:1"}])
    assert await insights.effects_on_everybody() == ()
    clock.advance(HOUR)
    purchase, _ = await insights.effects_on_everybody()
    assert (purchase.people, purchase.contacts, purchase.windows) == (1, 1, 10)
    assert (await insights.between(talk.contact_id)).everybody == (purchase, _)


async def _move(database: Database, talk: Talk, at: datetime) -> None:
    async with database.write() as session:
        await session.execute(
            update(ContactRow).where(ContactRow.id == talk.contact_id).values(created_at=at)
        )


def _order(number: str, at: datetime, status: OrderStatus) -> OrderRow:
    return OrderRow(
        number=number,
        customer_id="ada",
        status=status,
        placed_at=at,
        total_cents=100,
        currency="USD",
        ship_name="A. L.",
        ship_address="1 Example Street",
    )
