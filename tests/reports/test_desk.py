"""The figures of a desk that really worked: its own services wrote the log."""

from datetime import timedelta

from sqlalchemy import select, update

from analytics.reports import rollup
from analytics.reports.report import Query
from analytics.reports.service import Reports
from app.wiring import Desk
from desk.clock import StoppedClock
from desk.handoff.moves import Ending
from desk.tables.agent import AgentRow
from desk.tables.conversation import Outcome
from desk.tables.event import EventRow
from tests.conftest import NOON
from tests.reports.oracle import Happening
from tests.reports.test_rollup import BUSINESS, facts, follow, rows, same
from tests.talk import conversation, says, settle


async def _served(desk: Desk, clock: StoppedClock, thread: str, agent: str) -> None:
    """Let a customer be answered by the assistant, ask for a person, be answered twice and be done."""
    await says(desk, "hello", thread)
    clock.advance(timedelta(seconds=20))
    await says(desk, "human", thread)
    talk = (await conversation(desk, thread)).id
    clock.advance(timedelta(seconds=60))
    await desk.handoff.take_over(talk, agent=agent)
    clock.advance(timedelta(seconds=30))
    await desk.handoff.reply(talk, agent=agent, text="What can I do?")
    clock.advance(timedelta(seconds=100))
    await says(desk, "my lamp is broken", thread)
    clock.advance(timedelta(seconds=5))
    await says(desk, "the green one", thread)
    clock.advance(timedelta(seconds=40))
    await desk.handoff.reply(talk, agent=agent, text="You get another")
    clock.advance(timedelta(seconds=15))
    ending = Ending(outcome=Outcome.SOLVED, topic="refund")
    await desk.handoff.resolve(talk, agent=agent, ending=ending)
    await settle(desk)


async def _ticket(desk: Desk, clock: StoppedClock) -> None:
    talk = (await conversation(desk, "dee")).id
    ticket = await desk.tickets.open(
        key="k", conversation_id=talk, topic="refund", title="Money", description="Back"
    )
    await desk.tickets.set(number=ticket.number, by="Mo", assignee="Mo")
    clock.advance(timedelta(minutes=20))
    await desk.tickets.comment(
        number=ticket.number,
        text="On its way.",
        author="agent",
        author_name="Kit",
        public=True,
        key="c",
    )
    clock.advance(timedelta(hours=3))
    await desk.tickets.set(number=ticket.number, by="Kit", status="resolved")


async def test_the_figures_of_a_day(desk: Desk, clock: StoppedClock) -> None:
    await desk.agents.add(name="Mo")
    async with desk.database.write() as session:
        await session.execute(update(AgentRow).values(team="care"))
    await _served(desk, clock, "ada", "Mo")
    await says(desk, "just looking", "bo")
    clock.advance(timedelta(days=2))
    await says(desk, "hello again", "cy")
    await follow(desk.database, clock, 3)
    query = Query(since=NOON, until=NOON + timedelta(days=3), by="agent", only={})
    report = await Reports(desk.database).report(query)
    mine, total = report.groups["Mo"], report.total
    assert mine["waiting"].median == 60
    assert mine["first_response"].median == 90
    assert mine["next_response"].median == 45
    assert mine["handling"].median == 190
    assert mine["resolution"].median == 250
    assert total["total_resolution"].median == 270
    assert total["conversations"].n == 3
    assert total["ended"].n == 2
    assert total["containment"].value == 0.5
    assert total["messages_in"].value == 6
    assert total["messages_agent"].value == 2
    assert report.open["conversations"].n == 1
    topics = await Reports(desk.database).report(
        Query(since=NOON, until=NOON + timedelta(days=3), by="topic", only={"team": "care"})
    )
    assert topics.groups["refund"]["first_response"].n == 1
    channels = await Reports(desk.database).report(
        Query(since=NOON, until=NOON + timedelta(days=3), by="channel")
    )
    assert set(channels.groups) == {"memory"}


async def test_a_desks_log_gives_what_plain_loops_say_and_a_replay_gives(
    desk: Desk, clock: StoppedClock
) -> None:
    for agent in ("Mo", "Kit"):
        await desk.agents.add(name=agent)
    for number, thread in enumerate(("ada", "bo", "cy")):
        await _served(desk, clock, thread, ("Mo", "Kit")[number % 2])
        await follow(desk.database, clock, 4)
    await says(desk, "one more thing", "ada")
    clock.advance(timedelta(hours=30))
    await says(desk, "hello", "dee")
    await _ticket(desk, clock)
    await follow(desk.database, clock, 4)
    async with desk.database.read() as session:
        found = (await session.scalars(select(EventRow).order_by(EventRow.id))).all()
    log = [
        Happening(e.name, e.occurred_at, e.contact_id, e.conversation_id, e.data) for e in found
    ]
    assert len(log) > 80
    query = Query(since=NOON, until=NOON + timedelta(days=30), by="agent")
    report = await Reports(desk.database).report(query)
    same(report, facts(log))
    assert report.total["reopened"].n == 1
    # Kit answered what Mo had, and settled it.
    assert {name for name, part in report.groups.items() if part["ticket_reply"].n} == {"Kit"}
    assert {name for name, part in report.groups.items() if part["ticket_resolution"].n} == {"Kit"}
    before = await rows(desk.database)
    await rollup.rebuild(desk.database, clock, BUSINESS)
    assert await rows(desk.database) == before
