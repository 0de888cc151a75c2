"""Saying something on X: once, within its limits, and understanding its refusals."""

import asyncio
import logging
from datetime import timedelta

import pytest

from channels.x.adapter import X
from desk.channel import ChannelDownError, UnreachableError
from desk.clock import StoppedClock
from desk.errors import FrontdeskError, RejectedError, RetryableError
from tests.channels.x.making import JO, MIN, dm, mention, private, public
from tests.channels.x.subject import adapter
from tests.platforms.x.server import ACCOUNT, XServer
from tests.platforms.x.world import Dm, Post

LONG = " ".join(f"This is sentence number {number} of a long answer." for number in range(20))


async def test_sends_a_direct_message_as_it_is(channel: X, server: XServer) -> None:
    server.world.person(JO)
    text = "A < B & *you* @somebody 你好 " * 400
    sent = await channel.send(private(text[:10_000]))
    assert server.accepted == [(f"dm:{JO}", text[:10_000], [])]
    assert sent.external_id in server.world.dms
    assert sent.cost_micros == 15_000


async def test_answers_a_post_in_public(channel: X, server: XServer) -> None:
    post = mention(server, "@frontdesk hello")
    sent = await channel.send(public("Good day!", post))
    assert server.accepted == [(f"post:{post.id}/{JO}", "Good day!", [])]
    assert server.world.posts[str(sent.external_id)].above == post.id
    assert sent.cost_micros == 15_000


async def test_a_link_costs_more(channel: X, server: XServer) -> None:
    sent = await channel.send(public("See https://example.com/a", mention(server, "@frontdesk ?")))
    assert sent.cost_micros == 200_000


async def test_a_long_answer_becomes_a_thread(channel: X, server: XServer) -> None:
    post = mention(server, "@frontdesk tell me")
    sent = await channel.send(public(LONG, post))
    ours = list(server.world.posts.values())[1:]
    assert len(ours) == 4
    assert [one.above for one in ours] == [post.id, *(one.id for one in ours[:-1])]
    assert [one.text[-6:] for one in ours] == [f" ({n}/4)" for n in range(1, 5)]
    assert sent.external_id == ours[0].id
    assert sent.cost_micros == 4 * 15_000


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_thread_that_was_cut_goes_on_where_it_was(
    channel: X, server: XServer, now: StoppedClock, restarted: bool
) -> None:
    post = mention(server, "@frontdesk tell me")
    server.will("")
    server.will("")
    server.will("500")
    with pytest.raises(RetryableError):
        await channel.send(public(LONG, post))
    other = adapter(server, now) if restarted else channel
    sent = await other.send(public(LONG, post))
    await other.close()
    ours = [one for one in server.world.posts.values() if one.author == ACCOUNT]
    assert server.struck["500"] == 1
    assert server.struck["duplicate"] == (2 if restarted else 0)
    assert [one.text[-6:] for one in ours] == [f" ({n}/4)" for n in range(1, 5)]
    assert [one.above for one in ours] == [post.id, *(one.id for one in ours[:-1])]
    assert sent.external_id == ours[0].id


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_post_of_unknown_fate_is_made_once(
    channel: X, server: XServer, now: StoppedClock, restarted: bool
) -> None:
    post = mention(server, "@frontdesk hello")
    message = public("Tea & cake? https://example.com/a", post)
    server.will("timeout")
    with pytest.raises(RetryableError):
        await channel.send(message)
    other = adapter(server, now) if restarted else channel
    sent = await other.send(message)
    await other.close()
    assert server.struck == {"timeout": 1, "duplicate": 1}
    assert len(server.accepted) == 1
    assert sent.external_id in server.world.posts


async def test_a_send_that_was_cut_off_is_remembered(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    """The core gives up after a while; what X has by then is not sent again."""
    post = mention(server, "@frontdesk hello")
    for message in (private("Tea?"), public("Cake?", post, number="m-2")):
        server.will("timeout")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await channel.send(message)
    later = mention(server, "@frontdesk are you there?", root=post.id, above=post.id)
    await channel.send(private("Tea?"))
    await channel.send(public("Cake?", later, number="m-2"))
    assert server.struck["timeout"] == 2
    assert [text for _, text, _ in server.accepted] == ["Tea?", "Cake?"]


def test_its_libraries_write_no_secrets(channel: X) -> None:
    for name in ("tweepy.client", "oauthlib.oauth1", "requests_oauthlib.oauth1_auth"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


async def test_a_direct_message_of_unknown_fate_is_looked_for(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    server.world.person(JO)
    server.ahead = timedelta(minutes=5)  # X's clock is not ours
    await channel.send(private("Tea & cake? https://example.com/a", number="m-0"))
    now.advance(timedelta(minutes=1))
    message = private("Tea & cake? https://example.com/a")
    server.will("timeout")
    with pytest.raises(RetryableError):
        await channel.send(message)
    sent = await channel.send(message)
    assert server.struck["timeout"] == 1
    assert len(server.accepted) == 2
    assert sent.external_id == list(server.world.dms)[-1]


async def test_a_direct_message_that_did_not_arrive_is_sent_again(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    server.world.person(JO)
    await channel.send(private("Yes", number="m-0"))
    now.advance(timedelta(minutes=1))
    server.will("500")
    with pytest.raises(RetryableError):
        await channel.send(private("Yes"))
    await channel.send(private("Yes"))
    assert [text for _, text, _ in server.accepted] == ["Yes", "Yes"]


async def test_the_same_words_to_another_customer_name_them(channel: X, server: XServer) -> None:
    for number, by in enumerate((JO, MIN)):
        post = mention(server, "@frontdesk hello", by=by)
        await channel.send(public("How can I help?", post, number=f"m-{number}"))
    assert [text for _, text, _ in server.accepted] == [
        "How can I help?",
        f"@user{MIN} How can I help?",
    ]
    again = mention(server, "@frontdesk hello?", by=MIN)
    with pytest.raises(RejectedError, match="same words"):
        await channel.send(public("How can I help?", again, number="m-9"))


async def test_nobody_is_written_to_in_public_unasked(channel: X, server: XServer) -> None:
    post = mention(server, "@frontdesk hello")
    for context in ({}, {"reply_to": None}, {"reply_to": "1/../2"}):
        with pytest.raises(RejectedError):
            await channel.send(public("Buy this", post, context=context))
    for thread, to in (("dm:me", "me"), ("other:1", "1"), ("", "")):
        message = private("Buy this", to=to)
        object.__setattr__(message, "thread", thread)
        with pytest.raises(RejectedError):
            await channel.send(message)
    assert server.calls.total() == 0


async def test_obeys_a_429_to_the_second(channel: X, server: XServer) -> None:
    server.world.person(JO)
    server.ahead = timedelta(minutes=-5)
    server.will("429", retry_after=37)
    with pytest.raises(RetryableError) as caught:
        await channel.send(private("hi"))
    assert caught.value.retry_in == timedelta(seconds=37)
    await channel.send(private("hi"))
    assert server.struck["429"] == 1


async def test_does_not_run_into_the_window_of_direct_messages(
    channel: X, server: XServer, now: StoppedClock
) -> None:
    server.world.person(JO)
    for number in range(15):
        await channel.send(private(f"hi {number}", number=f"m-{number}"))
    with pytest.raises(RetryableError) as caught:
        await channel.send(private("one more", number="m-15"))
    assert caught.value.retry_in == timedelta(minutes=15)
    # Public answers go on.
    await channel.send(public("in public", mention(server, "@frontdesk"), number="m-16"))
    now.advance(timedelta(minutes=15))
    await channel.send(private("one more", number="m-15"))
    assert server.calls["dm"] == 16


REFUSALS = [
    ("500", RetryableError),
    ("429", RetryableError),
    ("timeout", RetryableError),
    ("blocked", UnreachableError),
    ("refused", RejectedError),
    ("revoked", ChannelDownError),
]


@pytest.mark.parametrize(("fault", "error"), REFUSALS)
@pytest.mark.parametrize("is_public", [False, True])
async def test_understands_refusals(
    channel: X, server: XServer, fault: str, error: type[FrontdeskError], is_public: bool
) -> None:
    post = mention(server, "@frontdesk hello")
    server.will(fault)
    with pytest.raises(error) as caught:
        await channel.send(public("hi", post) if is_public else private("hi"))
    assert server.struck[fault] == 1
    assert isinstance(caught.value, RetryableError) is issubclass(error, RetryableError)
    assert isinstance(caught.value, UnreachableError) is (error is UnreachableError)
    assert isinstance(caught.value, ChannelDownError) is (error is ChannelDownError)


async def test_says_what_an_operator_must_do(channel: X, server: XServer) -> None:
    server.world.person(JO)
    for state, words in (("broke", "credit"), ("suspended", "suspended"), ("revoked", "keys")):
        setattr(server, state, True)
        with pytest.raises(ChannelDownError, match=words):
            await channel.send(private("hi"))
        setattr(server, state, False)
    await channel.send(private("hi"))


async def test_a_customer_who_is_gone_and_a_post_that_is_deleted(
    channel: X, server: XServer
) -> None:
    with pytest.raises(UnreachableError):
        await channel.send(private("hi", to="5"))
    post = mention(server, "@frontdesk hello")
    post.deleted = True
    with pytest.raises(RejectedError) as caught:
        await channel.send(public("hi", post))
    assert not isinstance(caught.value, UnreachableError)


async def test_an_address_where_nobody_listens(server: XServer, now: StoppedClock) -> None:
    channel = adapter(server, now, api_url="http://127.0.0.1:9")
    with pytest.raises(RetryableError, match="does not answer"):
        await channel.send(private("hi"))
    await channel.close()


async def test_stops_at_the_budget(server: XServer, now: StoppedClock) -> None:
    server.world.person(JO)
    channel = adapter(server, now, daily_budget="0.03")
    await channel.send(private("one"))
    await channel.send(private("two", number="m-2"))
    with pytest.raises(RetryableError, match="FRONTDESK_X_DAILY_BUDGET") as caught:
        await channel.send(private("three", number="m-3"))
    assert caught.value.retry_in == timedelta(hours=12)
    now.advance(timedelta(hours=12))
    await channel.send(private("three", number="m-3"))
    await channel.close()
    assert len(server.accepted) == 3


async def test_tells_how_it_stands(channel: X, server: XServer, now: StoppedClock) -> None:
    check = await channel.check()
    assert check.account == f"@frontdesk ({ACCOUNT})"
    assert check.problems == ()
    assert "about $0.010 of $5.000 spent today" in check.notes[0]
    assert any("XChat" in note for note in check.notes)
    server.access = "read"
    other = adapter(server, now, user_id="1", dms="off", daily_budget="0")
    wrong = await other.check()
    await other.close()
    assert len(wrong.problems) == 3
    assert "direct messages are off" in wrong.notes


async def test_the_stand_in_is_strict(server: XServer, now: StoppedClock) -> None:
    """What the tests above rely on: wrong keys, unasked replies and long posts are refused and noted."""
    wrong = adapter(server, now, access_secret="wrong")
    with pytest.raises(ChannelDownError):
        await wrong.send(private("hi"))
    await wrong.close()
    channel = adapter(server, now)
    server.world.posts["7"] = Post("7", JO, "not about you")
    with pytest.raises(RejectedError):
        await channel.send(public("hi", server.world.posts["7"]))
    await channel.close()
    assert server.violations == ["post: a reply to somebody who did not mention us"]
    server.violations.clear()
    assert isinstance(dm(server, "hi"), Dm)
