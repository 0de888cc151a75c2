"""What Telegram is given, and what its refusals mean."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from telegram.error import TelegramError

from channels.telegram.adapter import TelegramChannel
from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError
from desk.message import Attachment, Choice, OutboundMessage
from tests.channels.telegram.subject import TelegramSubject
from tests.platforms.telegram import people
from tests.platforms.telegram.rules import MEGABYTE

To = Callable[..., OutboundMessage]
PNG = b"\x89PNG and so on"
GROUP = f"{people.GROUP}/5000000001"


def choices(*titles: str) -> tuple[Choice, ...]:
    return tuple(Choice(id=f"{n:020}", title=title) for n, title in enumerate(titles))


def picture(content: bytes = PNG, name: str = "a.png") -> Attachment:
    return Attachment(name=name, content_type="image/png", content=content)


def paper(content: bytes = b"%PDF", name: str = "a.pdf") -> Attachment:
    return Attachment(name=name, content_type="application/pdf", content=content)


def methods(subject: TelegramSubject) -> list[str]:
    return [one.method for one in subject.platform.accepted]


async def test_a_text_is_sent_as_it_is(either: TelegramSubject, to: To) -> None:
    text = "<b>2 & 3</b> *not bold* _nor_ [this](http://x.example) `or` /start 👍🏽 你好"
    sent = await either.channel.send(to(text=text))
    assert either.delivered() == [(str(people.user_of(1)), text, [])]
    assert sent.external_id is not None
    assert sent.external_id.startswith(f"{people.user_of(1)}/")
    (call,) = either.platform.of("sendMessage")
    assert set(call) == {"chat_id", "text"}, "no parse_mode: it is never markup"


@pytest.mark.parametrize("text", ["x" * 4096, "👍" * 2048, "你" * 4096])
async def test_the_limit_is_what_the_platform_takes(
    polling: TelegramSubject, to: To, text: str
) -> None:
    limit = polling.channel.limit
    assert limit is not None
    assert limit.length(text) == limit.longest
    await polling.channel.send(to(text=text))
    assert polling.delivered()[0][1] == text


async def test_buttons_and_links(polling: TelegramSubject, to: To) -> None:
    shop = Choice(id="s", title="The shop", url="https://shop.example.com/a?b=c")
    await polling.channel.send(to(choices=(*choices("Track an order", "Return it"), shop)))
    (sent,) = polling.platform.accepted
    assert sent.buttons == [
        {"text": "Track an order", "callback_data": "0" * 20},
        {"text": "Return it", "callback_data": "0" * 19 + "1"},
        {"text": "The shop", "url": "https://shop.example.com/a?b=c"},
    ]


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        (("1", "2", "3", "4", "5"), [5]),
        (tuple(str(n) for n in range(11)), [6, 5]),
        (("Yes", "No", "Maybe"), [2, 1]),
        (("Where is my order?", "No"), [1, 1]),
    ],
)
async def test_short_titles_share_a_row(
    polling: TelegramSubject, to: To, titles: tuple[str, ...], rows: list[int]
) -> None:
    await polling.channel.send(to(choices=choices(*titles)))
    (call,) = polling.platform.of("sendMessage")
    assert [len(row) for row in call["reply_markup"]] == rows


async def test_what_no_button_can_hold_is_written_below(polling: TelegramSubject, to: To) -> None:
    local = Choice(id="l", title="Console", url="http://localhost:8000/x")
    await polling.channel.send(to(choices=(local, *choices(*["Choice"] * 101))))
    ((_, text, titles),) = polling.delivered()
    assert text == "Hello\nConsole: http://localhost:8000/x\nChoice"
    assert len(titles) == 100


async def test_and_in_a_message_of_its_own_below_a_long_text(
    polling: TelegramSubject, to: To
) -> None:
    local = Choice(id="l", title="Console", url="http://localhost:8000/x")
    await polling.channel.send(to(text="x" * 4096, choices=(local,)))
    assert [text for _, text, _ in polling.delivered()] == [
        "x" * 4096,
        "Console: http://localhost:8000/x",
    ]


@pytest.mark.parametrize(
    ("text", "files", "calls"),
    [
        ("Look", (picture(),), [("sendPhoto", "Look")]),
        ("x" * 1024, (paper(),), [("sendDocument", "x" * 1024)]),
        ("x" * 1025, (paper(),), [("sendMessage", "x" * 1025), ("sendDocument", "")]),
        ("", (paper(),), [("sendDocument", "")]),
        ("Both", (picture(), paper()), [("sendPhoto", "Both"), ("sendDocument", "")]),
        ("Broken", (picture(b"no picture"),), [("sendDocument", "Broken")]),
        ("Big", (picture(PNG * MEGABYTE),), [("sendDocument", "Big")]),
    ],
)
async def test_files(
    polling: TelegramSubject,
    to: To,
    text: str,
    files: tuple[Attachment, ...],
    calls: list[tuple[str, str]],
) -> None:
    await polling.channel.send(to(text=text, attachments=files, choices=choices("Ok")))
    assert [(one.method, one.text) for one in polling.platform.accepted] == calls
    with_buttons = [bool(one.buttons) for one in polling.platform.accepted]
    assert with_buttons == [True, *[False] * (len(calls) - 1)]
    last = polling.platform.accepted[-1].parameters
    upload = last.get("photo") or last["document"]
    assert (upload.name, upload.content) == (files[-1].name, files[-1].content)


@pytest.mark.parametrize("content", [b"", b"x" * (50 * MEGABYTE + 1), None])
async def test_a_file_that_cannot_go_stops_the_message_before_its_text(
    polling: TelegramSubject, to: To, content: bytes | None
) -> None:
    file = Attachment(name="a.bin", content_type="application/octet-stream", content=content)
    with pytest.raises(RejectedError, match=r"a\.bin"):
        await polling.channel.send(to(text="x" * 2000, attachments=(file,)))
    assert polling.platform.calls == []


async def test_a_message_without_words_and_files_is_refused(
    polling: TelegramSubject, to: To
) -> None:
    with pytest.raises(RejectedError, match="nothing to send"):
        await polling.channel.send(to(text="", choices=choices("Ok")))


async def test_a_retry_goes_on_where_the_first_try_ended(polling: TelegramSubject, to: To) -> None:
    message = to(text="x" * 2000, attachments=(picture(), paper()))
    for fault in ("none", "none", "500"):
        polling.will(fault)
    with pytest.raises(RetryableError):
        await polling.channel.send(message)
    assert methods(polling) == ["sendMessage", "sendPhoto"]
    sent = await polling.channel.send(message)
    assert methods(polling) == ["sendMessage", "sendPhoto", "sendDocument"]
    assert sent.external_id == f"{people.user_of(1)}/1000001", "the text's"
    assert polling.struck["500"] == 1


async def test_in_a_group_the_answer_replies(either: TelegramSubject, to: To) -> None:
    topic: dict[str, Any] = {"is_topic_message": True, "message_thread_id": 77}
    raw = people.in_group(8, 1, "and?", **topic, **people.reply_to_bot())
    either.platform.put(raw)
    (update,) = either.channel.read(raw)
    await either.channel.send(to(update.thread, context=update.context))  # type: ignore[union-attr]
    (call,) = either.platform.of("sendMessage")
    assert call["chat_id"] == people.GROUP
    assert call["message_thread_id"] == 77
    assert call["reply_parameters"] == {"message_id": 8, "allow_sending_without_reply": True}


async def test_a_group_that_moved_is_found(polling: TelegramSubject, to: To) -> None:
    polling.platform.outgoing.moved[-5] = people.GROUP
    for n in range(2):
        await polling.channel.send(to("-5/1", id=f"m{n}", context={"reply_to": 8}))
    assert [one.chat for one in polling.platform.accepted] == [people.GROUP] * 2
    assert [call["chat_id"] for call in polling.platform.of("sendMessage")] == [
        -5,
        people.GROUP,
        people.GROUP,
    ]
    assert "reply_parameters" not in polling.platform.of("sendMessage")[-1]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", RetryableError),
        ("500", RetryableError),
        ("timeout", RetryableError),
        ("blocked", UnreachableError),
        ("deactivated", UnreachableError),
        ("lost", UnreachableError),
        ("revoked", ChannelDownError),
        ("refused", RejectedError),
        ("too large", RejectedError),
    ],
)
async def test_refusals(
    either: TelegramSubject, to: To, fault: str, error: type[FrontdeskError]
) -> None:
    either.will(fault, retry_after=17)
    with pytest.raises(FrontdeskError) as refused:
        await either.channel.send(to())
    assert type(refused.value) is error
    wait = timedelta(seconds=17) if fault == "429" else None
    assert getattr(refused.value, "retry_in", None) == wait
    assert isinstance(refused.value.__cause__, TelegramError)
    assert either.struck == {fault: 1}
    await either.channel.send(to())
    assert either.delivered()[-1] == (str(people.user_of(1)), "Hello", [])


@pytest.mark.parametrize("fault", ["kicked", "lost"])
async def test_a_group_without_us_does_not_make_its_people_unreachable(
    polling: TelegramSubject, to: To, fault: str
) -> None:
    polling.will(fault)
    with pytest.raises(RejectedError) as refused:
        await polling.channel.send(to(GROUP))
    assert type(refused.value) is RejectedError
    assert polling.struck[fault] == 1


async def test_a_platform_that_is_away(polling: TelegramSubject, to: To) -> None:
    await polling.platform.__aexit__()
    with pytest.raises(RetryableError):
        await polling.channel.send(to())


def test_the_pace_is_telegrams() -> None:
    pace = TelegramChannel.pace
    assert [(rate.count, rate.per) for rate in pace.of_thread("5")] == [(1, timedelta(seconds=1))]
    assert [rate.count for rate in pace.of_thread(GROUP)] == [1, 20]
    assert pace.account[0].count == 30
