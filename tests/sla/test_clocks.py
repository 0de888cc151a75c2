"""Clocks of tickets: they start, stand still, are met, warn once and break once. It is noon on a Monday."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow
from desk.tables.sla import TicketClockRow
from tests.sla.conftest import Promises


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


async def test_a_ticket_without_a_policy_has_no_clock(promises: Promises) -> None:
    assert await promises.clocks(await promises.ticket()) == {}


async def test_an_answer_and_a_solution_in_time(promises: Promises) -> None:
    await promises.policy(first_response="1h", resolution="8h")
    ticket = await promises.ticket()
    clocks = await promises.clocks(ticket)
    assert clocks["first_response"].due_at == _at("03-02T13:00")
    assert clocks["resolution"].due_at == _at("03-03T12:00")
    await promises.pass_(minutes=30)
    await promises.reply(ticket)
    await promises.pass_(hours=2)
    await promises.set(ticket, status="resolved")
    await promises.settle()
    assert {c.outcome for c in (await promises.clocks(ticket)).values()} == {"met"}
    assert await promises.told() == [
        "sla.started first_response",
        "sla.started resolution",
        "sla.met first_response",
        "sla.met resolution",
    ]


async def test_one_warning_and_one_breach_however_many_watch(promises: Promises) -> None:
    await promises.policy(first_response="1h")
    ticket = await promises.ticket(priority="high")
    await promises.pass_(minutes=47)
    assert await promises.told("sla.warned") == []
    watchers = [promises.another_watch() for _ in range(3)]
    for minutes in (2, 30, 600):
        promises.clock.advance(timedelta(minutes=minutes))
        await promises.follower.step()
        await asyncio.gather(*(one.step() for one in (*watchers, promises.watch)))
    assert await promises.told("sla.warned") == ["sla.warned first_response"]
    assert await promises.told("sla.breached") == ["sla.breached first_response"]
    (breach,) = await promises.world.events("sla.breached")
    assert breach.occurred_at == _at("03-02T13:00")
    warning, late = promises.mirror.told.values()
    assert (
        warning
        == f"The first answer to {ticket.number} (high) is due in 11 min (2026-03-02 13:00 UTC)."
    )
    assert "is late" in late
    # Even an answer does not make it good again.
    await promises.reply(ticket)
    clock = (await promises.clocks(ticket))["first_response"]
    assert (clock.outcome, clock.state(promises.clock())) == ("missed", "missed")
    assert await promises.told("sla.met") == []


async def test_exactly_on_time_is_in_time(promises: Promises) -> None:
    await promises.policy(first_response="1h")
    ticket = await promises.ticket()
    await promises.pass_(hours=1)
    await promises.reply(ticket)
    assert (await promises.clocks(ticket))["first_response"].outcome == "met"


async def test_an_answer_nobody_read_yet_is_no_breach(promises: Promises) -> None:
    """Others escalate although the agent has answered; the log is asked first."""
    await promises.policy(first_response="1h")
    ticket = await promises.ticket()
    await promises.settle()
    promises.clock.advance(timedelta(minutes=59))
    await promises.reply(ticket)
    promises.clock.advance(timedelta(minutes=10))
    assert await promises.watch.step() == 0  # the reader of the log is behind
    await promises.settle()
    assert await promises.told("sla.breached") == []
    assert (await promises.clocks(ticket))["first_response"].outcome == "met"


async def test_a_late_answer_is_a_breach_though_nobody_watched(promises: Promises) -> None:
    await promises.policy(first_response="1h")
    ticket = await promises.ticket()
    await promises.settle()
    promises.clock.advance(timedelta(minutes=61))
    await promises.reply(ticket)
    await promises.settle()
    assert await promises.told("sla.breached") == ["sla.breached first_response"]
    assert (await promises.clocks(ticket))["first_response"].outcome == "missed"
    assert await promises.told("sla.warned") == []


@pytest.mark.parametrize("status", ["pending", "on_hold"])
async def test_over_a_weekend_that_a_ticket_waits_nothing_is_lost(
    promises: Promises, status: str
) -> None:
    await promises.policy(resolution="8h")
    ticket = await promises.ticket()
    await promises.at("2026-03-06T16:00:00.250")  # four days of eight hours, less three: Friday
    clock = (await promises.clocks(ticket))["resolution"]
    assert clock.breached_at is not None
    other = await promises.ticket(key="other")
    await promises.at("2026-03-06T16:30:00.500")
    await promises.set(other, status=status)
    paused = (await promises.clocks(other))["resolution"]
    assert (paused.state(promises.clock()), paused.left) == ("paused", timedelta(hours=7.5))
    await promises.at("2026-03-09T11:00:00.750")
    await promises.set(other, status="open")
    clock = (await promises.clocks(other))["resolution"]
    # 7 h 29 min 59.75 s are left at 11:00:00.750 on Monday.
    assert clock.due_at == _at("03-10T10:30:00.500")
    assert clock.started_at == _at("03-06T16:00:00.250")


async def test_the_customer_asks_again(promises: Promises) -> None:
    await promises.policy(first_response="1h", next_response="2h")
    ticket = await promises.ticket()
    await promises.asks(ticket)  # still waits for the first answer
    assert "next_response" not in await promises.clocks(ticket)
    await promises.reply(ticket)
    await promises.pass_(minutes=10)
    await promises.asks(ticket)
    asked = (await promises.clocks(ticket))["next_response"]
    assert asked.due_at == _at("03-02T14:10")
    await promises.pass_(minutes=5)
    await promises.asks(ticket)  # and again: they wait since the first time
    assert (await promises.clocks(ticket))["next_response"].due_at == _at("03-02T14:10")
    await promises.reply(ticket)
    await promises.pass_(minutes=5)
    await promises.asks(ticket)
    again = (await promises.clocks(ticket))["next_response"]
    assert (again.number, again.due_at) == (2, _at("03-02T14:20"))


async def test_a_question_about_a_ticket_that_waited_starts_the_clock_at_once(
    promises: Promises,
) -> None:
    await promises.policy(first_response="1h", next_response="2h", resolution="8h")
    ticket = await promises.ticket()
    await promises.reply(ticket)
    await promises.set(ticket, status="pending")
    await promises.pass_(hours=1)
    await promises.asks(ticket)  # opens it again
    clocks = await promises.clocks(ticket)
    assert clocks["next_response"].due_at == _at("03-02T15:00")
    assert clocks["resolution"].due_at == _at("03-03T13:00")


async def test_words_in_the_conversation_count(promises: Promises) -> None:
    await promises.policy(first_response="1h", next_response="2h")
    talk = await promises.world.talk()
    ticket = await promises.ticket(talk)
    for author in ("bot", "system", "campaign"):
        await promises.log("message.queued", talk.id, author=author, message_id=1)
    await promises.log("message.received", talk.id, owner="bot", message_id=2)
    assert (await promises.clocks(ticket))["first_response"].outcome is None
    await promises.log("message.queued", talk.id, author="agent", message_id=3)
    assert (await promises.clocks(ticket))["first_response"].outcome == "met"
    await promises.log("message.received", talk.id, owner="bot", message_id=4)
    assert "next_response" not in await promises.clocks(ticket)
    await promises.log("message.received", talk.id, owner="human", message_id=5)
    assert (await promises.clocks(ticket))["next_response"].is_running
    await promises.log("message.sent", talk.id, author="agent", message_id=6)
    assert (await promises.clocks(ticket))["next_response"].outcome == "met"


async def test_a_notice_and_a_private_comment_are_no_answer(promises: Promises) -> None:
    await promises.policy(first_response="1h")
    ticket = await promises.ticket()
    await promises.tickets.comment(
        number=ticket.number, text="psst", author="agent", author_name="Mo", public=False
    )
    await promises.tickets.comment(number=ticket.number, text="got it", author="system")
    assert (await promises.clocks(ticket))["first_response"].outcome is None


async def test_reopened_gets_the_whole_time_again(promises: Promises) -> None:
    await promises.policy(first_response="1h", resolution="2h")
    ticket = await promises.ticket()
    await promises.set(ticket, status="resolved")
    clocks = await promises.clocks(ticket)
    assert clocks["resolution"].outcome == "met"
    assert clocks["first_response"].outcome == "dropped"  # nobody waits for it any more
    await promises.at("2026-03-04T10:00")
    await promises.set(ticket, status="open")
    again = (await promises.clocks(ticket))["resolution"]
    assert (again.number, again.due_at) == (2, _at("03-04T12:00"))


async def test_another_priority_counts_from_the_start(promises: Promises) -> None:
    await promises.make({"priorities": ["urgent"]}, first_response="30m", resolution="2h")
    await promises.policy(first_response="4h")
    ticket = await promises.ticket()
    await promises.pass_(minutes=10)
    await promises.set(ticket, status="pending")
    await promises.pass_(minutes=60)
    await promises.set(ticket, status="open", priority="urgent")
    clocks = await promises.clocks(ticket)
    # Ten minutes had run, an hour was a pause, twenty are left.
    assert clocks["first_response"].due_at == _at("03-02T13:30")
    assert clocks["first_response"].policy == "policy 1"
    assert clocks["resolution"].due_at == _at(
        "03-02T14:00"
    )  # there was none; from when it was opened
    await promises.pass_(minutes=15)
    assert await promises.told("sla.warned") == ["sla.warned first_response"]
    await promises.set(ticket, priority="low")
    clocks = await promises.clocks(ticket)
    assert clocks["first_response"].due_at == _at("03-02T17:00")
    assert clocks["resolution"].outcome == "dropped"
    await promises.at("2026-03-02T16:50")
    assert await promises.told("sla.warned") == ["sla.warned first_response"] * 2


async def test_a_priority_that_comes_too_late_is_a_breach_at_its_time(promises: Promises) -> None:
    await promises.make({"priorities": ["urgent"]}, first_response="30m")
    await promises.policy(first_response="4h")
    ticket = await promises.ticket()
    await promises.pass_(minutes=90)
    await promises.set(ticket, priority="urgent")
    clock = (await promises.clocks(ticket))["first_response"]
    assert clock.breached_at == _at("03-02T12:30")
    assert await promises.told("sla.breached") == ["sla.breached first_response"]


async def test_segments_choose_the_policy(promises: Promises) -> None:
    await promises.make({"segments": ["premium"]}, first_response="15m")
    await promises.policy(first_response="4h")
    talk = await promises.world.talk()
    async with promises.database.write() as session:
        session.add(
            CustomerRow(id="c1", name="A.", account_type="premium", created_at=promises.clock())
        )
        await session.flush()
        contact = await session.get(ContactRow, talk.contact_id)
        assert contact is not None
        contact.customer_id, contact.verified_at = "c1", promises.clock()
    first = await promises.clocks(await promises.ticket(talk))
    other = await promises.clocks(await promises.ticket(key="other"))
    assert first["first_response"].target == timedelta(minutes=15)
    assert other["first_response"].target == timedelta(hours=4)


async def test_summer_time_begins_while_a_clock_runs(promises: Promises) -> None:
    await promises.policy(resolution="8h", first_response="30h 24/7")
    await promises.at("2026-03-27T15:00")  # Friday; in London the clocks go forward on Sunday
    clocks = await promises.clocks(await promises.ticket())
    assert clocks["resolution"].due_at == _at(
        "03-30T14:00"
    )  # two hours, then six from 9:00 = 8:00 UTC
    assert clocks["first_response"].due_at == _at("03-28T21:00")


async def test_merged_tickets_owe_nothing(promises: Promises) -> None:
    await promises.policy(first_response="1h", resolution="2h")
    talk = await promises.world.talk()
    kept, other = await promises.ticket(talk), await promises.ticket(talk, key="other")
    await promises.log("ticket.merged", talk.id, ticket_id=other.id, into=kept.id)
    outcomes = {c.outcome for c in (await promises.clocks(other)).values()}
    assert outcomes == {"dropped"}
    assert {c.outcome for c in (await promises.clocks(kept)).values()} == {None}


async def test_events_that_make_no_sense_stop_nobody(promises: Promises) -> None:
    await promises.policy(first_response="1h")
    talk = await promises.world.talk()
    bad: list[dict[str, Any]] = [{}, {"ticket_id": "x"}, {"ticket_id": 10**9}, {"ticket_id": None}]
    for data in bad:
        for name in ("ticket.opened", "ticket.status_changed", "ticket.merged"):
            await promises.log(name, talk.id, **data)
    ticket = await promises.ticket(talk)
    assert (await promises.clocks(ticket))["first_response"].is_running


async def test_two_followers_start_each_clock_once(promises: Promises) -> None:
    await promises.policy(first_response="1h", resolution="2h")
    await promises.ticket()
    second = promises.another_follower()
    await asyncio.gather(promises.follower.step(), second.step())
    await promises.settle()
    rows = await promises.world.rows(TicketClockRow)
    assert sorted(row.kind for row in rows) == ["first_response", "resolution"]
