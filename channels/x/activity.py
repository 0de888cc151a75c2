"""Updates as they are kept: what a poll or a webhook brought, one by one, and how each is read.

Webhooks have two forms: the X Activity API (one event in ``data``) and the older Account Activity API (lists of
events side by side); direct messages look the same in both. An update is kept so that it can be read on its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from channels.x.ids import time_of
from channels.x.reading import NAME, Reader
from channels.x.written import dm_v1, dm_v2, of_milliseconds, post_v1, post_v2
from desk.clock import Clock
from desk.message import Ignored, Update

log = structlog.get_logger()

type Raw = Mapping[str, Any]
type _Read = Callable[[Raw, Raw], Sequence[Update]]

_BESIDE = frozenset(
    {"for_user_id", "users", "apps", "user_has_blocked", "is_blocked_by", "includes"}
)


def raws(body: bytes) -> Iterator[dict[str, Any]]:
    """Return the updates of a webhook request, one by one; it raises ValueError when there can be none."""
    whole = json.loads(body)
    if not isinstance(whole, dict):
        raise ValueError("events of X are objects")
    if "data" in whole:
        yield whole
        return
    beside = {name: value for name, value in whole.items() if name in _BESIDE}
    for name, value in whole.items():
        if name in _BESIDE:
            continue
        for one in value if isinstance(value, list) else [value]:
            yield {**beside, name: [one] if isinstance(value, list) else one}


class Activity:
    """Reads updates that concern one account."""

    def __init__(self, account: str, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._reader = Reader(account)
        self._kinds: Mapping[str, _Read] = {
            "post": lambda one, raw: self._reader.post(
                post_v2(one, raw.get("includes") or {}), raw
            ),
            "dm": self._dm_v2,
            "data": self._event,
            "tweet_create_events": lambda one, raw: self._reader.post(post_v1(one), raw),
            "tweet_delete_events": self._deleted,
            "direct_message_events": self._dm_v1,
            "direct_message_mark_read_events": lambda one, raw: self._reader.seen(one),
            "user_event": lambda one, raw: self._revoked("user_event"),
        }
        self._events: Mapping[str, _Read] = {
            "post.mention.create": self._mention,
            "post.create": self._mention,
            "post.delete": self._post_deleted,
            "dm.received": self._nested,
            "dm.sent": self._nested,
            "dm.read": self._nested,
            "oauth.revoke": lambda one, raw: self._revoked("oauth.revoke"),
        }

    def read(self, raw: Raw) -> list[Update]:
        """Return what an update says; it raises whatever when it cannot be read."""
        if str(raw.get("for_user_id") or self._account) != self._account:
            return [_ignored("another_account")]
        found: list[Update] = []
        for name, value in raw.items():
            if name in _BESIDE:
                continue
            read = self._kinds.get(name)
            if read is None:
                found.append(_ignored(name))
                continue
            for one in value if isinstance(value, list) else [value]:
                found += read(one, raw)
        return found

    def _dm_v2(self, event: Raw, raw: Raw) -> Sequence[Update]:
        if event["event_type"] != "MessageCreate":
            return [_ignored(event["event_type"])]
        pair = str(event.get("dm_conversation_id") or self._account).split("-")
        if self._account not in pair:
            return [_ignored("group_message")]
        return self._reader.dm(dm_v2(event, raw.get("includes") or {}), raw)

    def _dm_v1(self, event: Raw, raw: Raw) -> Sequence[Update]:
        if event["type"] != "message_create":
            return [_ignored(event["type"])]
        return self._reader.dm(dm_v1(event, raw.get("users") or {}), raw)

    def _deleted(self, event: Raw, raw: Raw) -> Sequence[Update]:
        post = event["status"]
        at = of_milliseconds(event["timestamp_ms"])
        return self._reader.deleted(str(post["id"]), str(post["user_id"]), at, raw)

    def _event(self, data: Raw, raw: Raw) -> Sequence[Update]:
        owner = (data.get("filter") or {}).get("user_id") or self._account
        read = self._events.get(data["event_type"])
        if read is None or owner != self._account:
            return [_ignored(data["event_type"] if read is None else "another_account")]
        return read(data, raw)

    def _mention(self, data: Raw, raw: Raw) -> Sequence[Update]:
        return self._reader.post(post_v2(data["payload"], data.get("includes") or {}), raw)

    def _post_deleted(self, data: Raw, raw: Raw) -> Sequence[Update]:
        post = data["payload"]
        return self._reader.deleted(post["id"], post["author_id"], self._now_or(post["id"]), raw)

    def _nested(self, data: Raw, raw: Raw) -> Sequence[Update]:
        # The update is kept as it came, in its envelope.
        return [
            update
            for name, value in data["payload"].items()
            if name in self._kinds and name != "data"
            for one in value
            for update in self._kinds[name](one, {**raw, "users": data["payload"].get("users")})
        ] or [_ignored(data["event_type"])]

    def _now_or(self, external_id: str) -> datetime:
        return max(self._clock(), time_of(external_id))

    @staticmethod
    def _revoked(kind: str) -> Sequence[Update]:
        # The next call is refused with 401 and marks the channel down; this only says it earlier.
        log.warning("x_access_revoked", kind=kind)
        return [_ignored(kind)]


def _ignored(kind: object) -> Ignored:
    return Ignored(channel=NAME, kind=str(kind)[:64])
