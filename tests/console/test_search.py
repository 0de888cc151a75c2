"""Search in the console, on both databases: names, addresses, numbers, words, and pages of the inbox."""

import re
from datetime import UTC, datetime

import pytest

from app.wiring import Desk
from console.shown import marked
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from tests.console.conftest import Browser
from tests.talk import accept, conversation, inbound, says, settle

_PLACED = datetime(2026, 3, 1, tzinfo=UTC)


async def _shop(desk: Desk) -> None:
    """Let one visitor be Ana, who has an order and a ticket, and another one nobody we know."""
    await says(desk, "my paper lamp is dim", "visitor-ab12")
    await says(desk, "100% wool, 50_50? 羊毛毯有货吗", "visitor-cd34")
    talk = await conversation(desk, "visitor-ab12")
    customer = CustomerRow(
        id="c1",
        name="Ana O'Hara",
        email="ana@example.com",
        phone="+1 555 0123",
        account_type="premium",
        created_at=_PLACED,
    )
    order = OrderRow(
        number="10023",
        customer_id="c1",
        status=OrderStatus.SHIPPED,
        placed_at=_PLACED,
        total_cents=1,
        currency="USD",
        ship_name="Ana",
        ship_address="Example Street 1",
    )
    async with desk.database.write() as session:
        session.add(customer)
        await session.flush()
        session.add(order)
        contact = await session.get_one(ContactRow, talk.contact_id)
        contact.customer_id = "c1"
    await desk.tickets.open(
        key="k",
        conversation_id=talk.id,
        topic="complaint",
        title="It <b>flickers</b>",
        description="every evening",
    )


ANA, OTHER = "Ana O&#39;Hara", "Visitor CD34"


async def test_everything_an_agent_may_remember_finds_the_conversation(
    mo: Browser, desk: Desk
) -> None:
    await _shop(desk)
    expected = {
        "ana o'hara": (ANA,),
        "ANA@EXAMPLE": (ANA,),
        "5550123": (ANA,),
        "10023": (ANA,),
        "order #10023": (ANA,),
        "T-000001": (ANA,),
        "ticket 1": (ANA,),
        "lamp dim": (ANA,),
        "ana lamp": (ANA,),
        "ana wool": (),
        "Visitor CD34": (OTHER,),
        "羊毛毯": (OTHER,),
        "100%": (OTHER,),
        "50_50": (OTHER,),
        "5%5": (),
        "nobody": (),
    }
    found = {}
    for words in expected:
        response = await mo.get("/console/search", params={"q": words})
        assert response.status_code == 200
        # The marks are taken out: here it matters who is found.
        page = response.text.replace("<mark>", "").replace("</mark>", "")
        found[words] = tuple(name for name in (ANA, OTHER) if f"<bdi>{name}</bdi>" in page)
    assert found == expected


async def test_a_note_and_a_ticket_are_found_and_text_stays_text(mo: Browser, desk: Desk) -> None:
    await _shop(desk)
    talk = await conversation(desk, "visitor-cd34")
    await desk.handoff.note(talk.id, agent="Mo", text="ask the <i>warehouse</i>")
    page = await mo.see("/console/search?q=warehouse")
    assert "ask the &lt;i&gt;<mark>warehouse</mark>&lt;/i&gt;" in page
    page = await mo.see("/console/search?q=flickers")
    assert "/console/tickets/T-000001" in page
    assert "It &lt;b&gt;<mark>flickers</mark>&lt;/b&gt;" in page
    assert "<b>flickers" not in page


@pytest.mark.parametrize("words", ["", "   ", "visitor", "%00", "%ED%A0%80", "a" * 5_000, "'--"])
async def test_whatever_is_asked_there_is_a_page(mo: Browser, desk: Desk, words: str) -> None:
    await says(desk, "hello")
    page = await mo.see(f"/console/search?q={words}")
    assert "/console/conversations/" not in page


async def test_only_agents_search(stranger: Browser) -> None:
    response = await stranger.get("/console/search?q=ana")
    assert response.status_code == 303
    assert response.headers["location"].startswith("/console/sign-in")


async def test_the_inbox_has_pages(mo: Browser, desk: Desk) -> None:
    for number in range(51):
        await accept(desk, inbound("hello", f"v-{number:04}"))
    await settle(desk)
    first = await mo.see("/console?queue=bot")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    assert 'rel="prev"' not in first
    second = await mo.see(older.replace("&amp;", "&"))
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second
    names = re.findall(r"<bdi>(Visitor \d+)</bdi>", first + second)
    assert len(names) == len(set(names)) == 51
    assert names.index("Visitor 0050") < names.index("Visitor 0000")
    assert "Visitor 0050" in await mo.see("/console?queue=bot&after=nonsense~x")


def test_an_excerpt_starts_shortly_before_the_word() -> None:
    text = marked("x" * 100 + " Lamp <b> lamp", ("lamp",))
    assert text == "…" + "x" * 19 + " <mark>Lamp</mark> &lt;b&gt; <mark>lamp</mark>"
    assert marked("<i>", ()) == "&lt;i&gt;"
