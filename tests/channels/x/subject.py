"""X as the contract suite drives it: direct messages, once by webhook and once by polling."""

import html
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from channels.spec import Tools
from channels.x.adapter import X
from channels.x.settings import XSettings
from channels.x.spec import build
from desk.clock import Clock
from desk.message import WebhookRequest
from tests.platforms.x.activity import SIGNATURE, dm_event, envelope, post_event, signature
from tests.platforms.x.server import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    ACCOUNT,
    API_KEY,
    API_SECRET,
    BEARER,
    XServer,
)
from tests.platforms.x.world import Dm, Post, snowflake

TIMEOUT = 0.4
TOOLS_SECRET = "a-secret-for-tests-only-0123456789abcdef"
PHOTO = "https://ton.twitter.com/1.1/ton/data/dm/1/2/photo.jpg"


def settings(url: str, **more: Any) -> XSettings:
    """Return settings that point at the stand-in."""
    keys = {
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "access_token": ACCESS_TOKEN,
        "access_secret": ACCESS_SECRET,
        "bearer_token": BEARER,
    }
    return XSettings.model_validate({**keys, "api_url": url, **more})


def adapter(server: XServer, clock: Clock, **more: Any) -> X:
    """Return the real adapter, which calls the stand-in."""
    tools = Tools(clock=clock, secret=TOOLS_SECRET, public_url="https://desk.example.com")
    return build(settings(server.url, **more), tools, timeout=TIMEOUT)


class XSubject:
    """The adapter in webhook mode and the stand-in."""

    name = "x"
    kinds = frozenset({"webhook"})
    mode = "webhook"

    def __init__(self, channel: Any, platform: XServer, clock: Clock) -> None:
        self.channel = channel
        self.platform = platform
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Run both."""
        async with XServer.open(clock) as server:
            for chat in range(1, 100):
                server.world.person(_user(chat))
            channel = adapter(server, clock, mode=cls.mode)
            try:
                yield cls(channel, server, clock)
            finally:
                await channel.close()

    @property
    def struck(self) -> Counter[str]:
        """How often each fault happened."""
        return self.platform.struck

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return a customer's direct message."""
        person = self.platform.world.person(_user(chat))
        return dm_event(Dm(self._id(n), person.id, ACCOUNT, words), person)

    def thread_of(self, chat: int) -> str:
        """Return the thread of a chat."""
        return f"dm:{_user(chat)}"

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return updates other than a plain direct message."""
        person = self.platform.world.person(_user(1))
        photo = {"id_str": "5", "type": "photo", "media_url_https": PHOTO}
        film = {
            "id_str": "6",
            "type": "video",
            "video_info": {"variants": [{"content_type": "video/mp4", "url": f"{PHOTO}.mp4"}]},
        }

        def dm(n: int, **data: Any) -> dict[str, Any]:
            raw = self.text(n=n, chat=1, words=data.pop("words", "hi"))
            raw["direct_message_events"][0]["message_create"]["message_data"].update(data)
            return raw

        def post(n: int, text: str, **more: Any) -> Post:
            return Post(self._id(n), person.id, text, **{"mentions": (ACCOUNT,), **more})

        bare = dm(904)
        del bare["users"]
        del bare["direct_message_events"][0]["message_create"]["message_data"]["entities"]
        us = {"for_user_id": ACCOUNT}
        first = self._id(920)
        edited = post(921, "@frontdesk hello again", versions=(first, self._id(921)))
        return {
            "unknown": {**us, "follow_events": [{"type": "follow", "source": person.v1()}]},
            "unknown event": envelope("profile.update.bio", {"before": "a", "after": "b"}),
            "encrypted chat": envelope("chat.received", {"id": "1", "sender_id": person.id}),
            "typing": {**us, "direct_message_indicate_typing_events": [{"sender_id": person.id}]},
            "photo": dm(901, attachment={"type": "media", "media": photo}),
            "film": dm(902, attachment={"type": "media", "media": film}),
            "voice": dm(903, attachment={"type": "media", "media": {"type": "audio"}}),
            "location": dm(905, text="", attachment={"type": "location", "location": {}}),
            "bare": bare,
            "null": dm(906, entities=None, attachment=None, text=None),
            "long": dm(907, words="long text " * 1000),
            "own message": dm_event(Dm(self._id(908), ACCOUNT, person.id, "we said this")),
            "read": {
                **us,
                "direct_message_mark_read_events": [
                    {
                        "created_timestamp": "1518452444662",
                        "sender_id": person.id,
                        "target": {"recipient_id": ACCOUNT},
                        "last_read_event_id": self._id(1),
                    }
                ],
            },
            "mention": post_event(post(910, "@frontdesk hello"), person),
            "repost": {
                **us,
                "tweet_create_events": [
                    {
                        **post_event(post(911, "RT"), person)["tweet_create_events"][0],
                        "retweeted_status": {"id_str": "1"},
                    }
                ],
            },
            "no mention": post_event(post(912, "about you", mentions=()), person),
            "mention event": envelope(
                "post.mention.create",
                post(913, "@frontdesk hello").v2(self.platform.world.people),
                users=[person.v2()],
            ),
            "edit": envelope("post.mention.create", edited.v2(self.platform.world.people)),
            "delete": {
                **us,
                "tweet_delete_events": [
                    {
                        "status": {"id": first, "user_id": person.id},
                        "timestamp_ms": "1432228155593",
                    }
                ],
            },
            "revoked": {"user_event": {"revoke": {"source": {"user_id": ACCOUNT}}}},
            "for another": {**self.text(n=914, chat=1, words="hi"), "for_user_id": "1"},
        }

    def poison(self) -> dict[str, Any]:
        """Return an update that cannot be read."""
        event = {"type": "message_create", "id": self._id(990), "message_create": {}}
        return {"for_user_id": ACCOUNT, "direct_message_events": [event]}

    def signed(self, *raws: Mapping[str, Any], at: datetime | None = None) -> WebhookRequest:
        """Return the request that brings updates; X's signature does not depend on the time."""
        merged: dict[str, Any] = {}
        for raw in raws:
            for key, value in raw.items():
                merged[key] = _merged(merged.get(key), value)
        return self.request(json.dumps(merged).encode())

    @staticmethod
    def request(body: bytes, **more: Any) -> WebhookRequest:
        """Return a request with any body, signed."""
        headers = {SIGNATURE: signature(body), "content-type": "application/json"}
        parts = {"method": "POST", "headers": headers, "query": {}, "body": body, **more}
        return WebhookRequest(**parts)

    def forged(self, raw: Mapping[str, Any]) -> dict[str, WebhookRequest]:
        """Return requests that must be refused."""
        body = json.dumps(raw).encode()
        good = signature(body)
        other = signature(body, "another secret")
        challenge = WebhookRequest(
            method="GET", headers={}, query={"crc_token": body.decode()}, body=b""
        )
        named = {
            "missing": {},
            "empty": {SIGNATURE: ""},
            "wrong": {SIGNATURE: other},
            "not ascii": {SIGNATURE: "sha256=é"},
            "without its scheme": {SIGNATURE: good.removeprefix("sha256=")},
            "of another request": {SIGNATURE: signature(b'{"other": 1}')},
            "under another name": {"x-hub-signature-256": good},
        }
        token = b"abc123"
        return {
            **{name: self.request(body, headers=headers) for name, headers in named.items()},
            "altered body": self.request(body + b" ", headers={SIGNATURE: good}),
            # What our own answer to a challenge signs must never pass for an event.
            "a signed token": self.request(token, headers={SIGNATURE: signature(token)}),
            "an event as a challenge": challenge,
            "a challenge without a token": WebhookRequest(
                method="GET", headers={}, query={}, body=b""
            ),
            "another method": self.request(body, method="PUT"),
        }

    async def put(self, raw: Mapping[str, Any]) -> None:
        """Let it have happened at X, where polling finds it."""
        for event in raw.get("direct_message_events", ()):
            self._put_dm(event)

    def _put_dm(self, event: Mapping[str, Any]) -> None:
        made = event["message_create"]
        data = made.get("message_data") or {}
        file = (data.get("attachment") or {}).get("media")
        sender = made.get("sender_id", _user(1))
        if file:
            key, address = f"3_{event['id']}", file.get("media_url_https")
            file = {"media_key": key, "type": file["type"], "url": address}
        self.platform.world.dms[event["id"]] = Dm(
            event["id"],
            sender,
            (made.get("target") or {}).get("recipient_id", ACCOUNT),
            html.unescape(data.get("text") or ""),
            media=(file,) if file else (),
            broken="sender_id" not in made,
        )

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return what the stand-in accepted."""
        return self.platform.accepted

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next send meet a fault."""
        self.platform.will(fault, retry_after=retry_after)

    def _id(self, n: int) -> str:
        return snowflake(self._clock() + timedelta(milliseconds=n), n % 4096)


class XPollingSubject(XSubject):
    """The adapter in polling mode."""

    name = "x-polling"
    kinds = frozenset({"polling"})
    mode = "polling"

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return what polling can bring; X allows 15 such calls in 15 minutes."""
        found = super().oddities()
        return {name: raw for name, raw in found.items() if "direct_message_events" in raw}


def _user(chat: int) -> str:
    return str(7_000_000_000 + chat)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **new}
    return new
