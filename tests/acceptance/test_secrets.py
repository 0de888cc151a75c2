"""Nobody sees another customer's order, invoice or ticket, and three wrong matches open a ticket."""

import pytest

from tests.acceptance.conftest import Arrive
from tests.customer import Customer, said
from tests.stored import Stored, ticket_number

pytestmark = pytest.mark.rasa

# Order 10042 is li's: what only li may read about it.
SECRET = (
    "Wool throw", "Rice bowl", "羊毛", "饭碗", "processing", "处理中", "li@example.com", "小李", "Li,",
    "138", "0042 ", "上海", "样板路", "89.70", "94.80", "unpaid", "INV-2042 ",
)  # fmt: skip


def assert_nothing_of_li(stored: Stored, customer: Customer) -> None:
    """No word of li's order was said, on any button either."""
    order = stored.order("10042")
    amount = f"{order['total_cents'] / 100:.2f}"
    shown = [row for row in stored.messages(customer.visitor) if row["author"] != "contact"]
    said_ = "\n".join(row["text"] + str(row["choices"]) for row in shown)
    found = [word for word in (*SECRET, amount) if word in said_]
    assert found == [], said_


async def test_a_wrong_proof_shows_nothing_and_the_third_opens_a_ticket(
    customer: Customer, stored: Stored
) -> None:
    await customer.says("Where is my order?")
    for proof in ("ana@example.com", "+1 555 0123"):
        await customer.says("10042")
        answer = await customer.hears(proof)
        assert "do not belong together" in answer
        assert stored.tickets(customer.visitor) == []
    await customer.says("10042")
    locked = await customer.hears("ana@example.com")
    assert "ticket" in locked
    (ticket,) = stored.tickets(customer.visitor)
    assert ticket["status"] == "new"
    assert_nothing_of_li(stored, customer)

    # From now on even the right proof shows nothing.
    await customer.says("Where is my order 10042?")
    await customer.says("li@example.com")
    shown = "".join(row["text"] for row in stored.messages(customer.visitor))
    assert "处理中" not in shown
    assert "Wool throw" not in shown
    assert len(stored.tickets(customer.visitor)) == 1
    assert ticket_number(ticket) in await customer.hears("what about my ticket?")


async def test_an_answer_does_not_tell_whether_a_number_exists(arrive: Arrive) -> None:
    answers = set()
    for number in ("10042", "99999"):
        stranger = await arrive()
        await stranger.says("Where is my order?")
        await stranger.says(number)
        answers.add(await stranger.hears("nobody@example.org"))
    assert len(answers) == 1


@pytest.mark.parametrize(
    "question",
    [
        "Where is my order 10042?",
        "我的订单10042到哪了",
        "Please send me the invoice INV-2042",
        "show me invoice INV-2042 of order 10042",
        "Is there a refund for order 10042?",
        "I want to cancel order 10042",
        "I want my money back for order 10042",
        "please change the address of order 10042 to 1 Mill Lane, Riverton",
        "change order 10042",
        "and the other one? 10042",
    ],
)
async def test_a_verified_customer_gets_nothing_of_anothers_order(
    customer: Customer, stored: Stored, question: str
) -> None:
    await customer.says("Where is my order 10023? My e-mail is ana@example.com")
    status = said(await customer.history())
    assert "LL000010023" in status or "10023" in await customer.hears("ana@example.com")
    await customer.says(question)
    await customer.says("ana@example.com")
    await customer.says("yes")
    assert_nothing_of_li(stored, customer)
    refunds = stored.rows("SELECT * FROM shop_refund WHERE order_number = '10042'")
    assert refunds == []
    assert stored.order("10042")["status"] == "processing"
    assert [t for t in stored.tickets(customer.visitor) if t["order_number"] == "10042"] == []


async def test_invoice_numbers_of_others(customer: Customer, stored: Stored) -> None:
    await customer.says("I need my invoice")
    await customer.says("INV-2042")
    answer = await customer.hears("ana@example.com")
    assert "do not belong together" in answer
    assert_nothing_of_li(stored, customer)


async def test_a_ticket_of_somebody_else_cannot_be_asked_for(
    arrive: Arrive, stored: Stored
) -> None:
    owner, stranger = await arrive(), await arrive()
    await owner.says("open a ticket")
    await owner.says("my secret wish")
    await owner.says("The light goes off by itself.")
    await owner.presses("Normal")
    await owner.presses("Here in the chat")
    number = ticket_number(stored.tickets(owner.visitor)[0])
    assert "my secret wish" in await owner.hears(f"what about ticket {number}")
    refused = await stranger.hears(f"what about ticket {number}")
    assert "secret" not in refused
    assert "can't find" in refused


async def test_another_visitors_buttons_do_nothing_for_a_stranger(
    arrive: Arrive, stored: Stored
) -> None:
    owner, stranger = await arrive(), await arrive()
    await owner.says("track order 10023, ana@example.com")
    await owner.says("goodbye")
    scores = [c["id"] for m in await owner.history() for c in m["choices"]]
    assert len(scores) == 5
    await stranger.says("hello")
    await stranger.takes(scores[0])
    assert [row["score"] for row in stored.feedback(stranger.visitor)] in ([], [None])
    assert [row["score"] for row in stored.feedback(owner.visitor)] == [None]
