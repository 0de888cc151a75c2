"""Tickets in the console."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.wiring import Desk
from desk.assignment.service import Assignment
from desk.follow import Follower
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.ticket import SavedViewRow, TicketRow, TicketStatus
from desk.tickets.listing import Sort, Wanted
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
    after = re.search(r'rel="next" href="([^"]+)"', first)
    assert after is not None
    assert "T-000001" in await mo.see(after[1].replace("&amp;", "&"))


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


async def test_two_agents_at_one_ticket(mo: Browser, kit: Browser, desk: Desk) -> None:
    at = await _ticket(desk)
    await kit.submit(f"{at}/change", version="1", priority="urgent", assignee="Kit")
    late = await mo.submit(
        f"{at}/change", version="1", priority="low", assignee="Mo", status="open", tags="a, b"
    )
    assert late.status_code == 409
    for words in ("Somebody was quicker", "Urgent", "Low", "Kit", "Mo", "a, b"):
        assert words in late.text
    assert (await desk.tickets.get(number="T-000001")).priority == "urgent"
    fields = dict(re.findall(r'name="(priority|assignee|status|tags)" value="([^"]*)"', late.text))
    assert set(fields) == {"priority", "assignee", "status", "tags"}
    chosen = await mo.submit(f"{at}/change", version="2", priority="low", assignee="Kit")
    assert chosen.status_code == 303
    now = await desk.tickets.get(number="T-000001")
    assert (now.priority, now.assignee) == ("low", "Kit")
    same = await mo.submit(f"{at}/change", version="1", priority="low")
    assert same.status_code == 303


async def test_filters_and_orders(mo: Browser, desk: Desk) -> None:
    first = await _ticket(desk, title="Lamp", key="0")
    await _ticket(desk, title="Chair", key="1")
    await mo.submit(f"{first}/change", tags="vip, late", assignee="Mo", topic="delivery")
    for query in ("tag=vip", "assignee=Mo", "topic=delivery", "sort=oldest&tag=Late"):
        page = await mo.see(f"/console/tickets?{query}")
        assert "Lamp" in page, query
        assert "Chair" not in page, query
    for query in ("assignee=-", "channel=memory&assignee=-"):
        page = await mo.see(f"/console/tickets?{query}")
        assert "Chair" in page, query
        assert "Lamp" not in page, query
    assert "Nothing fits" in await mo.see("/console/tickets?channel=email")
    for query in ("sort=priority", "sort=newest", "status=all", "status=nonsense", "sort=no"):
        assert "Lamp" in await mo.see(f"/console/tickets?{query}")
    for place in ("x", "1~2~3", "9" * 30, "2026-01-01~1", "99~1"):
        await mo.see(f"/console/tickets?sort=priority&after={place}", status=422)


async def test_pages_of_every_order_show_every_ticket_once(desk: Desk) -> None:
    for number in range(12):
        at = await _ticket(desk, key=str(number))
        priority = ("low", "urgent", "normal")[number % 3]
        await desk.tickets.set(number=at.rpartition("/")[2], priority=priority, by="m")
    for sort in Sort:
        seen: list[int] = []
        after = ""
        while True:
            page = await desk.tickets.find(Wanted(sort=sort), after=after, limit=5)
            seen += [ticket.id for ticket in page.tickets]
            after = page.next
            if not after:
                break
        assert sorted(seen) == list(range(1, 13)), sort
    assert seen[:4] == [2, 5, 8, 11]


async def test_a_view_is_saved_shared_and_removed(mo: Browser, kit: Browser, desk: Desk) -> None:
    await _ticket(desk)
    wanted = {"status": "all", "priority": "high", "sort": "oldest"}
    await mo.submit("/console/tickets/views", name="Hot <b>", **wanted)
    await mo.submit("/console/tickets/views", name="For all", shared="yes", status="new")
    page = await mo.see("/console/tickets")
    assert "Hot &lt;b&gt;" in page
    address = re.search(r'href="(/console/tickets\?[^"]*priority=high[^"]*)"', page)
    assert address is not None
    assert "Broken lamp" in await mo.see(address[1].replace("&amp;", "&"))
    others = await kit.see("/console/tickets")
    assert "For all" in others
    assert "Hot" not in others
    (view,) = [one for one in await rows(desk, SavedViewRow) if one.shared]
    await mo.submit(f"/console/tickets/views/{view.id}/remove")
    assert "For all" not in await kit.see("/console/tickets")
    assert (await mo.submit("/console/tickets/views", name=" ")).status_code == 422


async def test_several_tickets_are_changed_after_a_look(mo: Browser, desk: Desk) -> None:
    first = await _ticket(desk, title="Lamp", key="0")
    await _ticket(desk, title="Chair", key="1")
    await mo.submit(f"{first}/change", status="closed")
    page = await mo.see("/console/tickets/bulk?pick=T-000001&pick=T-000002&pick=T-000009")
    assert "These 2 tickets" in page
    assert "Lamp" in page
    nothing = await mo.submit("/console/tickets/bulk", numbers="T-000001,T-000002")
    assert nothing.status_code == 422
    done = await mo.submit(
        "/console/tickets/bulk", numbers="T-000001,T-000002", status="pending", tag="x, y"
    )
    assert "1 tickets were changed" in done.text
    assert "1 tickets were not changed" in done.text
    changed = await desk.tickets.get(number="T-000002")
    assert (changed.status, changed.tags) == ("pending", ("x", "y"))
    assert "No ticket is chosen" in await mo.see("/console/tickets/bulk")


async def test_the_board(mo: Browser, desk: Desk) -> None:
    at = await _ticket(desk)
    page = await mo.see("/console/tickets/board")
    assert "Broken lamp" in page
    assert "Broken lamp" not in await mo.see("/console/tickets/board?mine=yes")
    moved = await mo.submit(
        f"{at}/change", version="1", status="pending", next="/console/tickets/board"
    )
    assert moved.headers["location"] == "/console/tickets/board"
    assert (await desk.tickets.get(number="T-000001")).status == "pending"
    elsewhere = await mo.submit(f"{at}/change", status="open", next="https://example.org/")
    assert elsewhere.headers["location"] == at


async def test_an_export_holds_no_formula(mo: Browser, desk: Desk) -> None:
    for number, title in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "Lamp, new")):
        await _ticket(desk, title=title, key=str(number))
    response = await mo.get("/console/tickets/export.csv?status=all&sort=oldest")
    assert response.headers["content-disposition"] == 'attachment; filename="tickets.csv"'
    found = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert [row["title"] for row in found] == [
        "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'=1", "'=1", "Lamp, new",
    ]  # fmt: skip
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in found for cell in row.values())


async def test_a_merge_is_looked_at_made_and_undone(mo: Browser, desk: Desk) -> None:
    await _ticket(desk, title="Lamp", key="0")
    at = await _ticket(desk, title="Lamp again", key="1")
    assert "Lamp" in await mo.see(f"{at}/merge")
    look = await mo.see(f"{at}/merge?into=T-000001")
    assert "Its history and 0 comments" in look
    await mo.see(f"{at}/merge?into=T-000002", status=422)
    await mo.see(f"{at}/merge?into=T-000077", status=404)
    done = await mo.submit(f"{at}/merge", into="T-000001", why="same lamp")
    assert done.headers["location"] == "/console/tickets/T-000001"
    led = await mo.get(at)
    assert led.headers["location"] == "/console/tickets/T-000001?merged=T-000002"
    page = await mo.see("/console/tickets/T-000001?merged=T-000002")
    assert "T-000002 is part of this ticket now" in page
    assert "T-000002 into T-000001, by Mo" in page
    undone = await mo.submit("/console/tickets/T-000001/merges/1/undo")
    assert undone.headers["location"] == at
    assert "Lamp again" in await mo.see(at)
    await mo.submit("/console/tickets/T-000001/merges/99/undo")


async def test_rules_and_skills(mo: Browser, desk: Desk) -> None:
    rules = "/console/ticket-rules"
    assert "No rules yet" in await mo.see(rules)
    await mo.see(f"{rules}/assignment")
    for name in ("First", "Second"):
        saved = await mo.submit(
            f"{rules}/assignment",
            name=name,
            topics="refund, complaint",
            regions="de",
            skills="Money",
            is_on="yes",
        )
        assert saved.status_code == 303
    wrong = await mo.submit(f"{rules}/assignment", name="Third", topics="refunds")
    assert wrong.status_code == 422
    assert "is none of" in wrong.text
    twice = await mo.submit(f"{rules}/assignment", name="First", topics="refund")
    assert twice.status_code == 409
    await mo.submit(f"{rules}/assignment/2/move", way="up")
    page = await mo.see(rules)
    assert page.index("Second") < page.index("First")
    assert "DE" in page
    edit = await mo.see(f"{rules}/assignment?id=1")
    assert 'value="refund, complaint"' in edit
    await mo.submit(f"{rules}/assignment/1/remove")
    assert "First" not in await mo.see(rules)
    mood = {"name": "Angry", "mood_below": "-0.5", "priority": "urgent", "is_on": "yes"}
    assert (await mo.submit(f"{rules}/priority", **mood)).status_code == 303
    await desk.agents.set_status("Mo", AgentStatus.ONLINE)
    given = {"skills": "Money, LAW", "languages": "en", "regions": "de", "capacity": "3"}
    assert (await mo.submit(f"{rules}/skills", agent="Mo", **given)).status_code == 303
    (row,) = await rows(desk, AgentRow, AgentRow.name == "Mo")
    assert (row.skills, row.languages, row.regions) == (["money", "law"], ["en"], ["DE"])
    assert row.capacity == 3
    bad = await mo.submit(f"{rules}/skills", agent="Mo", **(given | {"capacity": "-1"}))
    assert bad.status_code == 422


async def test_why_somebody_has_it_is_said_in_words(mo: Browser, desk: Desk) -> None:
    at = await _ticket(desk)
    await desk.agents.set_status("Mo", AgentStatus.OFFLINE)
    assignment = Assignment(desk.database, desk.clock)
    follower = Follower("a", assignment.handle, database=desk.database, clock=desk.clock)
    while await follower.step():
        pass
    page = await mo.see(at)
    assert "Why nobody has it" in page
    assert "Nobody who fits is online" in page
    await desk.agents.set_status("Mo", AgentStatus.ONLINE)
    while await follower.step():
        pass
    page = await mo.see(at)
    assert "Why Mo" in page
    assert "Nobody else could take it now" in page


async def test_pages_ask_few_questions_however_many_tickets(mo: Browser, desk: Desk) -> None:
    for number in range(30):
        at = await _ticket(desk, key=str(number))
    await mo.submit(f"{at}/change", tags="a, b", assignee="Mo")
    for path, most in (
        ("/console/tickets", 12),
        ("/console/tickets?tag=a&assignee=Mo", 12),
        ("/console/tickets/board", 14),
        (at, 12),
    ):
        await mo.see(path)
        with counted(desk) as asked:
            await mo.see(path)
        assert 0 < len(asked) <= most, (path, asked)


@contextmanager
def counted(desk: Desk) -> Iterator[list[str]]:
    """Collect the statements that are run inside the block."""
    found: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE")):
            found.append(statement)

    engines = {desk.database._reader.sync_engine, desk.database._writer.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
