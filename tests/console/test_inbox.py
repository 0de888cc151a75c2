"""The parts of the inbox, who comes first and why, and words that crossed on the way."""

import re
from datetime import timedelta

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.conversations.desk_model import Queue
from desk.conversations.desk_view import DeskView
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, MessageRow, Owner
from desk.tables.shop import CustomerRow
from tests.conftest import NOON
from tests.console.conftest import Browser
from tests.talk import conversation, says, settle


async def test_beside_a_resolved_conversation_stands_that_nothing_else_is_open(
    mo: Browser, desk: Desk
) -> None:
    await says(desk, "hello")
    at = f"/console/conversations/{(await conversation(desk)).id}"
    assert "Nothing else is open" not in await mo.see(at)
    await mo.submit(f"{at}/resolve")
    assert (await conversation(desk)).owner == "closed"
    assert "Nothing else is open" in await mo.see(at)
    await says(desk, "human", "bo")
    assert "Nothing else is open" not in await mo.see(at)


async def test_every_conversation_is_in_its_part(
    mo: Browser, desk: Desk, clock: StoppedClock
) -> None:
    for thread in ("wait", "mine", "kits", "off", "done"):
        await says(desk, "human", thread)
    await says(desk, "hello", "bots")
    talks = {tag: await conversation(desk, tag) for tag in ("mine", "kits", "off", "done")}
    await desk.handoff.take_over(talks["mine"].id, agent="Mo")
    await desk.handoff.take_over(talks["kits"].id, agent="Kit")
    await desk.handoff.snooze(talks["off"].id, agent="Mo", until=clock() + timedelta(hours=1))
    await desk.handoff.resolve(talks["done"].id, agent="Mo")
    expected = {
        "waiting": {"WAIT"},
        "mine": {"MINE"},
        "human": {"MINE", "KITS"},
        "bot": {"BOTS"},
        "snoozed": {"OFF"},
        "closed": {"DONE"},
    }
    for queue, names in expected.items():
        page = await mo.see(f"/console?queue={queue}")
        assert set(re.findall(r"<bdi>Visitor (\w+)</bdi>", page)) == names, queue
    everything = await mo.see("/console")
    found = re.findall(r"<bdi>Visitor (\w+)</bdi>", everything)
    assert sorted(found) == sorted(set().union(*expected.values()))
    assert "With colleagues" in everything
    assert 'title="1 waiting"' in everything


async def test_whose_turn_it_is_and_why(mo: Browser, desk: Desk, clock: StoppedClock) -> None:
    for thread in ("old1", "mad1", "vip1"):
        await says(desk, "human", thread)
        clock.advance(timedelta(minutes=2))
    mad, vip = await conversation(desk, "mad1"), await conversation(desk, "vip1")
    async with desk.database.write() as session:
        session.add(CustomerRow(id="c1", name="V. P.", account_type="premium", created_at=NOON))
        await session.flush()
        (await session.get_one(ContactRow, vip.contact_id)).customer_id = "c1"
        message = await session.scalar(
            MessageRow.__table__.select().where(MessageRow.conversation_id == mad.id)
        )
        (await session.get_one(MessageRow, message)).mood = -0.9
    page = await mo.see("/console?queue=waiting")
    places = [page.index(name) for name in ("V. P.", "Visitor MAD1", "Visitor OLD1")]
    assert places == sorted(places)
    assert page.count(">VIP<") == 1
    assert page.count(">Angry<") == 1
    assert "4 min left" in page
    clock.advance(timedelta(minutes=9))
    late = await mo.get("/console?queue=waiting", headers={"Accept-Language": "zh"})
    assert "超时 5 分钟" in late.text
    assert "情绪激动" in late.text


async def test_pages_after_a_place_go_through_everybody_once(desk: Desk) -> None:
    for number in range(7):
        await says(desk, "human" if number % 2 else "hello", f"v{number}")
    view, found = DeskView(desk.database), dict[Queue, list[str]]()
    for queue in (Queue.WAITING, Queue.BOT):
        after, seen = None, list[str]()
        for _ in range(5):
            part = await view.desk({queue: 2}, agent="Mo", now=desk.clock(), after=after)
            seen += [line.thread for line in part.lines[queue]]
            after = part.older.get(queue)
            if after is None:
                break
        found[queue] = seen
    assert sorted(found[Queue.WAITING]) == ["v1", "v3", "v5"]
    assert sorted(found[Queue.BOT]) == ["v0", "v2", "v4", "v6"]


async def test_an_answer_waits_for_what_came_in_between(
    mo: Browser, kit: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    at = f"/console/conversations/{talk.id}"
    await mo.submit(f"{at}/take-over")
    (seen,) = set(re.findall(r'name="seen" form="[\w-]+" value="(\d+)"', await mo.see(at)))
    await says(desk, "wait, I found it!")
    held = await mo.submit(f"{at}/messages", mode="reply", text="It is gone.", seen=seen)
    assert held.status_code == 409
    assert "Somebody wrote while you were writing" in held.text
    assert held.text.index("New while you were writing") < held.text.rindex("I found it")
    assert ">It is gone.</textarea>" in held.text
    # Neither is it resolved over the customer's head, nor said over a colleague's note.
    assert (await mo.submit(f"{at}/resolve", seen=seen)).status_code == 409
    (now_seen,) = set(re.findall(r'name="seen" form="[\w-]+" value="(\d+)"', held.text))
    await kit.submit(f"{at}/messages", mode="note", text="do not say that")
    late = await mo.submit(f"{at}/messages", mode="reply", text="It is gone.", seen=now_seen)
    assert late.status_code == 409
    await settle(desk)
    assert "It is gone." not in [message.text for message in memory.sent]
    (last,) = set(re.findall(r'name="seen" form="[\w-]+" value="(\d+)"', late.text))
    sent = await mo.submit(f"{at}/messages", mode="reply", text="Good!", seen=last)
    assert sent.status_code == 303
    # One's own words are no news, and a number that is none asks for no check.
    again = await mo.submit(f"{at}/messages", mode="reply", text="Bye!", seen=last)
    assert again.status_code == 303
    assert (await mo.submit(f"{at}/resolve", seen="x" * 30)).status_code == 303
    async with desk.database.read() as session:
        row = await session.get_one(ConversationRow, talk.id)
    assert row.owner is Owner.CLOSED


async def test_an_old_message_is_shown_where_it_was_found(mo: Browser, desk: Desk) -> None:
    for number in range(120):
        await says(desk, f"line {number:03}")
    page = await mo.see("/console/search?q=003")
    (link,) = set(re.findall(r'href="(/console/conversations/[^"]+)#m\d+"', page))
    assert "line 003" not in await mo.see(link.partition("?")[0])
    assert "line 003" in await mo.see(link)
