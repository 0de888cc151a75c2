"""Readers who called our mail spam, as their mail services report it."""

import pytest

from channels.mail.reader import Reader
from channels.mail.threads import Threads
from desk.message import DeliveryStatus, Ignored, OutboundMessage, StatusUpdate
from tests.channels.mail.conftest import ADDRESS
from tests.channels.mail.letters import RECEIVED, parts, raw, source

SERVICE = {"From": "Reports <fbl@mailservice.example.org>", "Return-Path": "<fbl@example.org>"}


@pytest.fixture
def ours(threads: Threads) -> str:
    message = OutboundMessage(
        id="fd-c7", conversation_id="", channel="email", account=ADDRESS,
        thread="anna@example.org", recipient="anna@example.org", text="",
    )  # fmt: skip
    return threads.message_id(message)


def report(fields: str, returned: tuple[str, str | bytes]) -> bytes:
    kind, body = parts(
        "report; report-type=feedback-report",
        ("text/plain", "This is an abuse report for a mail that came from you."),
        ("message/feedback-report", fields),
        returned,
    )
    return source(body, SERVICE | {"Content-Type": kind})


def _fields(kind: str) -> str:
    return (
        f"Feedback-Type: {kind}\r\nUser-Agent: SomeService/1.0\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{ADDRESS}>\r\nOriginal-Rcpt-To: <redacted@example.org>\r\n"
    )


@pytest.mark.parametrize("kind", ["abuse", "Fraud", "opt-out"])
@pytest.mark.parametrize("part", ["message/rfc822", "text/rfc822-headers"])
def test_a_complaint_is_news_about_our_mail(
    reader: Reader, ours: str, kind: str, part: str
) -> None:
    returned = f"From: {ADDRESS}\r\nSubject: Tea\r\nMessage-ID: {ours}\r\n\r\nTea is cheap"
    assert reader.read(raw(report(_fields(kind), (part, returned)))) == [
        StatusUpdate(
            channel="email",
            account=ADDRESS,
            external_id=ours,
            status=DeliveryStatus.COMPLAINED,
            at=RECEIVED,
            reason=kind.lower(),
        )
    ]


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "other", ""])
def test_what_is_no_complaint_is_ignored(reader: Reader, ours: str, kind: str) -> None:
    mail = report(_fields(kind), ("message/rfc822", f"Message-ID: {ours}\r\n\r\nTea"))
    assert reader.read(raw(mail)) == [Ignored(channel="email", kind="report")]


def test_a_complaint_about_somebody_elses_mail_is_ignored(reader: Reader) -> None:
    mail = report(_fields("abuse"), ("message/rfc822", "Message-ID: <x@example.com>\r\n\r\nTea"))
    assert reader.read(raw(mail)) == [Ignored(channel="email", kind="report")]
