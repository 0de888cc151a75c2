"""What each kind of update means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.telegram.me import Me
from channels.telegram.reading import Reader
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.message import Gone, Ignored, InboundEdit, InboundMessage, Update, read_each
from tests.conftest import NOON
from tests.platforms.telegram import people
from tests.platforms.telegram.server import BOT_ID, USERNAME


def read(raw: dict[str, Any], username: str | None = USERNAME) -> Update:
    me = Me(id=BOT_ID, username=username)
    (update,) = Reader(account=str(BOT_ID), me=me, clock=StoppedClock(NOON)).read(raw)
    return update


def said(raw: dict[str, Any]) -> InboundMessage:
    update = read(raw)
    assert isinstance(update, InboundMessage)
    return update


def test_a_text() -> None:
    raw = people.message(5, 1, text="Where is my order?")
    assert said(raw) == InboundMessage(
        channel="telegram",
        account=str(BOT_ID),
        external_id="5000000001/5",
        thread="5000000001",
        sender="5000000001",
        sent_at=datetime.fromtimestamp(people.MARCH + 5, UTC),
        text="Where is my order?",
        sender_name="C1",
        language="en",
        raw=raw,
    )


def test_a_message_keeps_its_id_when_the_numbers_of_updates_begin_anew() -> None:
    raw = people.message(5, 1, text="Hi")
    assert said(raw | {"update_id": 3}).external_id == said(raw).external_id
    other = people.message(6, 1, text="Hi") | {"update_id": raw["update_id"]}
    assert said(other).external_id != said(raw).external_id


@pytest.mark.parametrize(
    ("text", "code", "words", "link"),
    [
        ("/start", "en", "hello", None),
        ("/start", "zh-hans", "你好", None),
        ("/start", None, "hello", None),
        ("/start AbC-9_x", "zh-hans", "你好", "AbC-9_x"),
        (f"/start@{USERNAME} AbC", "en", "hello", "AbC"),
        ("/start where is it?", "en", "where is it?", None),
        (f"/start {'x' * 65}", "en", "x" * 65, None),
        ("/help", "en", "help", None),
        ("/STOP", "en", "stop", None),
        ("/stop all of it", "en", "stop all of it", None),
        ("/stop@another_bot", "en", "/stop@another_bot", None),
        ("/order 1", "en", "/order 1", None),
        ("see /start", "en", "see /start", None),
    ],
)
def test_commands_are_words(text: str, code: str | None, words: str, link: str | None) -> None:
    raw = people.message(1, 1, text=text)
    raw["message"]["from"]["language_code"] = code
    update = said(raw)
    assert (update.text, update.link) == (words, link)


@pytest.mark.parametrize(
    ("content", "text", "file", "unsupported"),
    [
        ({"sticker": people.file("s", emoji="👍")}, "👍", None, None),
        ({"sticker": people.file("s")}, "", None, "sticker"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "🎲", None, None),
        ({"voice": people.file("v", duration=1)}, "", ("voice.ogg", "audio/ogg", "v"), None),
        (
            {"document": people.file("d", file_name="a.pdf", mime_type="application/pdf")},
            "",
            ("a.pdf", "application/pdf", "d"),
            None,
        ),
        (
            {"animation": people.file("a"), "document": people.file("a"), "caption": "Ha"},
            "Ha",
            ("animation.mp4", "video/mp4", "a"),
            None,
        ),
        ({"video": people.file("w")}, "", ("video.mp4", "video/mp4", "w"), None),
        ({"location": {"latitude": 1.0, "longitude": 2.0}}, "", None, "location"),
        ({"venue": {"title": "x"}, "location": {"latitude": 1}}, "", None, "venue"),
        ({"contact": {"phone_number": "+15550100"}}, "", None, "contact"),
        ({"poll": {"id": "1"}}, "", None, "poll"),
        ({"hologram": {"id": "1"}}, "", None, "message"),
        ({"text": None}, "", None, "message"),
    ],
)
def test_what_is_no_text(
    content: dict[str, Any], text: str, file: tuple[str, ...] | None, unsupported: str | None
) -> None:
    update = said(people.message(1, 1, **content))
    files = [(one.name, one.content_type, one.reference) for one in update.attachments]
    assert (update.text, files, update.unsupported) == (text, [file] if file else [], unsupported)


def test_of_a_photo_the_largest_size_is_kept() -> None:
    sizes = [
        people.file("small", width=90, height=60, file_size=1_000),
        people.file("large", width=1280, height=853, file_size=200_000),
        people.file("middle", width=320, height=213, file_size=9_000),
    ]
    (photo,) = said(people.message(1, 1, photo=sizes, caption="See")).attachments
    assert (photo.reference, photo.size) == ("large", 200_000)


def test_ten_thousand_characters_stay_whole() -> None:
    assert said(people.message(1, 1, text="x" * 10_000)).text == "x" * 10_000


def test_a_message_without_anything_optional() -> None:
    body = {"message_id": 1, "date": 1, "chat": {"id": 9, "type": "private"}}
    update = said({"message": body})
    assert (update.thread, update.sender, update.sender_name) == ("9", "9", None)


def test_a_button() -> None:
    update = said(people.pressed(7, 1, "choice-1"))
    assert (update.external_id, update.choice, update.text) == ("callback/query-7", "choice-1", "")
    assert (update.thread, update.sender, update.sent_at) == ("5000000001", "5000000001", NOON)


def test_a_button_whose_message_is_gone() -> None:
    assert said(people.pressed(7, 1, "choice-1", in_message=False)).thread == "5000000001"


def test_an_edit_names_the_message_and_is_one_of_its_own() -> None:
    update = read(people.edited(9, 1, of=5, text="two, please"))
    assert isinstance(update, InboundEdit)
    assert (update.edited, update.text) == (said(people.message(5, 1)).external_id, "two, please")
    assert update.sent_at == datetime.fromtimestamp(people.MARCH + 9, UTC)
    same_second = people.edited(9, 1, of=5, text="three") | {"update_id": 700_010}
    again = read(same_second)
    assert isinstance(again, InboundEdit)
    assert again.external_id != update.external_id


@pytest.mark.parametrize("status", ["kicked", "left"])
def test_a_customer_who_blocks_us_is_gone(status: str) -> None:
    update = read(people.membership(4, 1, status))
    assert isinstance(update, Gone)
    assert (update.sender, update.at) == ("5000000001", NOON + timedelta(seconds=4))


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (people.membership(1, 1, "member"), "my_chat_member.member"),
        (people.membership(1, 1, "kicked", group=True), "my_chat_member.group"),
        ({"update_id": 1, "channel_post": {"message_id": 1}}, "channel_post"),
        ({"update_id": 1, "poll": None, "a_new_kind": {}}, "a_new_kind"),
        ({"update_id": 1}, "empty"),
        (people.message(1, 1, pinned_message={"message_id": 2}), "message.pinned_message"),
        (people.message(1, 1, migrate_to_chat_id=-5), "message.migrate_to_chat_id"),
        (people.edited(1, 1, of=1, location={"latitude": 1}), "edited_message.location"),
        (people.in_group(1, 1, "lunch?"), "message.group"),
        (people.in_group(1, 1, "@somebody lunch?", mark="mention"), "message.group"),
        (people.in_group(1, 1, "/ban@another_bot", mark="bot_command"), "message.group"),
        (people.in_group(1, 1, "/ban", mark="bot_command"), "message.group"),
        (
            people.in_group(1, 1, "x", is_automatic_forward=True, **people.reply_to_bot()),
            "message.channel_post",
        ),
    ],
)
def test_what_says_nothing_to_us(raw: dict[str, Any], kind: str) -> None:
    assert read(raw) == Ignored(channel="telegram", kind=kind)


def test_another_bot_is_not_answered() -> None:
    raw = people.message(1, 1, text="I am a bot, too")
    raw["message"]["from"]["is_bot"] = True
    assert read(raw) == Ignored(channel="telegram", kind="message.bot")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (people.in_group(8, 1, f"@{USERNAME} where is it?", mark="mention"), "where is it?"),
        (people.in_group(8, 1, f"@{USERNAME}", mark="mention"), f"@{USERNAME}"),
        (people.in_group(8, 1, f"@{USERNAME.upper()} hi", mark="mention"), "hi"),
        (people.in_group(8, 1, f"👍🏽 ok @{USERNAME} hi", mark="mention"), "👍🏽 ok  hi"),
        (people.in_group(8, 1, f"/start@{USERNAME} t0k", mark="bot_command"), "hello"),
        (people.in_group(8, 1, "and the second?", **people.reply_to_bot()), "and the second?"),
    ],
)
def test_in_a_group_we_hear_what_is_meant_for_us(raw: dict[str, Any], text: str) -> None:
    update = said(raw)
    assert update.text == text
    assert update.thread == f"{people.GROUP}/5000000001"
    assert update.sender == "5000000001"
    assert update.context == {"reply_to": 8}


def test_a_topic_comes_back_with_the_answer() -> None:
    topic: dict[str, Any] = {"is_topic_message": True, "message_thread_id": 77}
    update = said(people.in_group(8, 1, "and?", **topic, **people.reply_to_bot()))
    assert update.context == {"topic": 77, "reply_to": 8}


def test_who_writes_in_the_name_of_a_group_is_the_group() -> None:
    raw = people.in_group(8, 1, "and?", **people.reply_to_bot())
    raw["message"]["from"]["is_bot"] = True
    raw["message"]["sender_chat"] = {"id": people.GROUP, "type": "supergroup", "title": "Staff"}
    assert (said(raw).sender, said(raw).sender_name) == (str(people.GROUP), "Staff")


def test_without_our_name_a_mention_is_tried_again_instead_of_lost() -> None:
    with pytest.raises(RetryableError, match="FRONTDESK_TELEGRAM_USERNAME"):
        read(people.in_group(1, 1, f"@{USERNAME} hi", mark="mention"), username=None)
    assert isinstance(read(people.message(1, 1, text="@a hi"), username=None), InboundMessage)


POISON: list[dict[str, Any]] = [
    {"update_id": 1, "message": {"message_id": 1}},
    {"update_id": 1, "message": "text"},
    {"update_id": 1, "message": people.message(1, 1)["message"] | {"date": 10**20}},
    {"update_id": 1, "callback_query": {"id": "1", "data": "x"}},
    people.pressed(1, 1, "x")
    | {"callback_query": people.pressed(1, 1, "x")["callback_query"] | {"data": 5}},
    people.message(1, 1, text={"not": "text"}),
    people.message(1, 1, text=5),
    people.message(1, 1, voice=people.file("v", file_size="large")),
    people.message(1, 1, document=people.file("v", file_name=["a"])),
    people.edited(1, 1, of=1, text=["x"]),
]


def test_one_that_cannot_be_read_keeps_no_other_back() -> None:
    me = Me(id=BOT_ID, username=USERNAME)
    reader = Reader(account="1", me=me, clock=StoppedClock(NOON))
    raws = [people.message(1, 1, text="a"), *POISON, people.message(2, 1, text="b")]
    found = read_each("telegram", "1", raws, reader.read)
    assert [type(one).__name__ for one in found] == [
        "InboundMessage",
        *["Unread"] * len(POISON),
        "InboundMessage",
    ]
