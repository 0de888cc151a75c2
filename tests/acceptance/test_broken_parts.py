"""Parts break in the middle of a talk: nothing is lost, the customer is told once and answered once."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.customer import Customer, said
from tests.running import RunningDesk
from tests.stored import Stored

pytestmark = pytest.mark.rasa


@pytest.fixture
async def customer(own_desk: RunningDesk) -> AsyncIterator[Customer]:
    """Return a customer of the desk that is hurt."""
    async with httpx.AsyncClient(base_url=own_desk.base, trust_env=False, timeout=30) as client:
        yield await Customer.arrive(client)


@pytest.fixture
def stored(own_desk: RunningDesk) -> Stored:
    """Return what that desk has written down."""
    return Stored(own_desk.database_url)


@pytest.fixture
def no_orders(stored: Stored) -> Iterator[None]:
    """Take the table of the orders away, as a broken shop database would."""
    stored.run("ALTER TABLE shop_order RENAME TO shop_order_away")
    try:
        yield
    finally:
        if stored.rows("SELECT * FROM sqlite_master WHERE name = 'shop_order_away'"):
            mend(stored)


def mend(stored: Stored) -> None:
    """Put the table back."""
    stored.run("ALTER TABLE shop_order_away RENAME TO shop_order")


def rasa_pid(desk: RunningDesk) -> int:
    """Return the process id of the application's Rasa."""
    children = Path(f"/proc/{desk.pid}/task/{desk.pid}/children").read_text().split()
    (pid,) = [
        int(child)
        for child in children
        if b"\0run\0--model\0" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return pid


async def until_working(stored: Stored, visitor: str) -> None:
    """Wait until the last message of a visitor is being worked on."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if [row["state"] for row in stored.accepted(visitor)][-1:] == ["working"]:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("nobody works on the message")


def assert_answered_once(replies: list[dict[str, object]], *words: str) -> None:
    """At most one word about the trouble, then one answer."""
    authors = [m["author"] for m in replies]
    assert authors in (["bot"], ["system", "bot"]), replies
    for word in words:
        assert word in str(replies[-1]["text"])


async def test_an_action_that_fails(customer: Customer, stored: Stored, no_orders: None) -> None:
    await customer.says("Where is my order?")
    await customer.says("10023")
    message_id = str(uuid4())
    answer = await customer.post(message_id, text="ana@example.com")
    assert answer.status_code == 200
    told = await customer.answers(message_id, "system")
    assert "Your message is safe" in said(told)
    # A second message waits its turn; the customer is not told again.
    second = str(uuid4())
    await customer.post(second, text="How can I pay?")
    await asyncio.sleep(1)
    assert [m["author"] for m in (await customer.history())[5:]] == ["system"]

    mend(stored)
    replies = await customer.answers(message_id, "bot")
    assert_answered_once(replies, "10023", "LL000010023")
    assert_answered_once(await customer.answers(second, "bot"), "PayPal")
    assert {row["state"] for row in stored.accepted(customer.visitor)} == {"done"}
    (struck,) = [row for row in stored.accepted(customer.visitor) if row["failures"]]
    assert struck["failures"] >= 1


async def test_an_action_that_keeps_failing_leaves_a_ticket_with_the_words(
    customer: Customer, stored: Stored, no_orders: None
) -> None:
    await customer.says("Where is my order?")
    await customer.says("10023")
    message_id = str(uuid4())
    await customer.post(message_id, text="it is ana@example.com, hurry up")
    deadline = time.monotonic() + 120
    while not stored.tickets(customer.visitor):
        assert time.monotonic() < deadline, "no ticket was opened"
        await asyncio.sleep(0.2)
    (ticket,) = stored.tickets(customer.visitor)
    assert ticket["topic"] == "error"
    assert "it is ana@example.com, hurry up" in ticket["description"]
    replies = await customer.answers(message_id, "system")
    assert f"T-{ticket['id']:06d}" in said(replies)
    mend(stored)
    await asyncio.sleep(1.5)  # after five failures in a row Rasa is left alone for a second
    # The talk goes on where it was.
    assert "LL000010023" in await customer.hears("ana@example.com")


async def test_rasa_is_killed_between_two_messages_of_a_form(
    customer: Customer, own_desk: RunningDesk, stored: Stored
) -> None:
    await customer.says("I want to open a ticket")
    before = rasa_pid(own_desk)
    os.kill(before, signal.SIGKILL)
    message_id = str(uuid4())
    answer = await customer.post(message_id, text="the lamp flickers")
    assert answer.status_code == 200
    replies = await customer.answers(message_id, "bot", patience=120)
    assert_answered_once(replies, "describe")
    assert rasa_pid(own_desk) != before
    await customer.says("It flickers every evening.")
    await customer.presses("Normal")
    await customer.presses("Here in the chat")
    (ticket,) = stored.tickets(customer.visitor)
    assert ticket["title"] == "the lamp flickers"


async def test_rasa_is_killed_while_it_answers(
    customer: Customer, own_desk: RunningDesk, stored: Stored
) -> None:
    await customer.says("Where is my order?")
    await customer.says("10023")
    message_id = str(uuid4())
    await customer.post(message_id, text="ana@example.com")
    await until_working(stored, customer.visitor)
    os.kill(rasa_pid(own_desk), signal.SIGKILL)
    replies = await customer.answers(message_id, "bot", patience=120)
    assert_answered_once(replies, "LL000010023")
    # One proof was given, so one was counted.
    attempts = stored.rows(
        "SELECT a.status FROM shop_match_attempt a JOIN conversation c ON c.id = a.conversation_id"
        " WHERE c.thread = ?",
        customer.visitor,
    )
    assert attempts == [{"status": "matched"}]


async def test_rasa_stands_still(
    customer: Customer, own_desk: RunningDesk, stored: Stored
) -> None:
    await customer.says("hello")
    pid = rasa_pid(own_desk)
    os.kill(pid, signal.SIGSTOP)
    try:
        message_id = str(uuid4())
        answer = await customer.post(message_id, text="How can I pay?")
        assert answer.status_code == 200
        assert len(await customer.history()) >= 2
        told = await customer.answers(message_id, "system", patience=60)
        assert "Your message is safe" in said(told)
    finally:
        os.kill(pid, signal.SIGCONT)
    replies = await customer.answers(message_id, "bot", patience=120)
    assert_answered_once(replies, "PayPal")
    assert {row["state"] for row in stored.accepted(customer.visitor)} == {"done"}
