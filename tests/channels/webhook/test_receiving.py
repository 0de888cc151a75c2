"""What the signed webhook takes in, and what it refuses."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from channels.webhook.signature import SignatureError, Signer
from desk.clock import StoppedClock, now
from desk.message import (
    Attachment,
    DeliveryStatus,
    Ignored,
    InboundEdit,
    InboundMessage,
    StatusUpdate,
    Unread,
    WebhookRequest,
)
from tests.channels.webhook.subject import OTHER_SECRET, SECRET, WebhookSubject
from tests.conftest import NOON


@pytest.fixture
async def subject() -> AsyncIterator[WebhookSubject]:
    """Return the adapter and the system on its other end, at noon."""
    async with WebhookSubject.open(StoppedClock(NOON)) as subject:
        yield subject


async def test_a_text_is_read_whole(subject: WebhookSubject) -> None:
    request = subject.signed(subject.text(n=3, chat=2, words="Where is my order? 订单呢？"))
    subject.channel.verify(request)
    (message,) = subject.channel.parse(request)
    assert isinstance(message, InboundMessage)
    assert (message.channel, message.account, message.external_id) == ("webhook", "default", "m-3")
    assert (message.thread, message.sender, message.sender_name) == (
        "chat-2",
        "customer-2",
        "Customer 2",
    )
    assert message.text == "Where is my order? 订单呢？"
    assert message.sent_at == NOON + timedelta(milliseconds=3)
    assert message.context == {"message": "m-3"}
    assert subject.channel.answer(request) is None


async def test_every_forged_request_is_refused(subject: WebhookSubject) -> None:
    raw = subject.text(n=1, chat=1, words="hi")
    subject.channel.verify(subject.signed(raw))
    forged = subject.forged(raw)
    accepted = set(forged)
    for name, request in forged.items():
        with suppress(SignatureError):
            subject.channel.verify(request)
            continue
        accepted.discard(name)
    assert accepted == set()


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
async def test_a_clock_may_be_five_minutes_off(subject: WebhookSubject, seconds: int) -> None:
    raw = subject.text(n=1, chat=1, words="hi")
    subject.channel.verify(subject.signed(raw, at=NOON + timedelta(seconds=seconds)))


def test_our_signatures_are_the_librarys() -> None:
    body = '{"text": "你好"}'.encode()
    signer = Signer(f"{SECRET},{OTHER_SECRET}")
    headers = signer.headers("msg_1", body, now())
    for secret in (SECRET, OTHER_SECRET):
        assert Webhook(secret).verify(body, headers) == {"text": "你好"}
        at = datetime.now(UTC)
        theirs = {
            "webhook-id": "msg_2",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_2", at, body.decode()),
        }
        signer.verify(theirs, body, now())


def test_after_a_rotation_the_old_secret_is_refused() -> None:
    headers = Signer(OTHER_SECRET).headers("msg_1", b"{}", NOON)
    Signer(f"{SECRET},{OTHER_SECRET}").verify(headers, b"{}", NOON)
    with pytest.raises(SignatureError):
        Signer(SECRET).verify(headers, b"{}", NOON)


async def test_everything_else_is_read_too(subject: WebhookSubject) -> None:
    oddities = {name: subject.channel.read(raw)[0] for name, raw in subject.oddities().items()}
    assert oddities["unknown"] == Ignored(channel="webhook", kind="order.shipped")
    assert oddities["our own"] == Ignored(channel="webhook", kind="message.sent")
    for name, text in (("edit", "changed"), ("delete", None)):
        edit = oddities[name]
        assert isinstance(edit, InboundEdit)
        assert (edit.edited, edit.text, edit.thread) == ("m-1", text, "chat-1")
    news = oddities["delivered"]
    assert isinstance(news, StatusUpdate)
    assert (news.external_id, news.status, news.at) == ("d-1", DeliveryStatus.DELIVERED, NOON)
    messages = {k: v for k, v in oddities.items() if isinstance(v, InboundMessage)}
    assert len(messages) == len(oddities) - 5
    assert messages["long"].text == "long text " * 1000
    assert messages["choice"].choice == "c" * 20
    assert messages["file"].attachments == (
        Attachment(name="a.txt", content_type="text/plain", content=b"hi", size=2),
    )
    assert messages["file by address"].attachments == (
        Attachment(
            name="a.txt",
            content_type="text/plain",
            reference="https://files.example.com/a.txt",
        ),
    )
    # Files are kept once, as files.
    assert "aGk=" not in str(messages["file"].raw)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": ""},
        {"id": "x" * 256},
        {"thread": None},
        {"thread": 5},
        {"text": 5},
        {"text": " \n"},
        {"language": "; drop table"},
        {"sent_at": "2026-03-02T12:00:00"},
        {"attachments": [{"name": "a"}]},
        {"attachments": [{"name": "a", "data": "%%%"}]},
        {"attachments": [{"name": "a", "data": "aGk=", "url": "https://example.com"}]},
        {"id": "a\x00b"},
        {"thread": "\ud800"},
    ],
)
async def test_an_event_that_does_not_fit_is_set_aside_with_the_reason(
    subject: WebhookSubject, changed: dict[str, object]
) -> None:
    raw = subject.text(n=1, chat=1, words="hi")
    raw["data"] |= changed
    (unread,) = subject.channel.parse(subject.signed(raw))
    assert isinstance(unread, Unread)
    assert unread.raw == raw
    assert next(iter(changed)) in unread.error or "Value error" in unread.error


async def test_an_unreachable_customer_is_told_by_a_failed_delivery(
    subject: WebhookSubject,
) -> None:
    data = {"message": "d-1", "status": "failed", "reason": "left", "unreachable": True}
    (news,) = subject.channel.read({"type": "delivery.updated", "data": data})
    assert isinstance(news, StatusUpdate)
    assert (news.unreachable, news.reason) == (True, "left")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"[" * 30_000])
async def test_a_signed_body_that_is_no_event_never_passes_as_one(
    subject: WebhookSubject, body: bytes
) -> None:
    request = subject.request(body)
    subject.channel.verify(request)
    try:
        updates = subject.channel.parse(request)
    except (ValueError, RecursionError):
        return  # the core sets the body aside
    assert [type(update) for update in updates] == [Unread]


async def test_two_thousand_mutations_never_get_through(subject: WebhookSubject) -> None:
    raw = subject.text(n=1, chat=1, words="hi")
    good = subject.signed(raw)
    refused = 0
    for _ in range(2_000):
        at = int.from_bytes(os.urandom(2)) % len(good.body)
        body = bytearray(good.body)
        body[at] ^= 1 + os.urandom(1)[0] % 255
        changed = WebhookRequest(method="POST", headers=good.headers, query={}, body=bytes(body))
        with pytest.raises(SignatureError):
            subject.channel.verify(changed)
        refused += 1
    assert refused == 2_000


def test_secrets_must_be_secrets() -> None:
    short = "whsec_" + base64.b64encode(b"short").decode()
    for secret in ("", ",", "plain", short, "whsec_%%%", SECRET + "," + short):
        with pytest.raises(ValueError, match=r"secret|whsec_"):
            Signer(secret)
