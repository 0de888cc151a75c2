"""What we send through a faulty way to a real server: what each refusal means, and that nothing comes twice."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.matrix.render import LONGEST, length
from desk.channel import ChannelDownError, UnreachableError
from desk.clock import StoppedClock
from desk.errors import FrontdeskError, RejectedError, RetryableError
from desk.message import Attachment, OutboundMessage
from tests.channels.matrix.subject import MatrixSubject
from tests.conftest import NOON


@pytest.fixture
async def subject() -> AsyncIterator[MatrixSubject]:
    """Return the adapter in front of a real server."""
    async with MatrixSubject.open(StoppedClock(NOON)) as subject:
        yield subject
        assert subject.platform.violations == []


def said(subject: MatrixSubject, number: int, text: str) -> OutboundMessage:
    """Return a message to the customer of chat 1."""
    person, room = subject.chat(1)
    return OutboundMessage(
        id=f"{room}-{number}",
        conversation_id="c",
        channel="matrix",
        account=subject.channel.account,
        thread=subject.thread_of(1),
        recipient=person.id,
        text=text,
    )


@pytest.mark.parametrize(
    ("fault", "error", "retry_in"),
    [
        ("429", RetryableError, timedelta(seconds=7)),
        ("500", RetryableError, None),
        ("502", RetryableError, None),
        ("timeout", RetryableError, None),
        ("cut", RetryableError, None),
        ("blocked", UnreachableError, None),
        ("revoked", ChannelDownError, None),
        ("moved", ChannelDownError, None),
        ("refused", RejectedError, None),
    ],
)
async def test_each_refusal_is_taken_for_what_it_means(
    subject: MatrixSubject,
    fault: str,
    error: type[FrontdeskError],
    retry_in: timedelta | None,
) -> None:
    subject.will(fault, retry_after=7 if retry_in else 0)
    message = said(subject, 1, "Hello")
    with pytest.raises(error) as raised:
        await subject.channel.send(message)
    assert type(raised.value) is error
    assert getattr(raised.value, "retry_in", None) == retry_in
    assert subject.struck == {fault: 1}
    # Whether it had been accepted or not: sent again, it is there once.
    await subject.channel.send(message)
    assert subject.delivered() == [(subject.thread_of(1), "Hello", [])]


async def test_messages_stand_in_the_order_in_which_they_were_sent(
    subject: MatrixSubject,
) -> None:
    for number in range(5):
        await subject.channel.send(said(subject, number, f"words {number}"))
    assert [text for _, text, _ in subject.delivered()] == [f"words {n}" for n in range(5)]


@pytest.mark.parametrize("unit", ["x", "字", "😀", '"', "\n", "\\", "\x7f"])
async def test_the_longest_text_is_one_that_the_server_takes(
    subject: MatrixSubject, unit: str
) -> None:
    text = unit * (LONGEST // length(unit))
    assert LONGEST - 6 < length(text) <= LONGEST
    await subject.channel.send(said(subject, 1, text))
    assert [text for _, text, _ in subject.delivered()] == [text]


async def test_a_failed_upload_sends_nothing(subject: MatrixSubject) -> None:
    file = Attachment(name="a.txt", content_type="text/plain", content=b"hi")
    subject.platform.will("blocked", at="/upload")
    message = said(subject, 1, "Here")
    with pytest.raises(RejectedError) as raised:
        await subject.channel.send(OutboundMessage(**{**vars(message), "attachments": (file,)}))
    assert not isinstance(raised.value, UnreachableError)  # it says nothing about the customer
    assert subject.delivered() == []
    assert subject.struck == {"blocked": 1}
    with pytest.raises(RejectedError, match="nothing"):
        await subject.channel.send(said(subject, 2, ""))


async def test_a_room_that_is_not_ours_is_unreachable(subject: MatrixSubject) -> None:
    message = said(subject, 1, "Hello")
    strange = {**vars(message), "thread": "!nowhere:example.org/@x:example.org"}
    with pytest.raises(UnreachableError):
        await subject.channel.send(OutboundMessage(**strange))
