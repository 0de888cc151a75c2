"""The whole of a hand-over: a customer in a browser, the trained assistant, an agent in Slack, and the bot again."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from desk.clock import now
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import NewContext
from tests.browser.opening_hours import always_open
from tests.browser.slack_room import SlackRoom, choice, shown, words
from tests.browser.test_files import DRAWN, PDF, PNG
from tests.platforms.slack.server import SlackPlatform
from tests.running import RunningDesk
from tests.stored import Stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]


class Scene:
    """A running product whose agents work in Slack."""

    def __init__(self, desk: RunningDesk, room: SlackRoom) -> None:
        self.desk = desk
        self.room = room
        self.stored = Stored(desk.database_url)

    def record(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return what the record says about a conversation changing hands: when, and everything else."""
        rows = self.stored.rows(
            "SELECT * FROM event WHERE conversation_id = ? ORDER BY id", conversation_id
        )
        found = [
            {**json.loads(r["data"]), "name": r["name"], "at": r["occurred_at"]} for r in rows
        ]
        return [one for one in found if "owner" in one and "previous" in one]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Start Slack, then the product with the trained assistant and people who are always at work."""
    folder = tmp_path_factory.mktemp("through-slack")
    async with SlackPlatform.open(now) as slack:
        room = SlackRoom(slack)
        env = {**room.env, "FRONTDESK_POLICIES": str(always_open(folder))}
        desk = RunningDesk(folder, "--demo", env=env)
        slack.over_http(*[f"{desk.base}/slack/desk"] * 3)
        desk.start()
        try:
            desk.wait(seconds=900)
            yield Scene(desk, room)
            assert slack.violations == []
        finally:
            desk.stop()


TALKS = {
    "en": {
        "asks": "I want to talk to a human being",
        "truth": "Usually somebody is here within 10 minutes",
        "joined": "kim is now here",
        "words": "my lamp arrived broken <!channel>",
        "answer": "I am sorry! Your order 10023 is refunded, here is the form",
        "left": "kim has left",
        "note": "The refund of 10023 is approved.",
        "then": "thanks, when will the money arrive?",
        "fits": "e-mail address or phone number is on the order",
        "not": "order number",
        "survey": "from 1 (bad) to 5",
    },
    "zh": {
        "asks": "转人工",
        "truth": "一般 10 分钟内有人接入",
        "joined": "kim 已接入",
        "words": "我的台灯收到就是坏的 <!channel>",
        "answer": "非常抱歉！您的订单 10023 已经退款，请看附件",
        "left": "kim 已离开",
        "note": "10023 已同意退款。",
        "then": "谢谢，钱什么时候到账？",
        "fits": "下单时留的邮箱或手机号",
        "not": "订单号",
        "survey": "1 分（很差）到 5 分",
    },
}


async def _hears(chat: ChatPage, text: str) -> None:
    async def heard() -> bool:
        return any(text in said for _, said in await chat.transcript())

    await chat.until(heard, text)


@pytest.mark.parametrize("language", TALKS)
async def test_a_customer_an_agent_in_slack_and_the_bot_again(
    scene: Scene, new_context: NewContext, language: str
) -> None:
    say, room = TALKS[language], scene.room
    locale = {"en": "en-US", "zh": "zh-CN"}[language]
    chat = await ChatPage.visit(await new_context(locale=locale), scene.desk.base)
    await chat.open()

    # The customer asks for a human and hears the truth about waiting.
    assert say["truth"] in "\n".join(await chat.says(say["asks"]))
    talk = scene.stored.conversation(await chat.visitor())["id"]
    card = await room.card(talk)
    assert "Waiting for a person" in shown(card)
    await room.reads(card, say["asks"])

    # Words of somebody who has not taken it over go nowhere; then one takes it over, the other hears who has it.
    await room.lee.says(room.room, "let me see", thread=card.ts)
    await room.until(
        lambda: [one for one in room.slack.world.ephemerals if one.user == room.lee.id],
        "the question to Lee",
    )
    await room.presses(room.kim, card, "Take over")
    await _hears(chat, say["joined"])
    assert "let me see" not in str(await chat.transcript())

    # Texts and files both ways.
    await chat.type(say["words"])
    who, text = await room.reads(card, say["words"])
    assert (who, text) == ("Customer", say["words"]), "literally: it wakes nobody"
    picture = {"name": "lamp.png", "mimeType": "image/png", "buffer": PNG}
    await chat.part("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
    await chat.part(".send:enabled").wait_for()
    await chat.part(".send").click()
    await room.until(lambda: room.files().get("lamp.png") == PNG, "the picture in Slack")
    form = room.kim.file(f"form-{language}.pdf", PDF)
    words_at = await room.kim.says(room.room, say["answer"], thread=card.ts, files=[form])
    await _hears(chat, say["answer"])
    async with chat.page.expect_download() as saving:
        await chat.part("a.file").last.click()
    saved = await saving.value
    assert saved.suggested_filename == form.name
    assert await asyncio.to_thread(Path(await saved.path()).read_bytes) == PDF
    told = room.room.message(words_at)
    assert told is not None
    await room.until(lambda: "white_check_mark" in told.reactions, "the tick")
    await chat.until(lambda: chat.page.evaluate(DRAWN), "the customer's own picture")

    # Back to the bot, which goes on from what was said: it knows which order, and asks for nothing known.
    await room.presses(room.kim, card, "Return to bot", text=words(say["note"]))
    await _hears(chat, say["left"])
    answer = "\n".join(await chat.says(say["then"]))
    assert say["fits"] in answer
    assert say["not"] not in answer
    assert say["note"] not in str(await chat.transcript()), "a note is not for the customer"

    # Once more, to the end: an outcome, a topic, and how it went.
    await room.presses(room.kim, card, "Take over")
    await room.presses(
        room.kim,
        card,
        "Resolve",
        outcome=choice("solved"),
        topic=choice("refund"),
        text=words("paid"),
    )
    await _hears(chat, say["survey"])
    await chat.presses("5")
    assert [one["score"] for one in scene.stored.feedback(await chat.visitor())] == [5]
    assert chat.trouble == []

    # Who, when and why, of each change.
    record = scene.record(talk)
    assert [(one["name"], one["previous"], one["owner"], one["by"]) for one in record][:5] == [
        ("conversation.handoff_requested", "bot", "waiting", None),
        ("conversation.taken_over", "waiting", "human", "kim"),
        ("conversation.released", "human", "bot", "kim"),
        ("conversation.taken_over", "bot", "human", "kim"),
        ("conversation.resolved", "human", "closed", "kim"),
    ]
    assert record[0]["reason"] == record[1]["reason"] == "asked"
    assert (record[4]["outcome"], record[4]["topic"]) == ("solved", "refund")
    assert [one["epoch"] for one in record] == list(range(1, len(record) + 1))
    assert [one["at"] for one in record] == sorted(one["at"] for one in record)
    bot = [m for m in scene.stored.messages(await chat.visitor()) if m["author"] == "bot"]
    taken, given = record[1]["at"], record[2]["at"]
    assert not [m for m in bot if taken <= m["created_at"] <= given], (
        "the bot was silent meanwhile"
    )
