"""Posts over the signed webhook: once for each id, and found where the other system says."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.message import Attachment
from desk.posting import MeasuringChannel, Post, PostingChannel
from tests.channels.webhook.subject import WebhookSubject
from tests.conftest import NOON

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)
POST = Post(
    id="post-1-1",
    text="Our teapots are back. 茶壶到货了",
    image=Attachment(name="pot.png", content_type="image/png", content=PIXEL),
)


@pytest.fixture
async def subject() -> AsyncIterator[WebhookSubject]:
    """Run the adapter and the other system."""
    async with WebhookSubject.open(StoppedClock(NOON)) as one:
        yield one
        assert one.platform.violations == []


async def test_the_other_system_gets_it_once(subject: WebhookSubject) -> None:
    assert isinstance(subject.channel, PostingChannel)
    assert not isinstance(subject.channel, MeasuringChannel)
    subject.platform.says = {"url": "https://social.example.com/1"}
    for _ in range(2):
        published = await subject.channel.publish(POST)
        assert (published.external_id, published.url) == ("post-1-1", subject.platform.says["url"])
    assert subject.platform.accepted == [
        {
            "id": "post-1-1",
            "text": POST.text,
            "image": {
                "name": "pot.png",
                "content_type": "image/png",
                "data": base64.b64encode(PIXEL).decode(),
            },
        }
    ]


@pytest.mark.parametrize("said", [None, {}, {"url": "javascript:alert(1)"}, {"url": ""}])
async def test_it_need_not_say_where(subject: WebhookSubject, said: dict[str, str] | None) -> None:
    subject.platform.says = said
    assert (await subject.channel.publish(POST)).url is None


async def test_what_may_be_tried_again_and_what_not(subject: WebhookSubject) -> None:
    """Also after a time-out: a repeated post has the same id, and the receiver shows it once."""
    subject.platform.will("429", retry_after=37)
    with pytest.raises(RetryableError) as caught:
        await subject.channel.publish(POST)
    assert caught.value.retry_in == timedelta(seconds=37)
    subject.platform.will("timeout")
    with pytest.raises(RetryableError):
        await subject.channel.publish(POST)
    subject.platform.will("refused")
    with pytest.raises(RejectedError):
        await subject.channel.publish(POST)
    await subject.channel.publish(POST)
    assert subject.platform.struck == {"429": 1, "timeout": 1, "refused": 1}
    assert len(subject.platform.accepted) == 1
