"""Tickets are given out, once, by the rules, and never to who is not there."""

import asyncio
from datetime import timedelta

from sqlalchemy import delete, update

from desk import events
from desk.agentdesk.agents import Agents
from desk.assignment.rules import RuleDraft
from desk.assignment.service import Assignment
from desk.clock import StoppedClock
from desk.events import Event
from desk.store.database import Database
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow, Owner
from desk.tables.ticket import TicketRow
from tests.assignment.conftest import Floor
from tests.world import Talk


async def test_a_new_ticket_goes_to_the_least_loaded_and_says_why(floor: Floor) -> None:
    await floor.agent("ana")
    await floor.agent("ben")
    first, second = await floor.ticket("1"), await floor.ticket("2")
    await floor.follow()
    assert [(await floor.now(one)).assignee for one in (first, second)] == ["ana", "ben"]
    why = (await floor.now(second)).assigned_why
    assert why == {
        "by": "rule",
        "rule": None,
        "reasons": ["anybody", "least_loaded"],
        "passed": [],
    }
    (event, _) = await floor.world.events("ticket.assigned")
    assert event.data["new"] == "ana"
    assert event.data["why"]["reasons"] == ["anybody", "least_loaded"]


async def test_a_rule_wants_a_skill_and_sets_the_team(floor: Floor) -> None:
    await floor.agent("ana")
    await floor.agent("ben", skills=["money"], team="accounts")
    when = {"topics": ["refund"]}
    await floor.rule("Money", when, skills=["money"], team="accounts")
    ticket = await floor.ticket("1")
    await floor.follow()
    now = await floor.now(ticket)
    assert (now.assignee, now.team) == ("ben", "accounts")
    assert now.assigned_why is not None
    assert now.assigned_why["rule"] == "Money"


async def test_nobody_is_given_more_than_they_can_carry(floor: Floor) -> None:
    await floor.agent("ana", capacity=1)
    talk = await floor.world.talk()
    for number in range(6):
        await floor.ticket(str(number), talk)
    await floor.follow()
    rows = await floor.world.rows(TicketRow)
    assert [row.assignee for row in rows].count("ana") == 4
    left = [row for row in rows if row.assignee is None]
    assert all(row.assigned_why["reasons"] == ["all_full"] for row in left)


async def test_a_talk_in_hand_counts(floor: Floor, database: Database) -> None:
    await floor.agent("ana", capacity=1)
    talk = await floor.world.talk()
    async with database.write() as session:
        await session.execute(
            update(ConversationRow)
            .where(ConversationRow.id == talk.id)
            .values(owner=Owner.HUMAN, agent="ana")
        )
    ticket = await floor.ticket("1")
    await floor.follow()
    assert (await floor.now(ticket)).assignee is None


async def test_who_comes_online_gets_the_oldest_first(floor: Floor, clock: StoppedClock) -> None:
    await floor.agent("ana", capacity=1, status=AgentStatus.OFFLINE)
    talk = await floor.world.talk()
    tickets = [await floor.ticket(str(number), talk) for number in range(5)]
    await floor.follow()
    why = (await floor.now(tickets[0])).assigned_why
    assert why is not None
    assert why["reasons"] == ["nobody_online"]
    await Agents(floor.world.database, clock).set_status("ana", AgentStatus.ONLINE)
    await floor.follow()
    got = [(await floor.now(ticket)).assignee for ticket in tickets]
    assert got == ["ana"] * 4 + [None]


async def test_who_leaves_is_followed_after_a_while(floor: Floor, clock: StoppedClock) -> None:
    agents = Agents(floor.world.database, clock)
    await floor.agent("ana")
    ticket = await floor.ticket("1")
    await floor.follow()
    await floor.agent("ben")
    await agents.set_status("ana", AgentStatus.AWAY)
    clock.advance(timedelta(minutes=4))
    assert await floor.assignment.step() == 0
    clock.advance(timedelta(minutes=1))
    assert await floor.assignment.step() == 1
    now = await floor.now(ticket)
    assert now.assignee == "ben"
    assert now.assigned_why is not None
    assert (now.assigned_why["from"], now.assigned_why["left"]) == ("ana", "agent_away")


async def test_what_was_given_to_somebody_away_or_waits_stays(
    floor: Floor, clock: StoppedClock
) -> None:
    agents = Agents(floor.world.database, clock)
    await floor.agent("ana")
    asked = await floor.ticket("1")
    await floor.follow()
    await floor.tickets.set(number=asked.number, status="pending", by="ana")
    await agents.set_status("ana", AgentStatus.OFFLINE)
    clock.advance(timedelta(minutes=1))
    meant = await floor.ticket("2")
    await floor.tickets.set(number=meant.number, assignee="ana", by="boss")
    await floor.agent("ben")
    clock.advance(timedelta(hours=1))
    assert await floor.assignment.step() == 0
    assert [(await floor.now(one)).assignee for one in (asked, meant)] == ["ana", "ana"]


async def test_a_removed_agent_keeps_nothing(floor: Floor, database: Database) -> None:
    await floor.agent("ana")
    open_, pending = await floor.ticket("1"), await floor.ticket("2")
    await floor.follow()
    await floor.tickets.set(number=pending.number, status="pending", by="ana")
    await floor.agent("ben")
    async with database.write() as session:
        await session.execute(delete(AgentRow).where(AgentRow.name == "ana"))
        data = {"agent": "ana"}
        now = floor.world.clock()
        events.append(session, Event(name="agent.removed", occurred_at=now, data=data))
    await floor.follow()
    assert (await floor.now(open_)).assignee == "ben"
    assert (await floor.now(pending)).assignee is None


async def test_who_gave_it_back_does_not_get_it_again(floor: Floor) -> None:
    await floor.agent("ana")
    ticket = await floor.ticket("1")
    await floor.follow()
    await floor.tickets.set(number=ticket.number, assignee="", by="ana")
    await floor.follow()
    await floor.assignment.step()
    assert (await floor.now(ticket)).assignee is None
    await floor.agent("ben")
    await floor.assignment.step()
    assert (await floor.now(ticket)).assignee == "ben"


async def test_who_spoke_last_with_a_customer_gets_their_ticket(
    floor: Floor, database: Database
) -> None:
    for name in ("ana", "ben"):
        await floor.agent(name)
    talk = await floor.world.talk()
    await _say(database, floor, talk, author=Author.AGENT, author_name="ben")
    ticket = await floor.ticket("1", talk)
    await floor.follow()
    now = await floor.now(ticket)
    assert now.assignee == "ben"
    assert now.assigned_why is not None
    assert now.assigned_why["reasons"] == ["anybody", "sticky"]
    await floor.tickets.set(number=ticket.number, status="resolved", by="ben")
    other = await floor.world.talk(contact_id=talk.contact_id, channel="email")
    again = await floor.ticket("2", other)
    await floor.follow()
    assert (await floor.now(again)).assignee == "ben"


async def _say(database: Database, floor: Floor, talk: Talk, **values: object) -> None:
    async with database.write() as session:
        session.add(
            MessageRow(
                conversation_id=talk.id,
                direction=Direction.INBOUND,
                text="...",
                choices=[],
                created_at=floor.world.clock(),
                **values,
            )
        )


async def test_many_processes_at_once_give_each_ticket_once(
    floor: Floor, database: Database, clock: StoppedClock
) -> None:
    for name in ("ana", "ben", "cy"):
        await floor.agent(name, capacity=2)
    talk = await floor.world.talk()
    for number in range(30):
        await floor.ticket(str(number), talk)
    others = [Assignment(database, clock) for _ in range(4)]
    given = await asyncio.gather(*(one.step() for one in others))
    assert sum(given) == 24
    assigned = await floor.world.events("ticket.assigned")
    assert len({event.data["ticket_id"] for event in assigned}) == len(assigned) == 24
    rows = await floor.world.rows(TicketRow)
    owners = [row.assignee for row in rows]
    assert all(owners.count(name) == 8 for name in ("ana", "ben", "cy"))


async def test_topic_and_priority_come_from_what_was_said(
    floor: Floor, database: Database
) -> None:
    await floor.agent("ana")
    angry = RuleDraft(name="Angry", when={"mood_below": -0.5}, then={"priority": "urgent"})
    money = RuleDraft(name="Money", when={"topics": ["refund"]}, then={"priority": "high"})
    for draft in (angry, money):
        await floor.rules.save("priority", draft, by="boss")
    talk = await floor.world.talk()
    vague = await floor.ticket("1", talk, topic="handoff")
    await _say(database, floor, talk, author=Author.CONTACT, mood=-0.2)
    await _turn(database, floor, talk, "get_refund", 0.9)
    await floor.follow()
    now = await floor.now(vague)
    assert (now.topic, now.topic_by, now.priority) == ("refund", "classifier", "high")
    assert now.topic_confidence == 0.9
    furious = await floor.world.talk()
    await _say(database, floor, furious, author=Author.CONTACT, mood=-0.9)
    ticket = await floor.ticket("2", furious, topic="account")
    await floor.follow()
    now = await floor.now(ticket)
    assert (now.topic, now.topic_by, now.priority) == ("account", "rule", "urgent")
    (changed,) = list(await floor.world.events("ticket.topic_changed"))
    assert changed.data["by"] == "system"


async def _turn(
    database: Database, floor: Floor, talk: Talk, intent: str, confidence: float
) -> None:
    async with database.write() as session:
        events.append(
            session,
            Event(
                name="turn.answered",
                occurred_at=floor.world.clock(),
                conversation_id=talk.id,
                data={"intent": intent, "confidence": confidence},
            ),
        )


async def test_what_a_person_chose_no_rule_changes(floor: Floor, database: Database) -> None:
    talk = await floor.world.talk()
    ticket = await floor.ticket("1", talk, topic="other")
    await floor.tickets.set(number=ticket.number, topic="account", priority="low", by="ana")
    everything = RuleDraft(name="All", when={}, then={"priority": "urgent"})
    await floor.rules.save("priority", everything, by="boss")
    await _turn(database, floor, talk, "get_refund", 0.9)
    await floor.follow()
    now = await floor.now(ticket)
    assert (now.topic, now.topic_by, now.priority) == ("account", "agent", "low")
