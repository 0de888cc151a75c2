"""Mails that came back."""

import pytest

from channels.mail.reader import Reader
from channels.mail.threads import Threads
from desk.message import DeliveryStatus, Ignored, OutboundMessage, StatusUpdate
from tests.channels.mail.conftest import ADDRESS
from tests.channels.mail.letters import RECEIVED, parts, raw, source

MACHINE = {
    "From": "Mail <MAILER-DAEMON@example.org>",
    "Return-Path": "<>",
    "Auto-Submitted": "auto-replied",
}


@pytest.fixture
def ours(threads: Threads) -> str:
    message = OutboundMessage(
        id="fd-1", conversation_id="c", channel="email", account=ADDRESS,
        thread="anna@example.org", recipient="anna@example.org", text="",
    )  # fmt: skip
    return threads.message_id(message)


def report(action: str, status: str, diagnostic: str, returned: tuple[str, str | bytes]) -> bytes:
    fields = (
        "Reporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Action: {action}\r\nFinal-Recipient: rfc822;anna@example.org\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {diagnostic}\r\n"
    )
    kind, body = parts(
        "report; report-type=delivery-status",
        ("text/plain", "Sorry"),
        ("message/delivery-status", fields),
        returned,
    )
    return source(body, MACHINE | {"Content-Type": kind})


@pytest.mark.parametrize(
    ("status", "diagnostic", "unreachable"),
    [
        ("5.1.1", "smtp; 550 unknown", True),
        ("5.0.0", "smtp; 550 5.1.1 <anna@example.org> unknown", True),
        ("5.1.10", "smtp; 550", True),
        ("5.1.2", "smtp; 550", True),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", False),
        ("5.7.1", "smtp; 550 5.7.1 spam", False),
        ("5.1.8", "smtp; 550 5.1.8 sender rejected", False),
        ("4.4.7", "smtp; 400 too late", False),
        ("5.0.0", "", False),
    ],
)
@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_bounce_is_news_about_our_mail(
    reader: Reader, ours: str, status: str, diagnostic: str, unreachable: bool, kind: str
) -> None:
    returned = f"From: {ADDRESS}\r\nMessage-ID:\r\n {ours}\r\n\r\nhi"
    (found,) = reader.read(raw(report("failed", status, diagnostic, (kind, returned))))
    assert found == StatusUpdate(
        channel="email",
        account=ADDRESS,
        external_id=ours,
        status=DeliveryStatus.FAILED,
        at=RECEIVED,
        reason=diagnostic or status,
        unreachable=unreachable,
    )


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_other_reports_are_ignored(reader: Reader, ours: str, action: str) -> None:
    mail = report(action, "4.0.0", "", ("message/rfc822", f"Message-ID: {ours}\r\n\r\nhi"))
    assert reader.read(raw(mail)) == [Ignored(channel="email", kind="report")]


def test_a_bounce_of_somebody_elses_mail_is_ignored(reader: Reader) -> None:
    mail = report("failed", "5.1.1", "", ("message/rfc822", "Message-ID: <x@example.com>\r\n\r\n"))
    assert reader.read(raw(mail)) == [Ignored(channel="email", kind="report")]


def test_a_report_without_the_mail_names_it(reader: Reader, ours: str) -> None:
    mail = report("failed", "5.1.1", "", ("text/plain", ""))
    with_reference = mail.replace(b"Return-Path:", f"References: {ours}\r\nReturn-Path:".encode())
    (found,) = reader.read(raw(with_reference))
    assert isinstance(found, StatusUpdate)
    assert found.external_id == ours
