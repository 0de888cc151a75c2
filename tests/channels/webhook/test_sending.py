"""What the signed webhook sends, and how it takes each answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from channels.webhook.answers import wait_of
from desk.channel import ChannelDownError, UnreachableError
from desk.clock import StoppedClock
from desk.errors import FrontdeskError, RejectedError, RetryableError
from desk.message import Attachment, Choice, OutboundMessage
from desk.tables.conversation import Author
from tests.channels.webhook.subject import WebhookSubject
from tests.conftest import NOON


@pytest.fixture
async def subject() -> AsyncIterator[WebhookSubject]:
    """Return the adapter and the system on its other end, at noon."""
    async with WebhookSubject.open(StoppedClock(NOON)) as subject:
        yield subject
        assert subject.platform.violations == []


def said(number: int, text: str = "Hello", **more: object) -> OutboundMessage:
    """Return a message to a customer."""
    return OutboundMessage(
        id=f"d-{number}",
        conversation_id="c",
        channel="webhook",
        account="default",
        thread="chat-1",
        recipient="customer-1",
        text=text,
        **more,  # type: ignore[arg-type]
    )


async def test_a_message_arrives_whole(subject: WebhookSubject) -> None:
    message = said(
        1,
        "<b>Hi</b> 你好",
        choices=(Choice(id="a" * 20, title="Yes"), Choice(id="b", title="Shop", url="https://x")),
        attachments=(Attachment(name="a.txt", content_type="text/plain", content=b"hi"),),
        author=Author.AGENT,
        author_name="M. L.",
        language="zh",
        context={"message": "m-1"},
    )
    sent = await subject.channel.send(message)
    assert sent.external_id == "d-1"
    assert subject.platform.accepted == [
        {
            "id": "d-1",
            "thread": "chat-1",
            "recipient": "customer-1",
            "author": "agent",
            "author_name": "M. L.",
            "text": "<b>Hi</b> 你好",
            "language": "zh",
            "choices": [
                {"id": "a" * 20, "title": "Yes"},
                {"id": "b", "title": "Shop", "url": "https://x"},
            ],
            "attachments": [{"name": "a.txt", "content_type": "text/plain", "data": "aGk="}],
            "context": {"message": "m-1"},
        }
    ]


@pytest.mark.parametrize(
    ("fault", "error", "retry_in"),
    [
        ("429", RetryableError, timedelta(seconds=7)),
        ("503", RetryableError, timedelta(seconds=7)),
        ("500", RetryableError, None),
        ("timeout", RetryableError, None),
        ("blocked", UnreachableError, None),
        ("revoked", ChannelDownError, None),
        ("gone", ChannelDownError, None),
        ("moved", ChannelDownError, None),
        ("refused", RejectedError, None),
    ],
)
async def test_each_answer_is_taken_for_what_it_means(
    subject: WebhookSubject,
    fault: str,
    error: type[FrontdeskError],
    retry_in: timedelta | None,
) -> None:
    subject.will(fault, retry_after=7 if retry_in else 0)
    with pytest.raises(error) as raised:
        await subject.channel.send(said(1))
    assert type(raised.value) is error
    assert getattr(raised.value, "retry_in", None) == retry_in
    assert subject.struck[fault] == 1
    # Whatever happened, the same message again is the same event, and arrives once.
    await subject.channel.send(said(1))
    assert subject.platform.attempts == ["d-1", "d-1"]
    assert len(subject.platform.accepted) == 1


async def test_nobody_there_is_a_reason_to_try_again(subject: WebhookSubject) -> None:
    subject.channel._url = "http://127.0.0.1:9/events"  # the discard port: nobody listens
    with pytest.raises(RetryableError) as raised:
        await subject.channel.send(said(1))
    assert not isinstance(raised.value, ChannelDownError)


async def test_a_file_without_content_is_refused_not_dropped(subject: WebhookSubject) -> None:
    file = Attachment(name="a.txt", content_type="text/plain", reference="elsewhere")
    with pytest.raises(RejectedError, match=r"a\.txt"):
        await subject.channel.send(said(1, attachments=(file,)))


async def test_many_at_once_each_arrive_once(subject: WebhookSubject) -> None:
    await asyncio.gather(*(subject.channel.send(said(n % 10)) for n in range(30)))
    assert sorted(data["id"] for data in subject.platform.accepted) == sorted(
        f"d-{n}" for n in range(10)
    )


async def test_the_check_pings_and_tells_what_it_heard(subject: WebhookSubject) -> None:
    check = await subject.channel.check()
    assert (check.account, check.problems) == ("127.0.0.1", ())
    assert subject.platform.pings == 1
    subject.will("refused")
    check = await subject.channel.check()
    assert "400" in check.problems[0]
    subject.will("gone")
    with pytest.raises(ChannelDownError, match="FRONTDESK_WEBHOOK_URL"):
        await subject.channel.check()
    assert subject.struck == {"refused": 1, "gone": 1}


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("0", timedelta()),
        ("120", timedelta(seconds=120)),
        ("9" * 30, timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOON - timedelta(seconds=90), usegmt=True), timedelta()),
        ("Mon, 02 Mar 2026 12:00:30 -0000", timedelta(seconds=30)),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, wait: timedelta | None) -> None:
    assert wait_of(header, NOON) == wait
