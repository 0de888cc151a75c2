"""What the contract suite relies on."""

import pytest

from desk.channel import ChannelDownError, UnreachableError
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.message import Ignored, InboundMessage, OutboundMessage, Unread
from tests.channels.mail.subject import MailSubject


def message(
    subject: MailSubject, text: str = "On its way.\n\n1. Thanks", number: int = 1
) -> OutboundMessage:
    return OutboundMessage(
        id=f"fd-{number}",
        conversation_id="c1",
        channel="email",
        account=subject.channel.account,
        thread=subject.thread_of(1),
        recipient="customer-1@example.org",
        text=text,
    )


async def test_a_mail_comes_through_imap_as_it_was_made(clock: StoppedClock) -> None:
    async with MailSubject.open(clock) as subject:
        raw = subject.text(n=1, chat=1, words="Hello\nthere")
        await subject.put(raw)
        polled = await subject.channel.poll(None)
        (found,) = polled.updates
        (read,) = subject.channel.read(raw)
        assert isinstance(found, InboundMessage)
        assert isinstance(read, InboundMessage)
        assert found.external_id == read.external_id
        assert (found.text, found.thread, found.sender) == (
            "Hello\nthere",
            subject.thread_of(1),
            "customer-1@example.org",
        )


async def test_poison_is_set_aside_and_the_next_mail_is_read(clock: StoppedClock) -> None:
    async with MailSubject.open(clock) as subject:
        await subject.put(subject.poison())
        await subject.put(subject.text(n=2, chat=1, words="after it"))
        unread, found = (await subject.channel.poll(None)).updates
        assert isinstance(unread, Unread)
        assert unread.error.startswith("RecursionError")
        assert isinstance(found, InboundMessage)
        with pytest.raises(RecursionError):
            subject.channel.read(unread.raw)


async def test_oddities_are_messages_or_ignored_by_kind(clock: StoppedClock) -> None:
    ignored = {
        "auto reply": "auto_reply",
        "list": "list",
        "no sender": "no_sender",
        "empty": "empty",
    }
    async with MailSubject.open(clock) as subject:
        for name, raw in subject.oddities().items():
            (found,) = subject.channel.read(raw)
            if name in ignored:
                assert found == Ignored(channel="email", kind=ignored[name]), name
            else:
                assert isinstance(found, InboundMessage), name
                assert found.text or found.attachments or found.unsupported, name


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", RetryableError),
        ("500", RetryableError),
        ("blocked", UnreachableError),
        ("refused", RejectedError),
        ("revoked", ChannelDownError),
        ("timeout", RetryableError),
        ("dropped", RetryableError),
    ],
)
async def test_faults_are_what_they_mean_and_the_next_try_arrives(
    clock: StoppedClock, fault: str, error: type[Exception]
) -> None:
    async with MailSubject.open(clock) as subject:
        subject.will(fault)
        with pytest.raises(error) as caught:
            await subject.channel.send(message(subject))
        assert caught.type is error
        assert subject.struck == {fault: 1}
        await subject.channel.send(message(subject))
        assert subject.delivered()[-1] == (subject.thread_of(1), "On its way.\n\n1. Thanks", [])
        assert len({taken.mail["Message-ID"] for taken in subject.platform.taken}) == 1
        assert subject.platform.violations == []


async def test_mails_keep_to_the_rules_whatever_is_in_them(clock: StoppedClock) -> None:
    texts = ["", "短信 " * 3000, "x" * 5000, "a\r\nb\n.\nc", "\udc00 half", "<b>&amp;</b>"]
    async with MailSubject.open(clock) as subject:
        for number, text in enumerate(texts):
            await subject.channel.send(message(subject, text, number))
        assert len(subject.delivered()) == len(texts)
        assert subject.platform.violations == []
        assert len({taken.mail["Message-ID"] for taken in subject.platform.taken}) == len(texts)
