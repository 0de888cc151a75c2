"""What X knows: people, posts and direct messages, and how each of X's interfaces writes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.platforms.x.rules import shortened

_EPOCH = 1_288_834_974_657


def snowflake(at: datetime, number: int = 0) -> str:
    """Return an id of a moment; ``number`` tells those of one millisecond apart."""
    return str(((int(at.timestamp() * 1000) - _EPOCH) << 22) + number)


def moment(external_id: str) -> datetime:
    """Return the moment of an id."""
    return datetime.fromtimestamp(((int(external_id) >> 22) + _EPOCH) / 1000, UTC)


@dataclass
class Person:
    """Somebody with an account."""

    id: str
    handle: str
    name: str

    def v2(self) -> dict[str, Any]:
        """Return them as API v2 writes users."""
        return {"id": self.id, "name": self.name, "username": self.handle}

    def v1(self) -> dict[str, Any]:
        """Return them as older webhooks write users."""
        return {"id_str": self.id, "id": self.id, "name": self.name, "screen_name": self.handle}


@dataclass
class Post:
    """A post; ``versions`` are its ids before and after edits, itself included."""

    id: str
    author: str
    text: str
    root: str = ""
    above: str | None = None
    mentions: tuple[str, ...] = ()
    media: tuple[Mapping[str, Any], ...] = ()
    versions: tuple[str, ...] = ()
    lang: str = "en"
    kind: str = "replied_to"
    deleted: bool = False
    visible: bool = True
    public: dict[str, int] = field(default_factory=dict)
    clicks: int = 0

    def v2(self, people: Mapping[str, Person]) -> dict[str, Any]:
        """Return all fields that API v2 has."""
        found: dict[str, Any] = {
            "id": self.id,
            "text": shortened(self.text),
            "author_id": self.author,
            "conversation_id": self.root or self.id,
            "created_at": moment(self.id)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "edit_history_tweet_ids": list(self.versions or (self.id,)),
            "lang": self.lang,
        }
        counted = ("retweet", "reply", "like", "quote", "bookmark", "impression")
        found["public_metrics"] = {f"{one}_count": self.public.get(one, 0) for one in counted}
        found["non_public_metrics"] = {
            "impression_count": self.public.get("impression", 0),
            "url_link_clicks": self.clicks,
            "user_profile_clicks": 0,
        }
        if self.mentions:
            found["entities"] = {
                "mentions": [
                    {"start": 0, "end": 1, "id": one, "username": people[one].handle}
                    for one in self.mentions
                ]
            }
        if self.above:
            found["referenced_tweets"] = [{"type": self.kind, "id": self.above}]
        if self.media:
            found["attachments"] = {"media_keys": [one["media_key"] for one in self.media]}
        return found


@dataclass
class Dm:
    """A direct message; ``attachment`` is as older webhooks write it."""

    id: str
    sender: str
    recipient: str
    text: str
    media: tuple[Mapping[str, Any], ...] = ()
    group: str | None = None
    broken: bool = False

    def v2(self) -> dict[str, Any]:
        """Return all fields that API v2 has."""
        pair = sorted((self.sender, self.recipient), key=int)
        found: dict[str, Any] = {
            "id": self.id,
            "event_type": "MessageCreate",
            "text": shortened(self.text),
            "sender_id": self.sender,
            "dm_conversation_id": self.group or "-".join(pair),
            "created_at": moment(self.id)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
        }
        if self.media:
            found["attachments"] = {"media_keys": [one["media_key"] for one in self.media]}
        if self.broken:
            del found["sender_id"]
        return found

    def v1(self) -> dict[str, Any]:
        """Return it as webhooks write it."""
        return {
            "type": "message_create",
            "id": self.id,
            "created_timestamp": str(int(moment(self.id).timestamp() * 1000)),
            "message_create": {
                "target": {"recipient_id": self.recipient},
                "sender_id": self.sender,
                "message_data": {
                    "text": shortened(self.text),
                    "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
                },
            },
        }


@dataclass
class World:
    """Everything, newest last."""

    account: str
    people: dict[str, Person] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    dms: dict[str, Dm] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    def person(self, user: str, handle: str | None = None, name: str | None = None) -> Person:
        """Return somebody, who signs up if they are not there."""
        made = Person(user, handle or f"user{user}", name or f"Customer {user}")
        return self.people.setdefault(user, made)

    def mentions(self) -> list[Post]:
        """Return what mentions our account, newest first."""
        found = [one for one in self.posts.values() if self.account in one.mentions]
        return _newest(one for one in found if not one.deleted and one.visible)

    def own_posts(self) -> list[Post]:
        """Return what our account posted, newest first."""
        return _newest(one for one in self.posts.values() if one.author == self.account)

    def dms_of(self, user: str | None) -> list[Dm]:
        """Return direct messages, those with one user or all, newest first."""
        found = self.dms.values()
        return _newest(one for one in found if user is None or user in (one.sender, one.recipient))


def _newest[T: (Post, Dm)](found: Iterable[T]) -> list[T]:
    return sorted(found, key=lambda one: int(one.id), reverse=True)
