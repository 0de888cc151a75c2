"""What the SMTP server's answers mean."""

import ssl
from datetime import timedelta
from typing import Any

import aiosmtplib
import pytest

from channels.mail.post import refusal
from desk.channel import ChannelDownError, UnreachableError
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.message import OutboundMessage
from tests.channels.mail.subject import Place, channel_at
from tests.platforms.mail.faulty import FaultySmtp
from tests.platforms.mail.servers import free_ports

TO = "anna@example.org"


def refused(code: int, words: str) -> Exception:
    return aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(code, words, TO)])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused(450, "4.2.1 greylisted"), RetryableError),
        (refused(550, "5.1.1 no such user"), UnreachableError),
        (refused(550, "5.1.10 no such user"), UnreachableError),
        (refused(550, "5.7.1 blocked"), RejectedError),
        (refused(550, "no"), RejectedError),
        (refused(530, "5.7.0 log in first"), ChannelDownError),
        (aiosmtplib.SMTPDataError(554, "5.6.0 bad"), RejectedError),
        (aiosmtplib.SMTPDataError(550, "5.1.1 odd place"), RejectedError),
        (aiosmtplib.SMTPDataError(451, "later"), RetryableError),
        (aiosmtplib.SMTPSenderRefused(550, "5.7.1 not you", "x"), ChannelDownError),
        (aiosmtplib.SMTPSenderRefused(552, "5.3.4 too large", "x"), RejectedError),
        (aiosmtplib.SMTPAuthenticationError(535, "5.7.8 wrong"), ChannelDownError),
        (aiosmtplib.SMTPAuthenticationError(454, "4.7.0 not now"), RetryableError),
        (aiosmtplib.SMTPConnectResponseError(554, "go away"), ChannelDownError),
        (aiosmtplib.SMTPConnectResponseError(421, "busy"), RetryableError),
        (aiosmtplib.SMTPHeloError(550, "who?"), ChannelDownError),
        (aiosmtplib.SMTPException("SMTP STARTTLS extension not supported"), ChannelDownError),
        (aiosmtplib.SMTPNotSupported("SMTPUTF8"), RejectedError),
        (aiosmtplib.SMTPServerDisconnected("gone"), RetryableError),
        (aiosmtplib.SMTPConnectError("no"), RetryableError),
        (aiosmtplib.SMTPReadTimeoutError("slow"), RetryableError),
        (OSError("network"), RetryableError),
        (ValueError("odd address"), RejectedError),
        (ssl.SSLCertVerificationError("self-signed"), ChannelDownError),
    ],
)
def test_refusals(error: Exception, expected: type[Exception]) -> None:
    assert type(refusal(error)) is expected


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("4.7.1 Greylisting in action, please come back in 00:04:59", 299),
        ("4.2.0 Greylisted, try again in 300 seconds", 300),
        ("4.7.0 retry after 5 minutes", 300),
        ("4.7.0 blocked for 10 min", 600),
        ("try in 99999 seconds", 3600),
        ("4.3.0 mailbox busy", None),
        ("4.7.1 listed in 3 lists", None),
    ],
)
def test_a_wait_is_in_the_words(words: str, seconds: int | None) -> None:
    found = refusal(refused(451, words))
    assert isinstance(found, RetryableError)
    assert found.retry_in == (None if seconds is None else timedelta(seconds=seconds))


def test_a_full_day_is_waited_for() -> None:
    found = refusal(aiosmtplib.SMTPDataError(550, "5.4.5 Daily user sending limit exceeded"))
    assert type(found) is RetryableError
    assert found.retry_in == timedelta(hours=1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"smtp_password": "wrong"}, "535"),
        ({"ca_file": None}, "FRONTDESK_EMAIL_CA_FILE"),
    ],
)
async def test_what_an_operator_must_mend(
    place: Place, clock: StoppedClock, smtp: FaultySmtp, settings: dict[str, Any], words: str
) -> None:
    channel = channel_at(place, clock, smtp_port=smtp.port, **settings)
    message = OutboundMessage(
        id="fd-1", conversation_id="c", channel="email", account=place.address, thread=TO,
        recipient=TO, text="hi",
    )  # fmt: skip
    with pytest.raises(ChannelDownError, match=words):
        await channel.send(message)
    assert smtp.taken == []
    await channel.close()


async def test_nobody_there(place: Place, clock: StoppedClock) -> None:
    channel = channel_at(place, clock, smtp_port=free_ports(1)[0])
    check = await channel.check()
    assert check.problems == ("the mail server: SMTPConnectError",)
    await channel.close()
