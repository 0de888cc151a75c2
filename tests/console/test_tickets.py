"""Tickets in the console."""

import re

from app.wiring import Desk
from desk.tables.ticket import TicketRow, TicketStatus
from tests.console.conftest import Browser
from tests.talk import conversation, rows, says


async def _ticket(desk: Desk, title: str = "Broken lamp", key: str = "k") -> str:
    if key in ("k", "0"):
        await says(desk, "hello")
    talk = await conversation(desk)
    ticket = await desk.tickets.open(
        key=key,
        conversation_id=talk.id,
        topic="complaint",
        title=title,
        description="It <b>flickers</b>.",
        priority="high",
        contact_detail="a.customer@example.com",
    )
    return f"/console/tickets/{ticket.number}"


async def test_no_tickets(mo: Browser) -> None:
    assert "No tickets" in await mo.see("/console/tickets")


async def test_the_list_and_its_filter(mo: Browser, desk: Desk) -> None:
    await _ticket(desk, title="<i>Lamp</i>")
    page = await mo.see("/console/tickets")
    assert "T-000001" in page
    assert "&lt;i&gt;Lamp" in page
    assert "<i>Lamp" not in page
    assert "T-000001" in await mo.see("/console/tickets?status=new")
    assert "No tickets with this status" in await mo.see("/console/tickets?status=closed")


async def test_older_tickets_are_on_the_next_page(mo: Browser, desk: Desk) -> None:
    for number in range(31):
        await _ticket(desk, key=str(number))
    first = await mo.see("/console/tickets")
    assert "T-000001" not in first
    after = re.search(r'href="(/console/tickets\?after=[^"]+)"', first)
    assert after is not None
    assert "T-000001" in await mo.see(after[1])


async def test_a_comment_is_for_agents_unless_it_says_otherwise_and_once(
    mo: Browser, desk: Desk
) -> None:
    at = await _ticket(desk)
    for _ in range(2):
        await mo.submit(f"{at}/comments", text="checked the batch", once="abc")
    await mo.submit(f"{at}/comments", text="we send another", public="yes", once="def")
    entries = (await desk.tickets.get(number="T-000001")).entries
    comments = [(e.text, e.public, e.author_name) for e in entries if e.text]
    assert comments == [("checked the batch", False, "Mo"), ("we send another", True, "Mo")]
    page = await mo.see(at)
    assert "It &lt;b&gt;flickers" in page
    assert "Open the conversation" in page
    assert (await mo.submit(f"{at}/comments", text="  ")).status_code == 422


async def test_status_priority_and_assignee_change(mo: Browser, desk: Desk) -> None:
    at = await _ticket(desk)
    changed = await mo.submit(f"{at}/change", status="open", priority="urgent", assignee="Mo")
    assert changed.status_code == 303
    page = await mo.see(at)
    for words in ("from New to Open", "from High to Urgent", "gave it to Mo"):
        assert words in page


async def test_a_move_that_cannot_be_is_refused_in_words(mo: Browser, desk: Desk) -> None:
    at = await _ticket(desk)
    await mo.submit(f"{at}/change", status="closed")
    refused = await mo.submit(f"{at}/change", status="open")
    assert refused.status_code == 409
    assert "stays closed" in refused.text
    assert (await mo.submit(f"{at}/change", status="lost")).status_code == 422
    (row,) = await rows(desk, TicketRow)
    assert row.status is TicketStatus.CLOSED
