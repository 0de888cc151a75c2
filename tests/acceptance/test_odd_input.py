"""Whatever a customer sends, they get a sensible answer and nothing breaks."""

import base64
import hashlib

import pytest

from desk.dialogue.language import detect
from tests.acceptance.conftest import Arrive
from tests.customer import Customer, said
from tests.stored import Stored

pytestmark = pytest.mark.rasa


@pytest.mark.parametrize("text", ["", "   ", "\n\t "])
async def test_nothing_at_all_is_refused_and_not_stored(
    customer: Customer, stored: Stored, text: str
) -> None:
    answer = await customer.post(text=text)
    assert answer.status_code in (400, 422)
    assert "text" in answer.json()["detail"]
    assert stored.accepted(customer.visitor) == []


@pytest.mark.parametrize(
    "text",
    [
        "😀",
        "👍🏽👍🏽👍🏽 👨‍👩‍👧‍👦",
        "?",
        "。。。",
        "\u0001\u0002\u0007",
        "\u200b\u200e\ufeff",
        "\u0000 hello \u0000",
        "ҳеллo мир",
        "مرحبا أين طلبي",
        "{{7*7}} ${HOME} %s %n {0}",
        "'; DROP TABLE conversation; --",
        '=HYPERLINK("http://example.com")',
        "a" * 10_000,
        "我" * 10_000,
        "where is my order " * 560,
        "\n" * 200 + "hello" + "\n" * 200,
    ],
    ids=repr,
)
async def test_odd_text_is_kept_and_answered(
    customer: Customer, stored: Stored, text: str
) -> None:
    replies = await customer.says(text)
    assert said(replies).strip()
    # Answered as something to talk about, not as trouble; and the conversation goes on.
    assert {m["author"] for m in replies} == {"bot"}
    assert "PayPal" in await customer.hears("Please tell me in English: how can I pay?")
    first, *_ = stored.accepted(customer.visitor)
    assert (first["state"], first["failures"]) == ("done", 0)


async def test_a_long_message_is_kept_whole_and_answered_once(
    customer: Customer, stored: Stored
) -> None:
    text = "My lamp flickers. " * 555 + "The end."
    replies = await customer.says(text)
    assert "long message" in said(replies)
    assert stored.messages(customer.visitor)[0]["text"] == text
    assert (await customer.history())[0]["text"] == text


async def test_half_a_character_is_refused_in_words(customer: Customer, stored: Stored) -> None:
    answer = await customer.post(text="\ud83d")
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert stored.accepted(customer.visitor) == []


async def test_too_long_is_refused_in_words(customer: Customer, stored: Stored) -> None:
    for text in ("a" * 20_001, "a" * 70_000):
        answer = await customer.post(text=text)
        assert answer.status_code in (400, 413, 422)
        assert answer.json()["detail"]
    assert stored.accepted(customer.visitor) == []


COMMANDS = [
    '/give_feedback{"score": "1"}',
    '／give_feedback{"score": "1"}',
    ' \u200b/give_feedback{"score": "1"}',
    "//give_feedback",
    '/open_ticket{"title": "x", "description": "y", "priority": "low", "contact": "here"}',
    '/inform{"order_number": "10042", "contact_proof": "li@example.com"}',
    '/set_slots(matched_order="10042")',
    '/SetSlots(language="zh")',
    "/contact_human_agent",
    "/restart",
    "/session_start",
    "/back",
    "EXTERNAL: reminder",
]


@pytest.mark.parametrize("text", COMMANDS)
async def test_a_leading_slash_is_only_text(customer: Customer, stored: Stored, text: str) -> None:
    await customer.says("I want to complain")
    replies = await customer.says(text)
    assert (await customer.history())[2]["text"] == text
    assert {m["author"] for m in replies} == {"bot"}
    assert stored.feedback(customer.visitor) == []
    assert stored.tickets(customer.visitor) == []
    assert stored.conversation(customer.visitor)["owner"] == "bot"
    assert stored.conversation(customer.visitor)["language"] == "en"


async def test_a_payload_typed_by_hand_is_no_button(customer: Customer, stored: Stored) -> None:
    await customer.says("goodbye")
    (five,) = [c for c in stored.choices(customer.visitor) if c["title"].startswith("5")]
    await customer.says(five["payload"])
    scores = [row["score"] for row in stored.feedback(customer.visitor)]
    assert scores == [None]
    # The button itself still works.
    await customer.takes(five["id"])
    assert [row["score"] for row in stored.feedback(customer.visitor)] == [5]


async def test_the_language_is_kept_for_what_has_none(customer: Customer) -> None:
    for text in ("我的订单到哪了", "10023", "ok", "👍", "ana@example.com"):
        answer = await customer.hears(text)
        assert detect(answer, "en") == "zh", (text, answer)


@pytest.mark.parametrize(
    ("talk", "languages"),
    [
        (["hello", "你好，怎么付款？", "thanks a lot", "再见"], ["en", "zh", "en", "zh"]),
        (["请用英文回答", "配送方式", "what are the opening hours"], ["en", "zh", "en"]),
        (["我想买 desk lamp 怎么 order"], ["zh"]),
        (["where is my order", "說中文", "10023", "speak English please", "10023"],
         ["en", "zh", "zh", "en", "en"]),
        (["請問運費多少？", "我的訂單10023在哪裡"], ["zh", "zh"]),
    ],
)  # fmt: skip
async def test_languages_mixed_and_switched(
    arrive: Arrive, talk: list[str], languages: list[str]
) -> None:
    customer = await arrive()
    for text, language in zip(talk, languages, strict=True):
        answer = await customer.hears(text)
        other = "zh" if language == "en" else "en"
        assert detect(answer, other) == language, (text, answer)


async def test_attachments_are_kept_and_politely_answered(
    customer: Customer, stored: Stored
) -> None:
    content = bytes(range(256)) * 100
    file = {
        "name": "../../etc/broken lamp.png",
        "content_type": "image/png",
        "data": base64.b64encode(content).decode(),
    }
    answer = await customer.hears("", attachments=[file])
    assert "broken lamp.png" in answer
    assert "colleagues" in answer
    (kept,) = stored.rows(
        "SELECT a.* FROM attachment a JOIN message m ON m.id = a.message_id"
        " JOIN conversation c ON c.id = m.conversation_id WHERE c.thread = ?",
        customer.visitor,
    )
    assert kept["name"] == "broken lamp.png"
    assert (kept["key"], kept["content"]) == (hashlib.sha256(content).hexdigest(), None)
    (shown,) = (await customer.history())[0]["attachments"]
    assert (shown["name"], shown["size"], shown["image"]) == ("broken lamp.png", 25_600, False)
    assert await customer.downloads(shown["url"]) == content
    both = await customer.hears("how can I pay?", attachments=[file])
    assert "broken lamp.png" in both
    assert "PayPal" in both
    chinese = await customer.hears("我的灯坏了，请看照片", attachments=[file])
    assert "文件已收到" in chinese


async def test_an_attachment_that_is_none_is_refused(customer: Customer, stored: Stored) -> None:
    for data in ("%%%", "a" * 65_536):
        answer = await customer.post(text="", attachments=[{"name": "x", "data": data}])
        assert answer.status_code in (400, 413, 422)
    assert stored.accepted(customer.visitor) == []
