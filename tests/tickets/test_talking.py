"""Customers hear of their tickets where they wrote, and answer there."""

from datetime import timedelta

import pytest

from app.wiring import Desk
from desk.clock import StoppedClock
from desk.follow import Follower
from desk.tables.conversation import MessageRow
from desk.tickets.links import TicketLinks
from desk.tickets.service import Ticket, Tickets
from desk.tickets.talking import TicketTalk
from desk.tickets.thanks import is_thanks
from tests.conftest import SECRET
from tests.talk import conversation, events, rows, says, settle, transcript


@pytest.fixture
def tickets(desk: Desk) -> Tickets:
    return desk.tickets


@pytest.fixture
def links(clock: StoppedClock) -> TicketLinks:
    return TicketLinks(SECRET, public_url="https://desk.example.com", clock=clock)


@pytest.fixture
def follower(desk: Desk, links: TicketLinks) -> Follower:
    talk = TicketTalk(
        tickets=desk.tickets, conversations=desk.conversations, links=links, clock=desk.clock
    )
    return Follower("ticket-talk", talk.handle, database=desk.database, clock=desk.clock)


async def _ticket(desk: Desk, follower: Follower) -> Ticket:
    await says(desk, "hello")
    talk = await conversation(desk)
    ticket = await desk.tickets.open(
        key="k", conversation_id=talk.id, topic="refund", title="Broken cup", description="..."
    )
    await _follow(desk, follower)
    return ticket


async def _follow(desk: Desk, follower: Follower) -> None:
    while await follower.step():
        await settle(desk)


async def test_what_is_still_open_is_heard_after_the_question_how_it_went(
    desk: Desk, follower: Follower, clock: StoppedClock
) -> None:
    ticket = await _ticket(desk, follower)
    await desk.tickets.set(number=ticket.number, status="resolved", by="ana")
    await _follow(desk, follower)
    await desk.handoff.resolve((await conversation(desk)).id, agent="ana")
    await settle(desk)
    assert "from 1 (bad) to 5" in (await transcript(desk))[-1][1]
    # A score and its thanks are no answer to the ticket ...
    await says(desk, "5")
    await _follow(desk, follower)
    scored = await desk.tickets.get(number=ticket.number)
    assert "survey" in (await events(desk, "message.received"))[-1].data
    assert scored.status == "resolved"
    assert not [e for e in scored.entries if e.author == "contact"]
    # ... but whoever was promised that just answering is enough, is heard.
    clock.advance(timedelta(hours=1))
    await says(desk, "It is broken again!")
    await _follow(desk, follower)
    now = await desk.tickets.get(number=ticket.number)
    assert now.status == "open"
    assert [e.text for e in now.entries if e.author == "contact"] == ["It is broken again!"]


async def test_an_answer_goes_out_once_and_the_reply_becomes_a_comment(
    desk: Desk, follower: Follower, links: TicketLinks
) -> None:
    ticket = await _ticket(desk, follower)
    await desk.tickets.set(number=ticket.number, status="pending", by="ana")
    await desk.tickets.comment(
        number=ticket.number, text="Which colour?", author="agent", author_name="ana"
    )
    await desk.tickets.comment(number=ticket.number, text="Odd.", author="agent", public=False)
    await _follow(desk, follower)
    said = [text for author, text in await transcript(desk) if author == "agent"]
    assert len(said) == 1
    assert said[0].startswith("Which colour?\n\nTicket T-000001\nSee it here: https://desk")
    assert links.read(said[0].rpartition("/")[2]) == ticket.id
    await says(desk, "The blue one")
    await _follow(desk, follower)
    now = await desk.tickets.get(number=ticket.number)
    assert now.status == "open"
    assert [(e.author, e.text) for e in now.entries if e.text][-1] == ("contact", "The blue one")
    # The assistant's answer came between: what follows is no answer to the ticket.
    await says(desk, "And another thing")
    await _follow(desk, follower)
    again = await desk.tickets.get(number=ticket.number)
    assert len([e for e in again.entries if e.author == "contact"]) == 1
    replied = await events(desk, "ticket.replied")
    assert [(e.data["by"], e.data["agent"], e.data["first"]) for e in replied] == [
        ("agent", "ana", True)
    ]


async def test_a_settled_ticket_is_told_and_reopens_unless_it_is_only_thanks(
    desk: Desk, follower: Follower
) -> None:
    ticket = await _ticket(desk, follower)
    await desk.tickets.set(number=ticket.number, status="resolved", by="ana")
    await _follow(desk, follower)
    assert "is settled" in (await transcript(desk))[-1][1]
    await says(desk, "Great, thank you!")
    await _follow(desk, follower)
    assert (await desk.tickets.get(number=ticket.number)).status == "resolved"
    await desk.tickets.comment(number=ticket.number, text="Still?", author="agent")
    await _follow(desk, follower)
    await says(desk, "It is still broken")
    await _follow(desk, follower)
    now = await desk.tickets.get(number=ticket.number)
    assert (now.status, now.reopened) == ("open", 1)
    (event,) = await events(desk, "ticket.reopened")
    assert event.data["old"] == "resolved"


async def test_what_was_settled_long_ago_goes_on_as_a_new_ticket(
    desk: Desk, follower: Follower, clock: StoppedClock
) -> None:
    ticket = await _ticket(desk, follower)
    await desk.tickets.set(number=ticket.number, status="resolved", by="ana")
    await _follow(desk, follower)
    clock.advance(timedelta(days=7))
    assert await desk.tickets.close_settled() == 1
    assert await desk.tickets.close_settled() == 0
    await says(desk, "It broke again")
    await _follow(desk, follower)
    old = await desk.tickets.get(number=ticket.number)
    assert old.status == "closed"
    new = await desk.tickets.get(number="T-000002")
    assert (new.status, new.follows, new.topic) == ("new", "T-000001", "refund")
    assert new.description == "It broke again"
    assert ("linked", "T-000001", "T-000002") in [(e.kind, e.old, e.new) for e in old.entries]
    more = await desk.tickets.comment(
        number=ticket.number, text="Hello?", author="contact", key="c"
    )
    assert more.number == "T-000002"


async def test_an_agents_message_in_the_talk_answers_its_tickets(
    desk: Desk, follower: Follower
) -> None:
    ticket = await _ticket(desk, follower)
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="ben")
    await desk.handoff.reply(talk.id, agent="ben", text="I look into it")
    await _follow(desk, follower)
    now = await desk.tickets.get(number=ticket.number)
    assert now.status == "open"
    assert now.first_replied_at is not None
    (event,) = await events(desk, "ticket.replied")
    assert (event.data["agent"], event.data["ticket_id"]) == ("ben", ticket.id)
    assert event.data["status"] == "new"


async def test_what_is_told_is_said_once_whatever_happens(desk: Desk, follower: Follower) -> None:
    ticket = await _ticket(desk, follower)
    await desk.tickets.comment(number=ticket.number, text="Hi", author="agent")
    before = len(await rows(desk, MessageRow))
    others = [
        Follower("ticket-talk", follower._handle, database=desk.database, clock=desk.clock)
        for _ in range(2)
    ]
    for one in (*others, follower):
        await one.step()
    assert len(await rows(desk, MessageRow)) == before + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thanks!", True),
        ("ok, thank you very much :)", True),
        ("OK. Thank you very much!", True),
        ("谢谢", True),
        ("好的，谢谢您！", True),
        ("Great, it works now. Bye", True),
        ("Thanks, but it is still broken", False),
        ("好的，但是还没解决", False),
        ("", False),
        ("ok " * 60, False),
    ],
)
def test_what_is_only_thanks(text: str, expected: bool) -> None:
    assert is_thanks(text) is expected
