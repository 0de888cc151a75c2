"""The Slack channel and its platform as the contract suite drives them: over HTTP and over a socket."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from channels.slack.adapter import SlackSocket, SlackWebhook
from channels.slack.client import SlackClient
from channels.slack.signature import SlackSignature
from channels.slack.socket_mode import Listener
from channels.slack.text import escaped
from desk.clock import Clock
from desk.message import WebhookRequest
from tests.platforms.slack import payloads
from tests.platforms.slack.delivery import FORM, Signing, event_body, interaction_body
from tests.platforms.slack.people import Person
from tests.platforms.slack.server import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    SlackPlatform,
    titles,
)
from tests.platforms.slack.world import BOT, BOT_ID, Message, Room

CUSTOMERS = "CCUSTOMERS"
"""The channel in which the bot answers everybody."""
_TIMEOUT = timedelta(seconds=1)


def client_of(platform: SlackPlatform, *, token: str = BOT_TOKEN) -> SlackClient:
    """Return a client that talks to the stand-in."""
    return SlackClient(token=token, api_url=platform.api_url, timeout=_TIMEOUT)


def webhook_of(platform: SlackPlatform, clock: Clock) -> SlackWebhook:
    """Return the adapter that Slack calls."""
    signature = SlackSignature(SIGNING_SECRET, clock)
    return SlackWebhook(client_of(platform), frozenset({CUSTOMERS}), clock, signature)


def socket_of(platform: SlackPlatform, clock: Clock) -> SlackSocket:
    """Return the adapter that connects to Slack."""
    client = client_of(platform)
    listener = Listener(client, APP_TOKEN, ping=0.1)
    return SlackSocket(client, frozenset({CUSTOMERS}), clock, listener)


class SlackSubject:
    """The adapter that Slack calls; chats are direct messages."""

    name: ClassVar[str] = "slack"
    kinds: ClassVar[frozenset[str]] = frozenset({"webhook"})

    def __init__(
        self, channel: SlackWebhook | SlackSocket, platform: SlackPlatform, clock: Clock
    ) -> None:
        self.channel = channel
        self.platform = platform
        self._clock = clock

    @classmethod
    def build(cls, platform: SlackPlatform, clock: Clock) -> SlackWebhook | SlackSocket:
        """Return the adapter of this mode."""
        return webhook_of(platform, clock)

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Start the stand-in and build the real adapter against it."""
        async with SlackPlatform.open(clock) as platform:
            channel = cls.build(platform, clock)
            try:
                yield cls(channel, platform, clock)
            finally:
                await channel.close()

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return event number ``n``: a customer's text in a direct message."""
        person, room = self._chat(chat)
        ts = f"{int(self._clock().timestamp())}.{n:06d}"
        message = Message(ts=ts, user=person.id, text=escaped(words))
        event = payloads.said(self.platform.world, room, message)
        return {**payloads.wrapped(self.platform.world, event), "event_id": f"EvText{n}"}

    def thread_of(self, chat: int) -> str:
        """Return the thread that the adapter must derive."""
        return f"{self._chat(chat)[1].id}/"

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return what is no plain text, by name."""
        voice = {"id": "F1", "name": "audio_message.m4a", "mimetype": "audio/mp4", "size": 9}
        drive = {"id": "F2", "is_external": True, "url_private": "https://drive.example.com/1"}
        before = {"user": "UC1", "ts": "1.1", "text": "before"}
        after = {**before, "text": "after", "edited": {"user": "UC1", "ts": "2.1"}}
        return {
            "unknown top level": {"type": "something_new"},
            "no type": {"token": "x"},
            "command": {"type": "slash_command", "command": "/x", "text": ""},
            "rate limited": {"type": "app_rate_limited", "minute_rate_limited": 1},
            "unknown event": self._event(type="hologram_shared"),
            "unknown subtype": self._said(subtype="hologram"),
            "joined": self._said(subtype="channel_join", text="has joined"),
            "own message": self._said(bot_id=BOT_ID, user=BOT, text="me"),
            "edit": self._said(subtype="message_changed", message=after, previous_message=before),
            "unfurl": self._said(
                subtype="message_changed", message=before, previous_message=before
            ),
            "delete": self._said(
                subtype="message_deleted", previous_message=before, deleted_ts="1.1"
            ),
            "delete of the unknown": self._said(subtype="message_deleted", deleted_ts="1.1"),
            "emoji": self._said(text=":thumbsup:"),
            "voice": self._said(
                subtype="file_share", text="", files=[{**voice, "url_private": "x"}]
            ),
            "shared company's file": self._said(
                subtype="file_share", files=[{"id": "F9", "mode": "file_access"}]
            ),
            "deleted file": self._said(
                subtype="file_share", text="", files=[{"id": "F8", "mode": "tombstone"}]
            ),
            "file elsewhere": self._said(subtype="file_share", text="", files=[drive]),
            "forwarded": self._said(text="", attachments=[{"text": "what they said"}]),
            "nothing": self._said(text=""),
            "10k text": self._said(text="word " * 2_000),
            "null fields": self._said(
                text="hi", files=None, blocks=None, attachments=None, user_profile=None
            ),
            "mention only": self._said(text=f"<@{BOT}>"),
            "channel, not for us": self._said(text="lunch?", channel="CELSEWHERE"),
            "tokens revoked": self._event(type="tokens_revoked", tokens={"bot": [BOT]}),
            "removed": self._event(type="channel_left", channel="C1"),
            "left": self._event(type="member_left_channel", user="UC1", channel=CUSTOMERS),
            "other button": {"type": "block_actions", "actions": [{"action_id": "desk.take"}]},
            "shortcut": {"type": "message_action", "callback_id": "x"},
        }

    def poison(self) -> dict[str, Any]:
        """Return an event that cannot be read."""
        return {"type": "event_callback", "event": {"type": "message", "channel": 5, "ts": "x"}}

    def signed(self, *raws: Mapping[str, Any], at: datetime | None = None) -> WebhookRequest:
        """Return the request of one event or press of a button, as Slack signs it."""
        (raw,) = raws
        if raw.get("type") == "block_actions":
            return self.request(interaction_body(raw), at=at, content_type=FORM)
        return self.request(event_body(raw), at=at)

    def request(
        self,
        body: bytes,
        *,
        at: datetime | None = None,
        content_type: str = "application/json",
        secret: str = SIGNING_SECRET,
    ) -> WebhookRequest:
        """Return a signed request with any body."""
        seconds = (at or self._clock()).timestamp()
        signing = Signing(secret, self._clock)
        headers = signing.headers(body, content_type=content_type, seconds=seconds)
        return WebhookRequest(method="POST", headers=headers, query={}, body=body)

    def forged(self, raw: Mapping[str, Any]) -> dict[str, WebhookRequest]:
        """Return requests that must be refused."""
        body = event_body(raw)
        good = self.request(body).headers
        old, early = (self._clock() + timedelta(seconds=s) for s in (-301, 301))

        def with_headers(**changed: str | None) -> WebhookRequest:
            given = {f"X-Slack-{name.replace('_', '-')}": v for name, v in changed.items()}
            headers = {k: v for k, v in {**good, **given}.items() if v is not None}
            return WebhookRequest(method="POST", headers=headers, query={}, body=body)

        signature = good["X-Slack-Signature"]
        moved = str(int(good["X-Slack-Request-Timestamp"]) + 1)
        another = self.request(b'{"type":"x"}').headers["X-Slack-Signature"]
        return {
            "no headers": WebhookRequest(method="POST", headers={}, query={}, body=body),
            "no signature": with_headers(Signature=None),
            "no timestamp": with_headers(Request_Timestamp=None),
            "empty signature": with_headers(Signature=""),
            "wrong signature": with_headers(Signature="v0=" + "0" * 64),
            "without version": with_headers(Signature=signature.removeprefix("v0=")),
            "half a signature": with_headers(Signature=signature[:20]),
            "beyond ASCII": with_headers(Signature="v0=é文"),
            "signature of another": with_headers(Signature=another),
            "moved timestamp": with_headers(Request_Timestamp=moved),
            "word as timestamp": with_headers(Request_Timestamp="now"),
            "huge timestamp": with_headers(Request_Timestamp="9" * 400),
            "too old": self.request(body, at=old),
            "too early": self.request(body, at=early),
            "another secret": self.request(body, secret="another-secret"),
            "altered body": self._altered(body + b" "),
            "body that is no text": self._altered(b"\xff\xfe"),
        }

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return what Slack accepted: thread, text as people see it, titles of buttons."""
        return [
            (f"{room.id}/{message.thread_ts or ''}", _seen(message.text), titles(message))
            for room, message in self.platform.posted()
        ]

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next send meet a fault."""
        self.platform.will(fault, retry_after=retry_after)

    @property
    def struck(self) -> Counter[str]:
        """How often each fault struck."""
        return self.platform.struck

    def _altered(self, body: bytes) -> WebhookRequest:
        headers = self.request(b'{"type":"event_callback"}').headers
        return WebhookRequest(method="POST", headers=headers, query={}, body=body)

    def _chat(self, chat: int) -> tuple[Person, Room]:
        world = self.platform.world
        name = f"c{chat}"
        if (user := world.users.get(f"UC{chat}")) is not None:
            return Person(self.platform, user), world.rooms[f"D{user.id}"]
        person = self.platform.person(name, team="T0CUSTOMER")
        return person, self.platform.direct(person)

    def _event(self, **event: Any) -> dict[str, Any]:
        _, room = self._chat(1)
        ts = self.platform.world.ts()
        given = {"channel": room.id, "user": "UC1", "ts": ts, "event_ts": ts, **event}
        return payloads.wrapped(self.platform.world, given)

    def _said(self, **event: Any) -> dict[str, Any]:
        return self._event(type="message", channel_type="im", **event)


class SlackSocketSubject(SlackSubject):
    """The adapter that connects to Slack."""

    kinds = frozenset({"listening"})

    @classmethod
    def build(cls, platform: SlackPlatform, clock: Clock) -> SlackSocket:
        """Return the adapter of this mode."""
        platform.over_socket()
        return socket_of(platform, clock)

    async def put(self, raw: Mapping[str, Any]) -> None:
        """Let Slack have an envelope for us."""
        assert self.platform.route is not None
        await self.platform.route.event(json.loads(json.dumps(raw)))


def _seen(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text
