"""Long polling: nothing is lost, nobody else is disturbed."""

import asyncio
import json
from datetime import timedelta

import pytest

from channels.telegram import cursor as cursors
from channels.telegram.adapter import PollingTelegram
from channels.telegram.client import Timing
from channels.telegram.me import Me
from desk.channel import ChannelDownError, PollingChannel, WebhookChannel
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.message import InboundMessage, Unread
from tests.channels.telegram.subject import PollingSubject, client_of
from tests.conftest import NOON
from tests.platforms.telegram import people
from tests.platforms.telegram.server import BOT_ID


async def texts(subject: PollingSubject, cursor: str | None) -> tuple[list[str], str]:
    assert isinstance(subject.channel, PollingTelegram)
    polled = await subject.channel.poll(cursor)
    return [one.text for one in polled.updates if isinstance(one, InboundMessage)], polled.cursor


async def test_it_is_a_polling_channel_and_no_webhook(polling: PollingSubject) -> None:
    assert isinstance(polling.channel, PollingChannel)
    assert not isinstance(polling.channel, WebhookChannel)


async def test_updates_stay_until_the_cursor_comes_back(polling: PollingSubject) -> None:
    for n in range(3):
        await polling.put(polling.text(n=n, chat=n, words=f"w{n}"))
    found, cursor = await texts(polling, None)
    assert found == ["w0", "w1", "w2"]
    assert (await texts(polling, None))[0] == found, "a crash before the commit: the same again"
    await polling.put(polling.text(n=9, chat=1, words="next"))
    assert (await texts(polling, cursor))[0] == ["next"]
    assert len(polling.platform.pending) == 1, "the first three are confirmed"


async def test_an_empty_poll_keeps_the_cursor(polling: PollingSubject) -> None:
    await polling.put(polling.text(n=1, chat=1, words="a"))
    _, cursor = await texts(polling, None)
    assert await texts(polling, cursor) == ([], cursor)
    assert await texts(polling, None) == ([], "")


async def test_a_poll_waits_for_news(polling: PollingSubject) -> None:
    poll = asyncio.create_task(texts(polling, None))
    while not polling.platform.of("getUpdates"):
        await asyncio.sleep(0)
    await polling.put(polling.text(n=1, chat=1, words="here"))
    assert (await poll)[0] == ["here"]
    (asked,) = polling.platform.of("getUpdates")
    assert asked["timeout"] <= 25
    assert asked["limit"] == 100
    assert set(asked["allowed_updates"]) >= {"message", "callback_query", "my_chat_member"}
    assert "offset" not in asked


async def test_more_than_a_hundred_come_in_order(polling: PollingSubject) -> None:
    for n in range(250):
        await polling.put(polling.text(n=n, chat=n % 7, words=str(n)))
    found: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        some, cursor = await texts(polling, cursor)
        found += some
    assert found == [str(n) for n in range(250)]


async def test_numbers_that_begin_anew_after_an_idle_week(
    polling: PollingSubject, clock: StoppedClock
) -> None:
    await polling.put(polling.text(n=1, chat=1, words="before"))
    _, cursor = await texts(polling, None)
    await texts(polling, cursor)
    clock.advance(timedelta(days=8))
    polling.platform.put(polling.text(n=2, chat=1, words="after") | {"update_id": 12})
    found, cursor = await texts(polling, cursor)
    assert found == ["after"], "asked with the old offset, the platform would have forgotten it"
    assert json.loads(cursor)["offset"] == 13
    polling.platform.put(polling.text(n=3, chat=1, words="and on") | {"update_id": 13})
    assert (await texts(polling, cursor))[0] == ["and on"]


@pytest.mark.parametrize("cursor", [None, "", "x", "5", "{}", '{"offset": "a", "at": 1}', "[]"])
def test_a_cursor_that_says_nothing_confirms_nothing(cursor: str | None) -> None:
    assert cursors.offset_of(cursor, NOON) is None


def test_the_cursor_follows_the_last_update_not_the_greatest() -> None:
    moved = cursors.moved(None, [{"update_id": 900}, {"update_id": 7}, {"odd": 1}], NOON)
    assert cursors.offset_of(moved, NOON) == 8


async def test_one_poisonous_update_is_set_aside(polling: PollingSubject) -> None:
    for raw in (
        polling.text(n=1, chat=1, words="a"),
        polling.poison(),
        polling.text(n=2, chat=1, words="b"),
    ):
        await polling.put(raw)
    assert isinstance(polling.channel, PollingTelegram)
    polled = await polling.channel.poll(None)
    assert [type(one) for one in polled.updates] == [InboundMessage, Unread, InboundMessage]
    assert json.loads(polled.cursor)["offset"] > polling.poison()["update_id"]


async def test_a_day_without_us_is_the_limit(polling: PollingSubject, clock: StoppedClock) -> None:
    await polling.put(polling.text(n=1, chat=1, words="lost"))
    clock.advance(timedelta(hours=2))
    await polling.put(polling.text(n=2, chat=1, words="kept"))
    clock.advance(timedelta(hours=23))
    assert (await texts(polling, None))[0] == ["kept"]


async def test_a_webhook_is_taken_away_and_what_waits_is_kept(polling: PollingSubject) -> None:
    polling.platform.hook.url = "https://old.example.com/hook"
    await polling.put(polling.text(n=1, chat=1, words="waiting"))
    assert (await texts(polling, None))[0] == ["waiting"]
    assert polling.platform.of("deleteWebhook") == [{"drop_pending_updates": False}]


async def test_a_second_poller_is_told_in_words(
    polling: PollingSubject, clock: StoppedClock
) -> None:
    slow = client_of(polling.platform, timing=Timing(hold=10_000, read=5.0))
    first = PollingTelegram(client=slow, me=Me(id=BOT_ID), clock=clock)
    waiting = asyncio.create_task(first.poll(None))
    while not polling.platform.of("getUpdates"):
        await asyncio.sleep(0.001)
    await texts(polling, None)
    with pytest.raises(RetryableError, match="another Frontdesk or program polls") as refused:
        await waiting
    assert refused.value.retry_in is not None
    assert refused.value.retry_in >= timedelta(seconds=5)
    assert polling.struck["409"] == 1
    await first.close()


async def test_a_webhook_that_is_set_meanwhile_is_not_fought_over(polling: PollingSubject) -> None:
    await texts(polling, None)
    polling.platform.hook.url = "https://production.example.com/hook"
    with pytest.raises(RetryableError, match="a webhook is set"):
        await texts(polling, None)
    assert polling.struck["409"] == 1
    assert len(polling.platform.of("deleteWebhook")) == 1


async def test_a_token_that_is_revoked_meanwhile(polling: PollingSubject) -> None:
    await texts(polling, None)
    polling.platform.is_revoked = True
    with pytest.raises(ChannelDownError, match="FRONTDESK_TELEGRAM_TOKEN"):
        await texts(polling, None)
    polling.platform.is_revoked = False
    await texts(polling, None)


async def test_a_button_is_heard_at_once_and_once(polling: PollingSubject) -> None:
    await polling.put(people.pressed(1, 1, "choice-1"))
    assert isinstance(polling.channel, PollingTelegram)
    polled = await polling.channel.poll(None)
    while not polling.platform.answered:
        await asyncio.sleep(0)
    await polling.channel.poll(polled.cursor)
    assert polling.platform.answered == ["query-1"]


async def test_a_button_that_is_too_old_to_be_answered_counts(polling: PollingSubject) -> None:
    await polling.put(people.pressed(1, 1, "choice-1"))
    assert isinstance(polling.channel, PollingTelegram)
    for _ in range(2):
        (pressed,) = (await polling.channel.poll(None)).updates
        assert isinstance(pressed, InboundMessage)
        while len(polling.platform.of("answerCallbackQuery")) == 0:
            await asyncio.sleep(0)
    assert polling.platform.answered == ["query-1"]
