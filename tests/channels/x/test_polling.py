"""Asking X for mentions and direct messages."""

import json
from datetime import timedelta

import pytest

from channels.x.adapter import X
from desk.channel import ChannelDownError, Polled
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.message import Ignored, InboundEdit, InboundMessage, Unread
from tests.channels.x.making import JO, MIN, dm, mention
from tests.channels.x.subject import adapter
from tests.platforms.x.server import ACCOUNT, XServer


def texts(polled: Polled) -> list[str]:
    return [one.text for one in polled.updates if isinstance(one, InboundMessage)]


async def test_brings_both_kinds_in_order_and_only_once(channel: X, server: XServer) -> None:
    first = mention(server, "@frontdesk hello")
    dm(server, "psst")
    mention(server, "@frontdesk again", root=first.id, above=first.id)
    polled = await channel.poll(None)
    assert texts(polled) == ["hello", "again", "psst"]
    hello, again, psst = polled.updates
    assert isinstance(hello, InboundMessage)
    assert isinstance(again, InboundMessage)
    assert isinstance(psst, InboundMessage)
    assert hello.thread == again.thread == f"post:{first.id}/{JO}"
    assert (hello.sender, hello.sender_name, hello.language) == (JO, f"Customer {JO}", "en")
    assert hello.context == {"reply_to": first.id, "handle": f"user{JO}"}
    assert (psst.thread, psst.sender) == (f"dm:{JO}", JO)
    assert texts(await channel.poll(polled.cursor)) == []


async def test_the_same_cursor_brings_the_same_again(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    start = await channel.poll(None)
    mention(server, "@frontdesk hello")
    dm(server, "psst")
    one = await channel.poll(start.cursor)
    other = adapter(server, now)
    two, lost = await other.poll(start.cursor), await other.poll(None)
    await other.close()
    assert texts(one) == ["hello", "psst"]
    assert one.updates == two.updates == lost.updates


async def test_the_first_poll_ever_answers_nothing_old(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    mention(server, "@frontdesk yesterday")
    dm(server, "also old")
    now.advance(timedelta(minutes=11))
    mention(server, "@frontdesk now")
    dm(server, "also now")
    assert texts(await channel.poll(None)) == ["now", "also now"]


async def test_a_cursor_that_is_none_begins_like_the_first(channel: X, server: XServer) -> None:
    mention(server, "@frontdesk hello")
    for text in ("{", "[]", '{"marks": 5}', "null"):
        assert texts(await channel.poll(text)) == ["hello"]


async def test_reads_a_backlog_of_many_pages(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    start = await channel.poll(None)
    for number in range(230):
        mention(server, f"@frontdesk {number}")
        dm(server, f"dm {number}")
    now.advance(timedelta(hours=3))
    polled = await channel.poll(start.cursor)
    assert texts(polled) == [str(n) for n in range(230)] + [f"dm {n}" for n in range(230)]
    assert server.calls["mentions"] == 1 + 3


async def test_waits_as_the_narrowest_window_asks(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    cursor = (await channel.poll(None)).cursor
    seconds = 0.0
    while seconds < 3600:
        polled = await channel.poll(cursor)
        cursor = polled.cursor
        assert timedelta() < polled.wait <= timedelta(minutes=2)
        seconds += polled.wait.total_seconds()
        now.advance(polled.wait)
    assert 40 < server.calls["dms"] <= 61
    assert server.calls["mentions"] > 2 * server.calls["dms"]


async def test_an_impatient_caller_does_not_break_the_window(channel: X, server: XServer) -> None:
    cursor = None
    for _ in range(40):
        cursor = (await channel.poll(cursor)).cursor
    assert server.calls["dms"] == 15
    assert server.calls["mentions"] == 40


async def test_mentions_go_on_while_messages_must_wait(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    server.will_reading("dms", "429")
    mention(server, "@frontdesk hello")
    dm(server, "psst")
    polled = await channel.poll(None)
    assert texts(polled) == ["hello"]
    assert server.struck["429"] == 1
    now.advance(timedelta(seconds=15))
    assert texts(await channel.poll(polled.cursor)) == ["psst"]


@pytest.mark.parametrize("fault", ["429", "500"])
async def test_tells_when_neither_can_be_asked(channel: X, server: XServer, fault: str) -> None:
    server.will_reading("dms", fault)
    server.will_reading("mentions", fault)
    with pytest.raises(RetryableError):
        await channel.poll(None)
    assert server.struck[fault] == 2


async def test_revoked_keys_take_the_channel_down(channel: X, server: XServer) -> None:
    server.revoked = True
    with pytest.raises(ChannelDownError, match="keys"):
        await channel.poll(None)


async def test_counts_what_it_costs_once_a_day(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    mention(server, "@frontdesk hello")
    dm(server, "psst")
    polled = await channel.poll(None)
    assert polled.cost_micros == 5_000 + 10_000 + 10_000  # a post, its author, a message of theirs
    again = await channel.poll(polled.cursor)
    assert again.cost_micros == 0
    now.advance(timedelta(hours=13))
    next_day = await channel.poll(again.cursor)
    assert next_day.cost_micros == 25_000  # the newest ones are read again, and paid again


async def test_stops_at_the_budget_until_midnight(server: XServer, now: StoppedClock) -> None:
    channel = adapter(server, now, daily_budget="0.02")
    mention(server, "@frontdesk hello")
    dm(server, "psst")
    polled = await channel.poll(None)
    assert texts(polled) == ["hello", "psst"]
    mention(server, "@frontdesk again")
    stopped = await channel.poll(polled.cursor)
    assert (texts(stopped), stopped.wait) == ([], timedelta(hours=12))
    await channel.close()

    restarted = adapter(server, now, daily_budget="0.02")
    assert texts(await restarted.poll(stopped.cursor)) == []
    now.advance(stopped.wait)
    assert texts(await restarted.poll(stopped.cursor)) == ["again"]
    await restarted.close()


async def test_an_edited_post_is_a_message_to_whom_it_is_new(channel: X, server: XServer) -> None:
    first = mention(server, "@frontdesk helo", visible=False)
    second = mention(server, "@frontdesk hello")
    second.versions = (first.id, second.id)
    message, edit = (await channel.poll(None)).updates
    assert isinstance(message, InboundMessage)
    assert isinstance(edit, InboundEdit)
    assert (message.external_id, message.text) == (f"post:{first.id}", "hello")
    assert (edit.edited, edit.text, edit.thread) == (f"post:{first.id}", "hello", message.thread)
    assert message.context["reply_to"] == second.id


async def test_one_broken_item_holds_nothing_back(channel: X, server: XServer) -> None:
    dm(server, "before")
    dm(server, "broken", broken=True)
    dm(server, "after", by=MIN)
    polled = await channel.poll(None)
    assert texts(polled) == ["before", "after"]
    assert [type(one) for one in polled.updates] == [InboundMessage, Unread, InboundMessage]
    assert (await channel.poll(polled.cursor)).updates == ()


async def test_what_shows_up_late_is_found(channel: X, server: XServer, now: StoppedClock) -> None:
    """X's ids are only roughly in order: a message may appear below one that we have."""
    dm(server, "first")
    polled = await channel.poll(None)
    dm(server, "late", ago=timedelta(seconds=2))
    mention(server, "@frontdesk hello")
    polled = await channel.poll(polled.cursor)
    assert texts(polled) == ["hello", "late"]
    now.advance(timedelta(minutes=2))
    dm(server, "next")
    polled = await channel.poll(polled.cursor)
    assert texts(polled) == ["next"]
    assert len(json.loads(polled.cursor)["marks"]["dms"]) == 3


async def test_our_own_words_and_groups_are_counted_and_not_answered(
    channel: X, server: XServer
) -> None:
    dm(server, "in a group", group="1578398451921985538")
    dm(server, "we said this", by=ACCOUNT)
    mention(server, "we mention ourselves", by=ACCOUNT)
    kinds = {one.kind for one in (await channel.poll(None)).updates if isinstance(one, Ignored)}
    assert kinds == {"group_message", "own_message", "own_post"}


async def test_each_list_can_be_switched_off(server: XServer, now: StoppedClock) -> None:
    mention(server, "@frontdesk hello")
    dm(server, "psst")
    for off, expected in (("mentions", ["psst"]), ("dms", ["hello"])):
        channel = adapter(server, now, **{off: "off"})
        assert texts(await channel.poll(None)) == expected
        await channel.close()


async def test_photos_are_fetched_with_our_signature_and_only_from_x(
    channel: X, server: XServer
) -> None:
    path = "/1.1/ton/data/dm/1/2/photo.jpg"
    server.files[path] = b"picture" * 100
    media = {"media_key": "3_1", "type": "photo", "url": f"https://ton.twitter.com{path}"}
    dm(server, "look https://t.co/abc", media=(media,))
    (message,) = (await channel.poll(None)).updates
    assert isinstance(message, InboundMessage)
    (file,) = message.attachments
    assert (message.text, file.content_type) == ("look", "image/jpeg")
    assert file.reference is not None
    assert await channel.fetch(file.reference, 1000) == b"picture" * 100
    with pytest.raises(Exception, match="too large"):
        await channel.fetch(file.reference, 100)
    for reference in (
        "http://pbs.twimg.com/a",
        "https://example.com/a",
        "https://pbs.twimg.com:1/a",
    ):
        with pytest.raises(Exception, match="not a file of X's"):
            await channel.fetch(reference, 100)
