"""A person has a conversation for a while, on the trained assistant: what it says after that, and who is called."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Arrive
from tests.customer import Customer, said
from tests.running import RunningDesk
from tests.stored import Stored

pytestmark = pytest.mark.rasa

_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
WORDS = "Your order 10023 is refunded, the money is on its way."


class Agent:
    """Somebody at the console."""

    def __init__(self, browser: httpx.AsyncClient, base: str, token: str) -> None:
        self._browser = browser
        self._headers = {"Origin": base}
        self._token = token

    async def does(self, conversation: str, what: str, **fields: str) -> None:
        """Send a form of a conversation's page."""
        answer = await self._browser.post(
            f"/console/conversations/{conversation}/{what}",
            data={"form_token": self._token, **fields},
            headers=self._headers,
        )
        assert answer.status_code < 400, answer.text


@asynccontextmanager
async def at_console(running: RunningDesk, name: str) -> AsyncIterator[Agent]:
    """Sign somebody in."""
    base, _, key = running.console_url.partition("/console?key=")
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as browser:
        form = {"token": key, "agent": name}
        await browser.post("/console/sign-in", data=form, headers={"Origin": base})
        found = _FORM_TOKEN.search((await browser.get("/console/overview")).text)
        assert found, "not signed in"
        yield Agent(browser, base, found[1])


async def helped(running: RunningDesk, stored: Stored, customer: Customer, words: str) -> None:
    """Let an agent take a conversation over, say something, and give it back."""
    talk = stored.conversation(customer.visitor)["id"]
    async with at_console(running, "Kim") as agent:
        await agent.does(talk, "take-over")
        await agent.does(talk, "messages", mode="reply", text=words)
        await agent.does(talk, "release")
    assert stored.conversation(customer.visitor)["owner"] == "bot"


def memory(running: RunningDesk, conversation: str) -> list[dict[str, Any]]:
    """Return what Rasa remembers of a conversation."""
    tracker = Stored(f"sqlite:///{running.folder}/var/trackers.sqlite")
    found = tracker.rows(
        "SELECT events FROM rasa_turns WHERE conversation_id = ? ORDER BY seq", conversation
    )
    return [event for row in found for event in json.loads(row["events"])]


@pytest.mark.parametrize(
    ("begin", "asks", "words", "then", "fits"),
    [
        (
            "I want to return my order and get a refund",
            "order number",
            WORDS,
            "thanks, when will the money arrive?",
            "e-mail address or phone number is on the order",
        ),
        (
            "我要退款",
            "订单号",
            "您的订单 10023 已经退款。",
            "谢谢，钱什么时候到账？",
            "下单时留的邮箱或手机号",
        ),
    ],
)
async def test_the_bot_goes_on_from_what_the_agent_said(
    running: RunningDesk,
    stored: Stored,
    customer: Customer,
    begin: str,
    asks: str,
    words: str,
    then: str,
    fits: str,
) -> None:
    assert asks in await customer.hears(begin), "the form has begun"
    await helped(running, stored, customer, words)
    answer = await customer.hears(then)
    # Which order it is the agent has said; whose it is the bot must still know before it tells anything.
    assert fits in answer
    assert asks not in answer

    events = memory(running, stored.conversation(customer.visitor)["id"])
    told = [e for e in events if e["event"] == "bot" and e["text"] == words]
    assert [e["metadata"]["agent"] for e in told] == ["Kim"]
    assert words not in answer, "it is not said twice"
    loops = [e["name"] for e in events if e["event"] == "active_loop"]
    assert loops[0] == "refund_form"
    assert None in loops
    slots = {e["name"]: e["value"] for e in events if e["event"] == "slot"}
    assert slots["last_handoff_summary"] == f'Kim was here, last said "{words}"'
    first = next(e for e in events if e["event"] == "user" and e["text"] == then)
    assert "meanwhile" not in first["metadata"]

    owner = stored.order("10023")["customer_id"]
    email = stored.one("SELECT email FROM shop_customer WHERE id = ?", owner)["email"]
    assert "10023" in await customer.hears(email)
    events = memory(running, stored.conversation(customer.visitor)["id"])
    assert len([e for e in events if e["event"] == "bot" and e["text"] == words]) == 1


@pytest.mark.parametrize(
    ("words", "truth"),
    [
        ("This is outrageous! I am furious!!! Where is my money?", "minutes"),
        ("太过分了，我非常生气，你们这什么垃圾服务", "分钟"),
    ],
)
async def test_an_angry_customer_gets_to_the_queue_and_hears_the_truth(
    customer: Customer, stored: Stored, words: str, truth: str
) -> None:
    assert truth in await customer.hears(words)
    talk = stored.conversation(customer.visitor)
    assert (talk["owner"], talk["waiting_reason"]) == ("waiting", "angry")
    (message,) = stored.rows("SELECT mood FROM message WHERE text = ?", words)
    assert message["mood"] < -0.4


async def test_a_calm_customer_stays_with_the_bot(arrive: Arrive, stored: Stored) -> None:
    for words in ("WHERE IS MY ORDER", "tell me a joke", "我要投诉", "I am disappointed"):
        customer = await arrive()
        assert said(await customer.says(words))
        assert stored.conversation(customer.visitor)["owner"] == "bot", words
