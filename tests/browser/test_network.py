"""Nothing is lost and nothing doubled: offline, a killed server, a reload, two tabs."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.browser.cable import Cable
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import NewContext, Visit
from tests.customer import Customer
from tests.running import RunningDesk
from tests.stored import Stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]

QUESTIONS = ["How can I pay?", "What are your opening hours?", "Which delivery options are there?"]
ANSWERS = ["PayPal", "Monday", "Express"]


async def assert_answered_once_each(chat: ChatPage, stored: Stored, questions: list[str]) -> None:
    """Every question stands on the page once, in order, is answered, and came in once."""
    assert await chat.own() == questions
    transcript = await chat.transcript()
    for number, (question, word) in enumerate(zip(QUESTIONS, ANSWERS, strict=True), 1):
        place = transcript.index(("own", question))
        assert any(word in text for _, text in transcript[place + 1 :][:2]), (number, transcript)
    replies = Counter(text for author, text in transcript if author == "bot")
    assert [text for text, count in replies.items() if count > 1] == []
    rows = stored.messages(await chat.visitor())
    assert [row["text"] for row in rows if row["author"] == "contact"] == questions
    assert [row["text"] for row in rows] == [text for _, text in transcript]


async def test_offline_for_a_while_and_back(
    visit: Visit, new_context: NewContext, running: RunningDesk, stored: Stored
) -> None:
    context = await new_context()
    async with Cable(running.port) as cable:
        chat = await visit(cable.base, context=context)
        chat.network_may_fail = True
        await chat.open()
        await chat.says("hello")

        cable.pull()
        await context.set_offline(True)
        for question in QUESTIONS:
            await chat.type(question)
        bar = chat.part(".bar")
        await chat.until(bar.is_visible, "a word about being offline")
        assert "offline" in await bar.inner_text()
        await asyncio.sleep(3)
        assert len(stored.accepted(await chat.visitor())) == 1
        assert await chat.own() == ["hello", *QUESTIONS]

        cable.plug()
        await context.set_offline(False)
        await chat.answer(4)
        await chat.until(bar.is_hidden, "no more word about being offline")
        await assert_answered_once_each(chat, stored, ["hello", *QUESTIONS])


async def test_a_connection_that_dies_again_and_again(
    visit: Visit, running: RunningDesk, stored: Stored
) -> None:
    async with Cable(running.port) as cable:
        chat = await visit(cable.base)
        chat.network_may_fail = True
        await chat.open()
        await chat.says("hello")
        for question in QUESTIONS:
            await chat.type(question)
            # Sometimes the message got through and its confirmation did not, sometimes neither.
            await asyncio.sleep(0.02)
            cable.pull()
            await asyncio.sleep(0.3)
            cable.plug()
        await chat.answer(4)
        await chat.until(chat.part(".bar").is_hidden, "no word about the connection")
        await assert_answered_once_each(chat, stored, ["hello", *QUESTIONS])


async def test_an_answer_that_comes_while_offline_is_there_afterwards(
    visit: Visit, running: RunningDesk
) -> None:
    async with (
        Cable(running.port) as cable,
        httpx.AsyncClient(base_url=running.base, trust_env=False) as client,
    ):
        chat = await visit(cable.base)
        chat.network_may_fail = True
        await chat.open()
        await chat.says("hello")
        cable.pull()
        # The same customer on another device, by the same token.
        other = Customer(client, await chat.visitor(), await chat.token())
        assert "PayPal" in await other.hears("How can I pay?")
        await asyncio.sleep(1)
        assert await chat.own() == ["hello"]

        cable.plug()
        assert "PayPal" in (await chat.answer(2))[0]
        assert [text for _, text in await chat.transcript()] == [
            message["text"] for message in await other.history()
        ]


async def test_the_server_is_killed_and_started_again(visit: Visit, own_desk: RunningDesk) -> None:
    stored = Stored(own_desk.database_url)
    chat = await visit(own_desk.base)
    chat.network_may_fail = True
    await chat.open()
    await chat.says("hello")

    # The first may be on its way when the power goes, the others are written while it is away.
    await chat.type(QUESTIONS[0])
    await asyncio.to_thread(own_desk.kill)
    for question in QUESTIONS[1:]:
        await chat.type(question)
    await chat.until(chat.part(".bar").is_visible, "a word about reconnecting")
    await asyncio.sleep(1)
    own_desk.start()
    await chat.answer(4)
    await asyncio.to_thread(own_desk.wait)
    await chat.until(chat.part(".bar").is_hidden, "no more word about reconnecting")
    await assert_answered_once_each(chat, stored, ["hello", *QUESTIONS])


async def test_history_after_reload(visit: Visit) -> None:
    chat = await visit()
    await chat.open()
    await chat.says("How can I pay?")
    await chat.says("请问你们几点上班？")
    before = await chat.transcript()
    await chat.page.reload()
    # It was open, so it opens by itself.
    await chat.field.wait_for()

    async def same() -> bool:
        return await chat.transcript() == before

    await chat.until(same, f"the same as before: {before}")
    assert len(before) > 3


async def test_two_tabs_show_the_same_talk(
    visit: Visit, new_context: NewContext, stored: Stored
) -> None:
    context = await new_context()
    first = await visit(context=context)
    await first.open()
    await first.says("hello")
    second = await visit(context=context)
    await second.open()
    await second.until(second.own, "the history in the second tab")

    for question in QUESTIONS:
        await first.type(question)
        await second.type(f"{question} again")
    await first.answer(7)
    await second.answer(7)
    await asyncio.sleep(0.5)
    shown = await first.transcript()
    assert await second.transcript() == shown
    written = [question for each in QUESTIONS for question in (each, f"{each} again")]
    assert Counter(text for author, text in shown if author == "own") == Counter(
        ["hello", *written]
    )
    rows = stored.messages(await first.visitor())
    assert [row["text"] for row in rows] == [text for _, text in shown]
