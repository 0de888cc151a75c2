"""Many messages at once: in order, and each has one effect."""

import asyncio
from uuid import uuid4

import pytest

from tests.acceptance.conftest import Arrive
from tests.customer import Customer, said
from tests.stored import Stored, ticket_number

pytestmark = pytest.mark.rasa

QUICK = {
    "How can I pay?": "PayPal",
    "What are your opening hours?": "Monday",
    "Which delivery options are there?": "Express",
    "如何注册账户？": "注册",
    "What is your refund policy?": "30 days",
}


async def test_fifty_quick_messages_are_answered_in_order(
    customer: Customer, stored: Stored
) -> None:
    questions = [list(QUICK)[n % len(QUICK)] for n in range(50)]
    ids = [str(uuid4()) for _ in questions]
    for message_id, question in zip(ids, questions, strict=True):
        answer = await customer.post(message_id, text=question)
        assert answer.status_code == 200
    await customer.answers(ids[-1], "bot", patience=120)

    history = await customer.history()
    own = [m for m in history if m["author"] == "contact"]
    assert [m["client_id"] for m in own] == ids
    assert [m["text"] for m in own] == questions
    for message_id, question in zip(ids, questions, strict=True):
        replies = await customer.answers(message_id, "bot")
        assert QUICK[question] in said(replies), question
    assert {m["author"] for m in history} == {"contact", "bot"}
    assert [row["state"] for row in stored.accepted(customer.visitor)] == ["done"] * 50


async def test_one_text_posted_twenty_times_at_once_is_one_message(
    customer: Customer, stored: Stored
) -> None:
    message_id = str(uuid4())
    sent = [customer.post(message_id, text="How can I pay?") for _ in range(20)]
    answers = await asyncio.gather(*sent)
    assert {a.status_code for a in answers} == {200}
    assert {a.json()["message_id"] for a in answers} == {message_id}
    await customer.answers(message_id)
    await customer.says("hello")
    texts = [m["text"] for m in await customer.history() if m["author"] == "contact"]
    assert texts == ["How can I pay?", "hello"]
    assert len(await customer.answers(message_id)) == 1
    assert len(stored.accepted(customer.visitor)) == 2


async def test_one_choice_taken_twenty_times_at_once_opens_one_ticket(
    customer: Customer, stored: Stored
) -> None:
    await customer.says("I want to open a ticket")
    await customer.says("the lamp flickers")
    await customer.says("It flickers every evening.")
    last = await customer.presses("Normal")
    choice = next(c["id"] for m in last for c in m["choices"] if c["title"] == "Here in the chat")
    message_id = str(uuid4())
    answers = await asyncio.gather(*(customer.post(message_id, choice=choice) for _ in range(20)))
    assert {a.status_code for a in answers} == {200}
    replies = await customer.answers(message_id)
    (ticket,) = stored.tickets(customer.visitor)
    assert ticket_number(ticket) in said(replies)


async def test_another_message_with_a_used_id_changes_nothing(customer: Customer) -> None:
    message_id = str(uuid4())
    await customer.post(message_id, text="How can I pay?")
    first = await customer.answers(message_id)
    answer = await customer.post(message_id, text="I want to talk to a person")
    assert answer.status_code == 200
    await asyncio.sleep(0.5)
    assert await customer.answers(message_id) == first
    assert len(await customer.history()) == 1 + len(first)


async def test_customers_do_not_wait_for_each_other_nor_see_each_other(arrive: Arrive) -> None:
    crowd = [await arrive() for _ in range(8)]
    titles = [f"cup number {n} is missing" for n in range(len(crowd))]
    await asyncio.gather(*(each.says("open a ticket") for each in crowd))
    await asyncio.gather(*(each.says(title) for each, title in zip(crowd, titles, strict=True)))
    await asyncio.gather(*(each.says("It was not in the box.") for each in crowd))
    await asyncio.gather(*(each.presses("Low") for each in crowd))
    opened = await asyncio.gather(*(each.presses("Here in the chat") for each in crowd))
    assert len({said(replies) for replies in opened}) == len(crowd)
    states = await asyncio.gather(*(each.hears("how is my ticket?") for each in crowd))
    for title, state in zip(titles, states, strict=True):
        assert title in state
