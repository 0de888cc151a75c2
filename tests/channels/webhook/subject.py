"""The signed webhook as the contract suite drives it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from channels.webhook.adapter import SignedWebhook
from channels.webhook.files import Files
from channels.webhook.signature import Signer
from desk.clock import Clock
from desk.message import WebhookRequest
from tests.platforms.webhook.receiver import Receiver

SECRET = "whsec_" + "Zm9yIHRlc3RzIG9ubHksIG5vdGhpbmcgZWxzZS4="
OTHER_SECRET = "whsec_" + "YW5vdGhlciBrZXkgdGhhdCBzaWducyBmb3IgdGVzdHM="
TIMEOUT = 0.3


class WebhookSubject:
    """The adapter and the system on its other end."""

    name = "webhook"
    kinds = frozenset({"webhook"})

    def __init__(self, channel: SignedWebhook, platform: Receiver, clock: Clock) -> None:
        self.channel = channel
        self.platform = platform
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Run both."""
        async with Receiver.open(SECRET, clock) as receiver:
            files = Files("", timeout=TIMEOUT)
            channel = SignedWebhook(receiver.url, Signer(SECRET), files, clock, timeout=TIMEOUT)
            try:
                yield cls(channel, receiver, clock)
            finally:
                await channel.close()

    @property
    def struck(self) -> Counter[str]:
        """How often each fault happened."""
        return self.platform.struck

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return a customer's text."""
        return {
            "type": "message.received",
            "data": {
                "id": f"m-{n}",
                "thread": self.thread_of(chat),
                "sender": f"customer-{chat}",
                "sender_name": f"Customer {chat}",
                "text": words,
                "language": "en",
                "sent_at": (self._clock() + timedelta(milliseconds=n)).isoformat(),
            },
        }

    def thread_of(self, chat: int) -> str:
        """Return the thread of a chat."""
        return f"chat-{chat}"

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return events other than a plain text."""
        who = {"thread": "chat-1", "sender": "customer-1"}
        about = {**who, "message": "m-1"}
        nothing = dict.fromkeys(
            ["sender_name", "choice", "language", "sent_at", "attachments"], None
        )
        file = {"name": "a.txt", "content_type": "text/plain"}

        def odd(kind: str, **data: Any) -> dict[str, Any]:
            return {"type": kind, "data": data}

        return {
            "unknown": odd("order.shipped", id="u-1"),
            "our own": odd("message.sent", id="u-2"),
            "edit": odd("message.edited", id="e-1", **about, text="changed"),
            "delete": odd("message.deleted", id="e-2", **about),
            "long": odd("message.received", id="o-1", **who, text="long text " * 1000),
            "bare": odd("message.received", id="o-2", **who, text="hi"),
            "null": odd("message.received", id="o-3", **who, text="hi", **nothing),
            "choice": odd("message.received", id="o-4", **who, choice="c" * 20),
            "file": odd(
                "message.received", id="o-5", **who, attachments=[{**file, "data": "aGk="}]
            ),
            "file by address": odd(
                "message.received",
                id="o-6",
                **who,
                attachments=[{**file, "url": "https://files.example.com/a.txt"}],
            ),
            "delivered": odd("delivery.updated", message="d-1", status="delivered"),
            "extra fields": odd("message.received", id="o-7", **who, text="hi", colour="red"),
        }

    def poison(self) -> dict[str, Any]:
        """Return an event that cannot be read."""
        return {"type": "message.received", "data": {"id": "p-1", "thread": ["x"], "text": 5}}

    def signed(self, *raws: Mapping[str, Any], at: datetime | None = None) -> WebhookRequest:
        """Return the request of one event, signed."""
        (raw,) = raws
        return self.request(json.dumps(raw).encode(), at=at)

    def request(
        self, body: bytes, *, secret: str = SECRET, at: datetime | None = None
    ) -> WebhookRequest:
        """Return a signed request with any body."""
        headers = Signer(secret).headers("msg_1", body, at or self._clock())
        return WebhookRequest(method="POST", headers=headers, query={}, body=body)

    def forged(self, raw: Mapping[str, Any]) -> dict[str, WebhookRequest]:
        """Return requests that must be refused."""
        body = json.dumps(raw).encode()
        good = self.request(body)

        def with_headers(**changed: str) -> WebhookRequest:
            headers = {**good.headers, **{k.replace("_", "-"): v for k, v in changed.items()}}
            return WebhookRequest(
                method="POST",
                headers={name: value for name, value in headers.items() if value},
                query={},
                body=body,
            )

        signature = good.headers["webhook-signature"]
        return {
            "no headers": WebhookRequest(method="POST", headers={}, query={}, body=body),
            "no id": with_headers(webhook_id=""),
            "no timestamp": with_headers(webhook_timestamp=""),
            "no signature": with_headers(webhook_signature=""),
            "another id": with_headers(webhook_id="msg_2"),
            "a moved timestamp": with_headers(
                webhook_timestamp=str(int(good.headers["webhook-timestamp"]) + 1)
            ),
            "a word as timestamp": with_headers(webhook_timestamp="now"),
            "a huge timestamp": with_headers(webhook_timestamp="9" * 40),
            "another version": with_headers(webhook_signature=signature.replace("v1", "v2")),
            "half a signature": with_headers(webhook_signature=signature[:20]),
            "no base64": with_headers(webhook_signature="v1,%%%"),
            "beyond ASCII": with_headers(webhook_signature="v1,\u00e9\u6587"),
            "another secret": self.request(body, secret=OTHER_SECRET),
            "altered body": WebhookRequest(
                method="POST", headers=good.headers, query={}, body=body.replace(b"m-", b"n-")
            ),
            "not UTF-8": WebhookRequest(
                method="POST", headers=good.headers, query={}, body=b"\xff" + body
            ),
            "old": self.request(body, at=self._clock() - timedelta(minutes=5, seconds=1)),
            "from the future": self.request(body, at=self._clock() + timedelta(minutes=6)),
            "of another request": WebhookRequest(
                method="POST", headers=self.request(body + b" ").headers, query={}, body=body
            ),
        }

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return what the receiver accepted."""
        return [
            (data["thread"], data["text"], [choice["title"] for choice in data["choices"]])
            for data in self.platform.accepted
        ]

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next message meet a fault."""
        self.platform.will(fault, retry_after=retry_after)
