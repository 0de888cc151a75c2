"""The stand-in refuses what Telegram refuses: seen through the library, which sends whatever it is told to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, InvalidToken, RetryAfter

from channels.telegram.client import Client
from desk.clock import StoppedClock
from tests.channels.telegram.subject import client_of
from tests.platforms.telegram import TelegramPlatform, people
from tests.platforms.telegram.rules import MEGABYTE

PNG = b"\x89PNG"


@pytest.fixture
async def platform(clock: StoppedClock) -> AsyncIterator[TelegramPlatform]:
    """Return a platform that rules may be broken on."""
    async with TelegramPlatform(clock) as platform:
        yield platform


@pytest.fixture
async def client(platform: TelegramPlatform) -> AsyncIterator[Client]:
    """Return a bot."""
    client = client_of(platform)
    yield client
    await client.close()


def one(data: str, **more: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data=data or None, **more)]])


def many(rows: int, columns: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data="a")] * columns] * rows)


@pytest.mark.parametrize(
    "call",
    [
        lambda bot: bot.send_message(1, "x" * 4097),
        lambda bot: bot.send_message(1, "👍" * 2049),
        lambda bot: bot.send_message(1, "x", parse_mode="HTML"),
        lambda bot: bot.send_message("@somebody", "x"),
        lambda bot: bot.send_message(1, "x", reply_markup=one("x" * 65)),
        lambda bot: bot.send_message(1, "x", reply_markup=one("你" * 22)),
        lambda bot: bot.send_message(1, "x", reply_markup=one("", url="http://localhost/a")),
        lambda bot: bot.send_message(1, "x", reply_markup=one("a", url="http://a.example/")),
        lambda bot: bot.send_message(1, "x", reply_markup=many(1, 9)),
        lambda bot: bot.send_message(1, "x", reply_markup=many(101, 1)),
        lambda bot: bot.send_photo(1, PNG, caption="x" * 1025, filename="a.png"),
        lambda bot: bot.send_photo(1, PNG * 3 * MEGABYTE, filename="a.png"),
        lambda bot: bot.send_document(1, "https://example.com/a.pdf"),
        lambda bot: bot.set_webhook("http://desk.example.com/x"),
        lambda bot: bot.set_webhook("https://desk.example.com/x", secret_token="a b"),
        lambda bot: bot.get_updates(limit=101),
        lambda bot: bot.get_updates(limit="x"),
    ],
)
async def test_a_broken_rule_is_refused_and_kept(
    platform: TelegramPlatform, client: Client, call: Callable[[Bot], Awaitable[Any]]
) -> None:
    with pytest.raises(BadRequest):
        await call(client.bot)
    assert len(platform.violations) == 1
    assert platform.accepted == []


async def test_a_method_or_a_bot_that_does_not_exist(
    platform: TelegramPlatform, client: Client
) -> None:
    with pytest.raises(InvalidToken):
        await client.bot.do_api_request("send_Telepathy")
    assert platform.violations == ["sendTelepathy: there is no such method"]
    for token in ("1:x", "1:" + "x" * 30):
        stranger = client_of(platform, token=token)
        with pytest.raises(InvalidToken):
            await stranger.bot.get_me()
        await stranger.close()


async def test_what_is_refused_without_being_anybodys_fault(
    platform: TelegramPlatform, client: Client
) -> None:
    for words, call in (
        ("not found", client.bot.send_message(1, "x", message_thread_id=5)),
        ("to be replied not found", client.bot.send_message(1, "x", reply_to_message_id=5)),
        ("image_process_failed", client.bot.send_photo(1, b"no picture", filename="a.png")),
        ("query is too old", client.bot.answer_callback_query("never was")),
    ):
        with pytest.raises(BadRequest, match=f"(?i){words}"):
            await call
    assert platform.violations == []


async def test_a_429_names_whole_seconds(platform: TelegramPlatform, client: Client) -> None:
    platform.will("429", retry_after=2.2)
    with pytest.raises(RetryAfter, match="0:00:03"):
        await client.bot.send_message(1, "x")
    assert platform.struck == {"429": 1}


async def test_offsets_confirm_and_a_negative_one_skips(
    platform: TelegramPlatform, client: Client
) -> None:
    for n in range(5):
        platform.put(people.message(n, 1, text=str(n)))
    assert [one.update_id for one in await client.bot.get_updates(offset=-2)] == [700_003, 700_004]
    assert [one.update_id for one in await client.bot.get_updates()] == [700_003, 700_004]
    assert [one.update_id for one in await client.bot.get_updates(offset=700_004)] == [700_004]
    assert len(platform.pending) == 1


async def test_pending_updates_can_be_dropped(platform: TelegramPlatform, client: Client) -> None:
    platform.put(people.message(1, 1, text="x"))
    await client.bot.delete_webhook(drop_pending_updates=True)
    assert len(platform.pending) == 0
