"""Rules at work: once for each event, in order, without going in circles, and what fails does not stop the rest."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from desk.assignment.service import Assignment
from desk.automation.listener import MOST_RUNS
from desk.automation.runner import MOST_FAILURES
from desk.errors import ConflictError, InvalidError
from desk.follow import Follower
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.automation import ContactAttributeRow, RunState
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, MessageRow
from tests.automation.conftest import House

NOTE = {"kind": "note", "text": "seen {ticket.number}"}


def _set(name: str, value: str) -> dict[str, Any]:
    return {"kind": "set", "field": name, "value": value}


async def test_everything_a_rule_can_do(house: House) -> None:
    webhook = await house.webhook()
    talk = await house.world.talk(channel="memory")
    async with house.database.write() as session:
        await session.execute(update(ConversationRow).values(language="zh"))
        await session.execute(update(ContactRow).values(name="A.", email="a@example.com"))
    await house.rule(
        {"kind": "assign", "agent": "Mo"},
        _set("priority", "urgent"),
        _set("team", "refunds"),
        {"kind": "tag", "tags": ["vip", "gift"]},
        {"kind": "untag", "tags": ["gift"]},
        {
            "kind": "reply",
            "en": "Hello {contact.name}",
            "zh": "{contact.name}，您好：{ticket.number}",
        },
        NOTE,
        {"kind": "email", "subject": "About {ticket.title}", "text": "We are on it."},
        {"kind": "webhook", "endpoint": webhook},
        {"kind": "task", "title": "Call {contact.name}", "within": "2d"},
        {"kind": "contact", "field": "tier", "value": "{ticket.priority}"},
        {"kind": "contact", "field": "language", "value": "zh"},
    )
    ticket = await house.ticket(talk)
    await house.settle()
    (run,) = await house.runs()
    assert [one["state"] for one in run.outcomes] == ["done"] * 12, run.outcomes
    assert run.state == "done"
    now = await house.now(ticket)
    assert (now.assignee, now.priority, now.team, now.tags) == (
        "Mo",
        "urgent",
        "refunds",
        ("vip",),
    )
    notes = [(e.text, e.public, e.author_name) for e in now.entries if e.kind == "comment"]
    assert notes == [(f"seen {ticket.number}", False, "rule: rule 1")]
    messages = await house.world.rows(MessageRow)
    assert {(m.author, m.text) for m in messages} == {
        ("system", f"A.，您好：{ticket.number}"),
        ("system", "About Lamp\n\nWe are on it."),
    }
    ((to, kind, payload),) = house.hooks.queued
    assert (to, kind, payload["ticket"]) == (webhook, "automation.triggered", ticket.number)
    assert "A." not in str(payload)
    (task,) = await house.tasks.open(assignee="Mo")
    assert (task.title, task.due_at) == ("Call A.", house.clock() + timedelta(days=2))
    (note,) = await house.world.rows(ContactAttributeRow)
    assert (note.key, note.value) == ("tier", "normal")  # as it was when the event happened
    caused = [e for e in await house.world.events() if "caused_by" in e.data]
    assert {e.name for e in caused} >= {"ticket.assigned", "message.queued", "task.opened"}


async def test_once_for_each_event_however_many_work(house: House) -> None:
    await house.rule(NOTE)
    ticket = await house.ticket()
    followers = [house.another_follower() for _ in range(3)]
    await asyncio.gather(*(one.step() for one in followers))
    runners = [house.another_runner() for _ in range(3)]
    await asyncio.gather(*(one.step() for one in runners))
    await house.settle()
    assert len(await house.runs()) == 1
    now = await house.now(ticket)
    assert len([e for e in now.entries if e.kind == "comment"]) == 1


async def test_the_order_decides_and_a_rule_may_be_the_last(house: House) -> None:
    first = await house.rule(_set("priority", "low"))
    await house.rule(_set("priority", "high"))
    ticket = await house.ticket()
    await house.settle()
    assert (await house.now(ticket)).priority == "high"  # the last one wins
    (finding,) = await house.rules.check()
    assert finding.oddity == "contradiction"
    written = (await house.rules.get(first)).written()
    await house.rules.save(written | {"stop": True}, by="mo", rule_id=first)
    other = await house.ticket(key="other")
    await house.settle()
    assert (await house.now(other)).priority == "low"
    await house.rules.move(first, 1, by="mo")
    third = await house.ticket(key="third")
    await house.settle()
    assert (await house.now(third)).priority == "low"
    assert [run.rule for run in await house.runs()][-2:] == ["rule 2", "rule 1"]


async def test_conditions_are_about_the_moment_of_the_event(house: House) -> None:
    await house.rule(NOTE, **{"if": {"field": "ticket.priority", "is": "normal"}})
    ticket = await house.ticket()
    await house.desk.tickets.set(number=ticket.number, priority="urgent", by="Mo")
    await house.settle()
    assert len(await house.runs()) == 1


async def test_two_rules_that_would_set_each_other_off_for_ever(house: House) -> None:
    changed = "ticket.status_changed"
    opens = await house.rule(
        _set("status", "open"), when=changed, **{"if": {"field": "event.new", "is": "pending"}}
    )
    rests = await house.rule(
        _set("status", "pending"), when=changed, **{"if": {"field": "event.new", "is": "open"}}
    )
    ticket = await house.ticket()
    await house.desk.tickets.set(number=ticket.number, status="open", by="Mo")
    done = await house.settle()
    assert done == 2
    runs = await house.runs()
    assert [(run.rule_id, run.state) for run in runs] == [
        (rests, "done"),
        (opens, "done"),
        (rests, "held"),
    ]
    assert runs[-1].chain == (rests, opens)
    assert "loop" in (runs[-1].reason or "")


async def test_what_follows_from_a_rule_by_way_of_another_reader_has_its_causes(
    house: House,
) -> None:
    """Else a rule and the assignment could set each other off for ever."""
    rule = await house.rule(_set("team", "refunds"))
    assignment = Assignment(house.database, house.clock)
    reader = Follower("assignment", assignment.handle, database=house.database, clock=house.clock)
    await house.desk.agents.set_status("Mo", AgentStatus.OFFLINE)
    ticket = await house.ticket()
    await reader.step()
    await house.settle()
    assert (await house.now(ticket)).assignee is None
    await house.desk.agents.add(name="Bo", team="refunds")
    await reader.step()
    assert (await house.now(ticket)).assignee == "Bo"
    assigned = (await house.world.events("ticket.assigned"))[-1]
    assert assigned.data["caused_by"] == [rule]


async def test_a_chain_of_rules_ends_at_five(house: House) -> None:
    for number in range(8):
        await house.rule(
            {"kind": "tag", "tags": [f"t{number + 1}"]},
            when="ticket.tagged",
            **{"if": {"field": "ticket.tags", "contains": f"t{number}"}, "stop": False},
        )
    ticket = await house.ticket()
    await house.desk.tickets.set(number=ticket.number, tags=["t0"], by="Mo")
    await house.settle()
    assert set((await house.now(ticket)).tags) <= {f"t{n}" for n in range(7)}
    held = await house.runs(state="held")
    assert held
    assert all(run.chain for run in held)


async def test_a_circle_through_the_outside_world_ends(house: House) -> None:
    """An automatic answer to our automatic answer comes as an event of its own, which no chain leads to."""
    await house.rule({"kind": "reply", "en": "Hi", "zh": "您好"}, when="message.received")
    talk = await house.world.talk(channel="memory")
    for _ in range(MOST_RUNS + 5):
        await house.log("message.received", talk.id, message_id=0, owner="bot")
        await house.settle()
    states = [run.state for run in await house.runs(limit=200)]
    assert (states.count(RunState.DONE), states.count(RunState.HELD)) == (MOST_RUNS, 5)
    house.clock.advance(timedelta(hours=1))
    await house.log("message.received", talk.id, message_id=0, owner="bot")
    await house.settle()
    assert (await house.runs(limit=200))[-1].state == "done"


async def test_what_fails_is_taken_back_and_the_others_go_on(house: House) -> None:
    await house.rule(
        _set("status", "resolved"),
        _set("status", "pending"),  # not from there
        {"kind": "assign", "agent": "Mo"},
        _set("team", "night"),
        NOTE,
    )
    async with house.database.write() as session:
        await session.execute(delete(AgentRow))  # and with them the team that only they were in
    ticket = await house.ticket()
    await house.settle()
    (run,) = await house.runs()
    states = [(one["state"], one["detail"]) for one in run.outcomes]
    assert run.state == "failed"
    assert [state for state, _ in states] == ["done", "failed", "failed", "failed", "done"]
    assert "cannot become pending" in states[1][1]
    assert "no agent 'Mo'" in states[2][1]
    assert "no team 'night'" in states[3][1]
    now = await house.now(ticket)
    assert (now.status, now.assignee, now.team) == ("resolved", None, None)
    # What a failed action told the log was taken back with it.
    told = [e.name for e in await house.world.events("ticket.")]
    assert told == ["ticket.opened", "ticket.status_changed", "ticket.commented"]
    assert {f.oddity for f in await house.rules.check()} == {"no_agent", "no_team"}


async def test_what_may_work_later_is_tried_again_alone(house: House) -> None:
    house.hooks.failures = 2
    webhook = await house.webhook()
    await house.rule(NOTE, {"kind": "webhook", "endpoint": webhook})
    other = await house.rule(_set("priority", "high"))
    ticket = await house.ticket()
    await house.settle()
    first, second = await house.runs()
    assert (first.state, [one["state"] for one in first.outcomes]) == (
        "queued",
        ["done", "waiting"],
    )
    assert (second.rule_id, second.state) == (other, "done")  # did not wait for it
    for _ in range(2):
        house.clock.advance(timedelta(minutes=2))
        await house.settle()
    assert house.hooks.refused == 2
    assert len(house.hooks.queued) == 1
    first = (await house.runs())[0]
    assert (first.state, first.attempts) == ("done", 3)
    comments = [e for e in (await house.now(ticket)).entries if e.kind == "comment"]
    assert len(comments) == 1


async def test_a_rule_that_always_fails_is_switched_off_and_says_so(house: House) -> None:
    rule_id = await house.rule({"kind": "email", "subject": "s", "text": "t"})
    for number in range(MOST_FAILURES + 2):
        await house.ticket(key=str(number))
        await house.settle()
    rule = await house.rules.get(rule_id)
    assert not rule.enabled
    assert "has no e-mail address" in (rule.off_reason or "")
    assert len(await house.runs(limit=200)) == MOST_FAILURES
    assert len(await house.world.events("automation.switched_off")) == 1
    assert [f.oddity for f in await house.rules.check()] == ["off"]
    await house.rules.switch(rule_id, on=True, by="mo")
    assert (await house.rules.get(rule_id)).off_reason is None


async def test_time_that_passes_sets_rules_off_once_for_each_entry(house: House) -> None:
    waits = {"field": "status", "value": "pending", "for": "3d"}
    await house.rule(NOTE, when=waits)
    ticket = await house.ticket()
    await house.desk.tickets.set(number=ticket.number, status="pending", by="Mo")
    house.clock.advance(timedelta(days=2, hours=23))
    assert await house.settle() == 0
    house.clock.advance(timedelta(hours=1))
    assert await house.settle() == 1
    house.clock.advance(timedelta(days=30))
    assert await house.settle() == 0
    await house.desk.tickets.set(number=ticket.number, status="open", by="Mo")
    await house.desk.tickets.set(number=ticket.number, status="pending", by="Mo")
    house.clock.advance(timedelta(days=3))
    assert await house.settle() == 1


async def test_a_ticket_that_nobody_has(house: House) -> None:
    await house.rule(_set("priority", "high"), when={"field": "assignee", "for": "2h"})
    mine = await house.ticket()
    await house.desk.tickets.set(number=mine.number, assignee="Mo", by="Mo")
    other = await house.ticket(key="other")
    house.clock.advance(timedelta(hours=2))
    await house.settle()
    assert (await house.now(mine)).priority == "normal"
    assert (await house.now(other)).priority == "high"


async def test_who_is_not_there_cannot_be_named(house: House) -> None:
    for then, words in (
        ({"kind": "assign", "agent": "Nobody"}, "Nobody"),
        (_set("team", "moon"), "moon"),
        ({"kind": "webhook", "endpoint": "none"}, "webhook"),
    ):
        with pytest.raises(InvalidError, match=words):
            await house.rule(then)
    house.use(mail=None)
    with pytest.raises(InvalidError, match="no mail channel is set up"):
        await house.rule({"kind": "email", "subject": "s", "text": "t"})
    await house.rule(NOTE, name="mine")
    with pytest.raises(ConflictError):
        await house.rule(NOTE, name="mine")


async def test_events_about_nobody_and_nonsense_stop_no_rule(house: House) -> None:
    await house.rule(NOTE, when=["ticket.opened", "message.received", "sla.breached"])
    await house.log("message.received")
    await house.log("ticket.opened", "f" * 32, ticket_id="x", caused_by="y")
    await house.log("sla.breached", None, ticket_id=10**9, kind=7)
    await house.ticket()
    await house.settle()
    assert [run.state for run in await house.runs()] == ["failed"] * 3 + ["done"]


async def test_tasks_are_done_once(house: House) -> None:
    await house.rule({"kind": "task", "title": "Call", "assignee": "Mo"})
    await house.ticket()
    await house.settle()
    (task,) = await house.tasks.open()
    for _ in range(2):
        await house.tasks.done(task.id, by="Mo")
    assert await house.tasks.open() == []
    assert len(await house.world.events("task.done")) == 1
