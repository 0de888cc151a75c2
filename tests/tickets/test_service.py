"""Tickets: opened once, seen by their owner, moved along the table, with a history."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from desk.clock import StoppedClock
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.ticket import TicketEntryRow, TicketRow
from desk.tickets.service import Ticket, Tickets
from tests.world import Talk, World


@pytest.fixture
def tickets(database: Database, clock: StoppedClock) -> Tickets:
    return Tickets(database, clock)


async def _open(tickets: Tickets, talk: Talk, key: str = "k1", **changes: Any) -> Ticket:
    words = {"topic": "refund", "title": "Broken cup", "description": "It arrived broken."}
    return await tickets.open(key=key, conversation_id=talk.id, **(words | changes))


async def test_a_ticket_is_opened_with_its_history_and_event(
    tickets: Tickets, world: World, clock: StoppedClock
) -> None:
    talk = await world.talk()
    ticket = await _open(
        tickets, talk, priority="high", order_number="#fd-10023", contact_detail=" a@example.com "
    )
    assert ticket.number == f"T-{ticket.id:06d}"
    assert (ticket.status, ticket.priority, ticket.topic) == ("new", "high", "refund")
    assert (ticket.order_number, ticket.contact_detail) == ("10023", "a@example.com")
    assert (ticket.contact_id, ticket.conversation_id) == (talk.contact_id, talk.id)
    assert (ticket.created_at, ticket.resolved_at) == (clock(), None)
    [entry] = ticket.entries
    assert (entry.kind, entry.author, entry.public) == ("created", "bot", True)
    [event] = await world.events("ticket.")
    assert event.name == "ticket.opened"
    assert event.data == {
        "ticket_id": ticket.id,
        "topic": "refund",
        "priority": "high",
        "status": "new",
        "assignee": None,
        "team": None,
        "channel": "webchat",
        "segment": None,
        "author": "bot",
        "by": "bot",
        "why": None,
        "follows": None,
    }
    assert (event.contact_id, event.conversation_id) == (talk.contact_id, talk.id)


async def test_the_same_key_is_the_same_ticket(tickets: Tickets, world: World) -> None:
    talk = await world.talk()
    first = await _open(tickets, talk)
    again = await _open(tickets, talk, title="Something else")
    assert again == first
    assert len(await world.rows(TicketRow)) == 1
    assert len(await world.rows(TicketEntryRow)) == 1
    assert len(await world.events("ticket.opened")) == 1


async def test_one_key_at_once_is_one_ticket(tickets: Tickets, world: World) -> None:
    talk = await world.talk()
    found = await asyncio.gather(*(_open(tickets, talk) for _ in range(10)))
    assert {ticket.number for ticket in found} == {found[0].number}
    assert len(await world.rows(TicketRow)) == 1
    assert len(await world.events("ticket.opened")) == 1


async def test_many_keys_at_once_are_many_tickets(tickets: Tickets, world: World) -> None:
    talk = await world.talk()
    found = await asyncio.gather(*(_open(tickets, talk, key=f"k{n}") for n in range(10)))
    assert len({ticket.number for ticket in found}) == 10


async def _open_and_fail(tickets: Tickets, database: Database, talk: Talk) -> None:
    async with database.write() as session:
        await tickets.open_in(
            session, key="k", conversation_id=talk.id, topic="error", title="t", description="d"
        )
        raise RuntimeError("after")


async def test_opening_belongs_to_the_callers_transaction(
    tickets: Tickets, world: World, database: Database
) -> None:
    talk = await world.talk()
    with pytest.raises(RuntimeError, match="after"):
        await _open_and_fail(tickets, database, talk)
    assert await world.rows(TicketRow) == []
    assert await world.events() == []


async def test_odd_words_are_kept_and_made_fit(tickets: Tickets, world: World) -> None:
    talk = await world.talk()
    ticket = await _open(
        tickets,
        talk,
        title="a\x00b\n c" + "x" * 500,
        description="one\r\ntwo\x00\x1b[31m " + "字" * 30_000,
        contact_detail="",
        order_number="no number",
    )
    assert ticket.title.startswith("a b c")
    assert (len(ticket.title), ticket.title[-1]) == (200, "…")
    assert ticket.description.startswith("one\ntwo[31m 字")
    assert len(ticket.description) == 20_000
    assert (ticket.contact_detail, ticket.order_number) == (None, None)
    untitled = await _open(tickets, talk, key="k2", title=" ", topic="address_change")
    assert untitled.title == "address change"


@pytest.mark.parametrize("field", ["topic", "priority", "author"])
async def test_words_that_are_none_of_ours_are_refused(
    tickets: Tickets, world: World, field: str
) -> None:
    with pytest.raises(InvalidError, match="'nonsense' is none of"):
        await _open(tickets, await world.talk(), **{field: "nonsense"})
    assert await world.rows(TicketRow) == []


async def test_an_unknown_conversation_is_an_error(tickets: Tickets) -> None:
    with pytest.raises(NotFoundError):
        await _open(tickets, Talk("none", "none"))


async def test_only_the_owner_sees_a_ticket(tickets: Tickets, world: World) -> None:
    mine, theirs = await world.talk(), await world.talk()
    ticket = await _open(tickets, mine)
    for number in (ticket.number, ticket.number.lower(), str(ticket.id), f"工单{ticket.id}"):
        assert await tickets.for_owner(conversation_id=mine.id, number=number) == ticket
        assert await tickets.for_owner(conversation_id=theirs.id, number=number) is None
    for number in ("T-999999", "T-" + "9" * 18, "words", "", f"order {ticket.id}"):
        assert await tickets.for_owner(conversation_id=mine.id, number=number) is None
    elsewhere = await world.talk(contact_id=mine.contact_id, channel="telegram")
    assert await tickets.for_owner(conversation_id=elsewhere.id, number=ticket.number) == ticket


async def test_a_customer_who_proved_it_on_both_channels_sees_the_ticket(
    tickets: Tickets, world: World, database: Database, clock: StoppedClock
) -> None:
    await load_demo(Importer(database), clock())
    web, phone, other = (
        await world.talk(),
        await world.talk(channel="telegram"),
        await world.talk(),
    )
    ticket = await _open(tickets, web)
    await world.verify(phone, "C-1001")
    assert await tickets.for_owner(conversation_id=phone.id, number=ticket.number) is None
    await world.verify(web, "C-1001")
    await world.verify(other, "C-1002")
    found = await tickets.for_owner(conversation_id=phone.id, number=ticket.number)
    assert found == ticket
    assert await tickets.latest(conversation_id=phone.id) == ticket
    assert await tickets.for_owner(conversation_id=other.id, number=ticket.number) is None
    clock.advance(timedelta(hours=24))
    assert await tickets.for_owner(conversation_id=phone.id, number=ticket.number) is None
    assert await tickets.for_owner(conversation_id=web.id, number=ticket.number) == ticket


async def test_the_latest_ticket(tickets: Tickets, world: World) -> None:
    talk = await world.talk()
    assert await tickets.latest(conversation_id=talk.id) is None
    await _open(tickets, talk, key="k1")
    second = await _open(tickets, talk, key="k2")
    await _open(tickets, await world.talk(), key="k3")
    assert await tickets.latest(conversation_id=talk.id) == second


async def test_what_is_for_agents_is_not_shown_to_the_owner(
    tickets: Tickets, world: World
) -> None:
    talk = await world.talk()
    number = (await _open(tickets, talk)).number
    await tickets.comment(number=number, text="A liar?", author="agent", public=False)
    await tickets.comment(number=number, text="On its way.", author="agent", author_name="M.")
    await tickets.set(number=number, status="open", priority="urgent", assignee="m", by="M.")
    seen = await tickets.for_owner(conversation_id=talk.id, number=number)
    assert seen is not None
    assert [(entry.kind, entry.text or entry.new) for entry in seen.entries] == [
        ("created", None),
        ("comment", "On its way."),
        ("status", "open"),
    ]
    everything = await tickets.get(number=number)
    assert [entry.kind for entry in everything.entries] == [
        "created",
        "comment",
        "comment",
        "status",
        "priority",
        "assignee",
    ]
    retried = await _open(tickets, talk)
    assert all(entry.public for entry in retried.entries)


async def test_tickets_are_listed_newest_first_page_by_page(
    tickets: Tickets, world: World
) -> None:
    talk = await world.talk()
    numbers = [(await _open(tickets, talk, key=f"k{n}")).number for n in range(5)]
    other = await _open(tickets, talk, key="other", topic="account")
    await tickets.set(number=numbers[0], status="open", by="m")
    assert [one.number for one in await tickets.list(topic="refund")] == numbers[::-1]
    assert [one.number for one in await tickets.list(status="open")] == numbers[:1]
    first = await tickets.list(limit=2)
    assert [one.number for one in first] == [other.number, numbers[4]]
    second = await tickets.list(limit=2, after=first[-1].number)
    assert [one.number for one in second] == [numbers[3], numbers[2]]
    assert await tickets.list(after=numbers[0]) == ()
    assert len(await tickets.list(limit=0)) == 1
    with pytest.raises(InvalidError, match="ticket number"):
        await tickets.list(after="words")
    with pytest.raises(InvalidError, match="none of: new, open"):
        await tickets.list(status="lost")


async def test_a_change_is_written_down(
    tickets: Tickets, world: World, clock: StoppedClock
) -> None:
    number = (await _open(tickets, await world.talk())).number
    clock.advance(timedelta(minutes=5))
    done = await tickets.set(
        number=number, status="resolved", priority="low", assignee="m", by="M."
    )
    assert (done.status, done.priority, done.assignee) == ("resolved", "low", "m")
    assert done.updated_at == done.resolved_at == clock()
    changes = [(entry.kind, entry.old, entry.new, entry.author_name) for entry in done.entries[1:]]
    assert changes == [
        ("status", "new", "resolved", "M."),
        ("priority", "normal", "low", "M."),
        ("assignee", None, "m", "M."),
    ]
    names = [event.name for event in await world.events("ticket.")]
    assert names == [
        "ticket.opened",
        "ticket.status_changed",
        "ticket.priority_changed",
        "ticket.assigned",
    ]
    nobody = await tickets.set(number=number, assignee="", by="M.")
    assert nobody.assignee is None


async def test_nothing_new_is_no_change(tickets: Tickets, world: World) -> None:
    number = (await _open(tickets, await world.talk())).number
    same = await tickets.set(number=number, status="new", priority="normal", assignee="", by="m")
    assert len(same.entries) == 1
    assert len(await world.events("ticket.")) == 1


async def test_a_move_that_is_not_allowed_changes_nothing(tickets: Tickets, world: World) -> None:
    number = (await _open(tickets, await world.talk())).number
    await tickets.set(number=number, status="closed", by="m")
    with pytest.raises(ConflictError, match="cannot become open"):
        await tickets.set(number=number, status="open", priority="urgent", by="m")
    assert (await tickets.get(number=number)).priority == "normal"


async def test_when_it_was_resolved(tickets: Tickets, world: World, clock: StoppedClock) -> None:
    number = (await _open(tickets, await world.talk())).number
    resolved = await tickets.set(number=number, status="resolved", by="m")
    clock.advance(timedelta(days=1))
    closed = await tickets.set(number=number, status="closed", by="m")
    assert closed.resolved_at == resolved.resolved_at
    other = (await _open(tickets, await world.talk(), key="k2")).number
    await tickets.set(number=other, status="resolved", by="m")
    reopened = await tickets.set(number=other, status="open", by="m")
    assert reopened.resolved_at is None


async def test_moves_that_race_follow_the_table(tickets: Tickets, world: World) -> None:
    number = (await _open(tickets, await world.talk())).number
    moves = [tickets.set(number=number, status=to, by="m") for to in ("closed", "open") * 4]
    ends = await asyncio.gather(*moves, return_exceptions=True)
    assert all(isinstance(end, Ticket | ConflictError) for end in ends)
    ticket = await tickets.get(number=number)
    path = [(entry.old, entry.new) for entry in ticket.entries if entry.kind == "status"]
    assert path in ([("new", "closed")], [("new", "open"), ("open", "closed")])
    assert ticket.status == "closed"


async def test_a_comment_is_added_once_for_each_key(tickets: Tickets, world: World) -> None:
    number = (await _open(tickets, await world.talk())).number
    adding = [
        tickets.comment(number=number, text="Hello", author="contact", key="c1") for _ in range(6)
    ]
    await asyncio.gather(*adding)
    await tickets.comment(number=number, text="Hello", author="contact", key="c2")
    ticket = await tickets.comment(
        number=number, text=" Hi\x00 ", author="agent", author_name="M."
    )
    texts = [entry.text for entry in ticket.entries if entry.kind == "comment"]
    assert texts == ["Hello", "Hello", "Hi"]
    events = await world.events("ticket.commented")
    assert [event.data["author"] for event in events] == ["contact", "contact", "agent"]
    assert all("text" not in event.data for event in events)


async def test_a_customers_comment_reopens_what_was_settled(
    tickets: Tickets, world: World
) -> None:
    number = (await _open(tickets, await world.talk())).number
    for status, author, after in (
        ("pending", "agent", "pending"),
        ("pending", "contact", "open"),
        ("resolved", "contact", "open"),
    ):
        await tickets.set(number=number, status=status, by="m")
        ticket = await tickets.comment(number=number, text="Hello", author=author)
        assert ticket.status == after, (status, author)


async def test_what_is_not_there_is_an_error(tickets: Tickets, world: World) -> None:
    for number in ("T-000009", "words", "T-" + "9" * 30):
        with pytest.raises(NotFoundError):
            await tickets.get(number=number)
        with pytest.raises(NotFoundError):
            await tickets.set(number=number, status="open", by="m")
        with pytest.raises(NotFoundError):
            await tickets.comment(number=number, text="x", author="agent")
    number = (await _open(tickets, await world.talk())).number
    with pytest.raises(InvalidError, match="needs a text"):
        await tickets.comment(number=number, text=" \x00 ", author="agent")
