"""The main job on real input: a customer on the page, from the first question to the rating."""

import json
import os
import re
import subprocess
from typing import Any

import pytest

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import Visit
from tests.running import FRONTDESK, ROOT, RunningDesk
from tests.stored import Stored, ticket_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]

_AUTHORS = {"contact": "own", "bot": "bot", "agent": "agent", "system": "system"}


def report_csat(desk: RunningDesk) -> dict[str, Any]:
    """Return what `frontdesk report csat --json` prints."""
    done = subprocess.run(
        [*FRONTDESK, "report", "csat", "--json"],
        cwd=ROOT,
        env={**os.environ, "FRONTDESK_DATABASE_URL": desk.database_url},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(done.stdout))


def counted(stored: Stored) -> tuple[int, int, float | None]:
    """Return surveys, answers and the share of 4s and 5s, counted from the rows."""
    row = stored.one(
        "SELECT count(surveyed_at) AS asked, count(score) AS answered,"
        " avg(CASE WHEN score IS NOT NULL THEN score >= 4 END) AS share FROM feedback"
    )
    return row["asked"], row["answered"], row["share"]


async def assert_written_down(chat: ChatPage, stored: Stored) -> None:
    """Everything on the page is in the database, in the same order, and nothing else."""
    written = [
        (_AUTHORS[row["author"]], row["text"]) for row in stored.messages(await chat.visitor())
    ]
    assert await chat.transcript() == written


async def test_a_customer_is_served_from_the_first_question_to_the_rating(
    visit: Visit, running: RunningDesk, stored: Stored
) -> None:
    before = report_csat(running)
    chat = await visit()
    await chat.open()

    # Where is my order? In English, by the number and the e-mail address.
    await chat.button("Where is my order?").click()
    assert "order number" in (await chat.answer(1))[0]
    assert "e-mail" in (await chat.says("10023"))[0]
    (status,) = await chat.says("ana@example.com")
    order = stored.order("10023")
    assert order["status"] == "shipped"
    assert "10023" in status
    assert "on its way" in status
    assert order["carrier"] in status
    assert order["tracking_number"] in status

    # The same in Chinese; the customer is known by now.
    (chinese,) = await chat.says("我的订单10031到哪了？")
    assert stored.order("10031")["status"] == "delivered"
    assert "10031" in chinese
    assert "送达" in chinese

    # A refund, broken off in the middle.
    assert "reason" in (await chat.says("I want my money back for order 10023"))[0]
    (stopped,) = await chat.says("never mind")
    assert "stopped" in stopped
    visitor = await chat.visitor()
    assert stored.tickets(visitor) == []

    # A ticket.
    assert "what is it about" in (await chat.says("I'd like to open a ticket"))[0]
    await chat.says("The desk lamp flickers")
    await chat.says("It starts after about an hour, every evening.")
    await chat.presses("Normal")
    (opened,) = await chat.presses("Here in the chat")
    (ticket,) = stored.tickets(visitor)
    number = ticket_number(ticket)
    assert number in opened
    assert ticket["title"] == "The desk lamp flickers"
    assert ticket["description"] == "It starts after about an hour, every evening."
    assert (ticket["priority"], ticket["status"]) == ("normal", "new")

    # Later: the page is opened again, and the ticket is asked for by its number.
    await chat.page.reload()
    await chat.field.wait_for()
    await chat.until(chat.own, "the history")
    (state,) = await chat.says(f"what about my ticket {number}?")
    assert number in state
    assert "The desk lamp flickers" in state

    # Good-bye, a rating and a comment.
    survey = await chat.says("goodbye")
    assert "from 1" in survey[-1]
    await chat.presses("5 · great")
    (thanks,) = await chat.says("Quick and friendly, thank you")
    assert "Thank you" in thanks

    (rating,) = stored.feedback(visitor)
    assert rating["score"] == 5
    assert rating["comment"] == "Quick and friendly, thank you"
    await assert_written_down(chat, stored)

    after = report_csat(running)
    assert after["answered"] == before["answered"] + 1
    assert after["surveyed"] == before["surveyed"] + 1
    assert after["distribution"]["5"] == before["distribution"]["5"] + 1
    assert (after["surveyed"], after["answered"], after["csat"]) == counted(stored)


async def test_the_whole_talk_in_chinese_ends_with_a_follow_up_of_a_bad_rating(
    visit: Visit, running: RunningDesk, stored: Stored
) -> None:
    before = report_csat(running)
    chat = await visit(locale="zh-CN")
    await chat.open()

    await chat.button("我的订单到哪了？").click()
    assert "订单号" in (await chat.answer(1))[0]
    assert "邮箱" in (await chat.says("10042"))[0]
    (status,) = await chat.says("li@example.com")
    assert stored.order("10042")["status"] == "processing"
    assert "10042" in status
    assert "处理中" in status

    assert "什么事" in (await chat.says("我要提交工单"))[0]
    await chat.says("羊毛毯有味道")
    await chat.says("收到以后晾了三天还是有很重的味道")
    await chat.presses("紧急")
    (opened,) = await chat.presses("在这里回复")
    visitor = await chat.visitor()
    (ticket,) = stored.tickets(visitor)
    assert ticket_number(ticket) in opened
    assert (ticket["title"], ticket["priority"]) == ("羊毛毯有味道", "urgent")
    (state,) = await chat.says(f"{ticket_number(ticket)} 处理得怎么样了")
    assert ticket_number(ticket) in state

    await chat.says("再见")
    await chat.presses("2")
    (thanks,) = await chat.says("等得太久")
    assert "谢谢" in thanks

    (rating,) = stored.feedback(visitor)
    assert (rating["score"], rating["comment"]) == (2, "等得太久")
    assert [row["topic"] for row in stored.tickets(visitor)] == ["question", "feedback"]
    assert stored.conversation(visitor)["language"] == "zh"
    await assert_written_down(chat, stored)
    bot = [text for author, text in await chat.transcript() if author == "bot"]
    assert [text for text in bot if not re.search("[一-鿿]", text)] == []

    after = report_csat(running)
    assert after["distribution"]["2"] == before["distribution"]["2"] + 1
    assert (after["surveyed"], after["answered"], after["csat"]) == counted(stored)
