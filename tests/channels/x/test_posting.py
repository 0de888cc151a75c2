"""Publishing on X: once, within its limits and the day's budget; and what people did with it."""

from datetime import timedelta
from typing import Any

import pytest

from channels.x.adapter import X
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import FrontdeskError, RejectedError, RetryableError
from desk.message import Attachment
from desk.posting import (
    MeasuringChannel,
    Post,
    PostingChannel,
    Published,
    Reactions,
    UnsurePostError,
)
from tests.channels.x.making import JO, public
from tests.channels.x.subject import adapter
from tests.platforms.x.server import XServer
from tests.platforms.x.world import Post as TheirPost

WORDS = "Our teapots are back. https://shop.example.com/teapots"
PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)


def post(text: str = WORDS, *, number: int = 1, image: bytes | None = None) -> Post:
    """Return something to be published."""
    file = Attachment(name="pot.png", content_type="image/png", content=image) if image else None
    return Post(id=f"post-{number}", text=text, image=file)


@pytest.fixture
def server(server: XServer) -> XServer:
    """Let our account say something that answers nobody."""
    server.announcing = True
    return server


def test_it_can_post_and_tell_what_came_of_it(channel: X) -> None:
    assert isinstance(channel, PostingChannel)
    assert isinstance(channel, MeasuringChannel)


async def test_publishes_once_and_says_where(channel: X, server: XServer) -> None:
    published = await channel.publish(post())
    (made,) = server.world.posts.values()
    assert made.text == WORDS
    assert published == Published(
        external_id=made.id, url=f"https://x.com/i/web/status/{made.id}", cost_micros=200_000
    )
    plain = await channel.publish(post("Good morning", number=2))
    assert plain.cost_micros == 15_000
    assert server.calls["post"] == 2


async def test_an_image_goes_along(channel: X, server: XServer) -> None:
    await channel.publish(post(image=PIXEL))
    (made,) = server.world.posts.values()
    (number,) = server.images
    assert made.media == ({"media_key": f"3_{number}", "type": "photo"},)


async def test_an_image_that_does_not_arrive_publishes_nothing(
    channel: X, server: XServer
) -> None:
    broken = post(image=PIXEL)
    object.__setattr__(broken.image, "content", None)
    with pytest.raises(RejectedError, match="image"):
        await channel.publish(broken)
    assert server.world.posts == {}


@pytest.mark.parametrize("fault", ["500", "timeout"])
async def test_a_post_of_unknown_fate_is_looked_for_once(
    channel: X, server: XServer, now: StoppedClock, fault: str
) -> None:
    """After a time-out it is there and found; after an error of X's it is not, and nobody says that it failed."""
    await channel.publish(post("Something else", number=9))
    now.advance(timedelta(minutes=5))
    server.will(fault)
    if fault == "timeout":
        published = await channel.publish(post())
        assert published.external_id == list(server.world.posts)[-1]
        assert len(server.accepted) == 2
    else:
        with pytest.raises(UnsurePostError, match="look at the account"):
            await channel.publish(post())
        assert len(server.accepted) == 1
    assert server.struck == {fault: 1}
    assert server.calls["timeline"] == 1


async def test_what_cannot_be_looked_for_is_unknown(channel: X, server: XServer) -> None:
    server.will("lost")
    server.will_reading("timeline", "503")
    with pytest.raises(UnsurePostError):
        await channel.publish(post())
    assert server.struck == {"lost": 1, "503": 1}


async def test_the_same_words_are_refused(channel: X, server: XServer) -> None:
    await channel.publish(post())
    with pytest.raises(RejectedError, match=r"same words twice.*change them"):
        await channel.publish(post(number=2))
    assert server.struck["duplicate"] == 1


REFUSALS: list[tuple[str, type[FrontdeskError]]] = [
    ("429", RetryableError),
    ("503", RetryableError),
    ("refused", RejectedError),
    ("revoked", ChannelDownError),
]


@pytest.mark.parametrize(("fault", "error"), REFUSALS)
async def test_understands_refusals(
    channel: X, server: XServer, fault: str, error: type[FrontdeskError]
) -> None:
    server.will(fault, retry_after=37)
    with pytest.raises(error) as caught:
        await channel.publish(post())
    assert server.struck[fault] == 1
    assert server.calls["timeline"] == 0
    if fault == "429":
        assert isinstance(caught.value, RetryableError)
        assert caught.value.retry_in == timedelta(seconds=37)


async def test_where_nobody_listens_nothing_was_published(
    server: XServer, now: StoppedClock
) -> None:
    channel = adapter(server, now, api_url="http://127.0.0.1:9")
    with pytest.raises(RetryableError, match="does not answer"):
        await channel.publish(post())
    await channel.close()


async def test_answers_and_posts_share_a_window(channel: X, server: XServer) -> None:
    """X counts both: neither runs into a refusal that the other could have told of."""
    for number in range(99):
        await channel.publish(post(f"Good morning {number}", number=number))
    asked = TheirPost("7", JO, "@frontdesk hello", mentions=("9000000000000000001",))
    server.world.person(JO)
    server.world.posts["7"] = asked
    await channel.send(public("Hello", asked))
    with pytest.raises(RetryableError) as caught:
        await channel.publish(post())
    assert caught.value.retry_in == timedelta(minutes=15)
    assert server.calls["post"] == 100


async def test_stops_at_the_budget(server: XServer, now: StoppedClock) -> None:
    channel = adapter(server, now, daily_budget="0.2")
    await channel.publish(post())
    with pytest.raises(RetryableError, match="FRONTDESK_X_DAILY_BUDGET") as caught:
        await channel.publish(post("Good morning", number=2))
    assert caught.value.retry_in == timedelta(hours=12)
    with pytest.raises(RetryableError, match="FRONTDESK_X_DAILY_BUDGET"):
        await channel.measure(["1"])
    await channel.close()
    assert len(server.accepted) == 1
    assert server.calls["lookup"] == 0


async def test_tells_what_people_did_and_what_is_gone(channel: X, server: XServer) -> None:
    ids = []
    for number in range(3):
        ids.append((await channel.publish(post(f"Number {number}"))).external_id or "")
    server.world.posts[ids[0]].public |= {"like": 7, "retweet": 2, "impression": 900}
    server.world.posts[ids[0]].clicks = 11
    server.world.posts[ids[2]].deleted = True
    measured = await channel.measure(ids)
    assert set(measured.found) == set(ids[:2])
    assert measured.found[ids[0]] == Reactions(
        likes=7, reposts=2, replies=0, quotes=0, bookmarks=0, views=900, clicks=11
    )
    assert measured.cost_micros == 2_000
    assert (await channel.measure(ids[2:])).found == {}


async def test_figures_obey_a_429(channel: X, server: XServer) -> None:
    server.will_reading("lookup", "429")
    with pytest.raises(RetryableError) as caught:
        await channel.measure(["1"])
    assert caught.value.retry_in is not None
    assert server.struck["429"] == 1


ADDRESSES: list[tuple[str, Any]] = [
    ("https://x.com/i/web/status/1993", "1993"),
    ("https://twitter.com/frontdesk/status/1993?s=20", "1993"),
    ("https://x.com/frontdesk/status/1993/", "1993"),
    ("https://x.com/frontdesk", None),
    ("https://x.com.example.com/a/status/1993", None),
    ("http://x.com/a/status/1993", None),
    ("https://x.com/a/status/1993/photo", None),
]


@pytest.mark.parametrize(("url", "number"), ADDRESSES)
def test_reads_the_address_of_a_post(channel: X, url: str, number: str | None) -> None:
    assert channel.id_of(url) == number


async def test_the_stand_in_is_strict(channel: X, server: XServer, now: StoppedClock) -> None:
    """What the tests above rely on: long posts, odd images and posts that answer nobody unasked are refused."""
    with pytest.raises(RejectedError):
        await channel.publish(post("长" * 141))
    with pytest.raises(RejectedError):
        await channel.publish(post(image=b"GIF89a"))
    server.announcing = False
    with pytest.raises(RejectedError):
        await channel.publish(post())
    assert server.violations == [
        "post: 282 weighted characters",
        "upload: no image/png",
        "post: says something that nobody asked for",
    ]
    server.violations.clear()
