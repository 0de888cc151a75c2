"""The lists of X's that are asked for news: what is asked, and what is kept of an item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import tweepy  # type: ignore[import-untyped]

from channels.x.client import Answer
from channels.x.prices import Price

_NEARLY = timedelta(seconds=5)

type Raw = dict[str, Any]


class Page(Protocol):
    """Asks for a page of at most ``size`` items after an id; ``token`` is that of a further page."""

    def __call__(
        self, client: tweepy.Client, *, mark: int, size: int, token: str | None
    ) -> Any: ...


@dataclass
class Source:
    """One list of X's, newest first; ``raw`` is what is kept of an item and the page's expanded objects."""

    name: str
    price: Price
    page: Page
    raw: Callable[[Raw, Raw], Raw]
    due_at: datetime | None = None
    closed_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Return whether X lets us ask."""
        return self.closed_until is None or self.closed_until <= now

    def is_due(self, now: datetime) -> bool:
        """Return whether it is time to ask, or almost: then it is asked along with another."""
        return self.due_at is None or self.due_at - _NEARLY <= now

    def next_at(self, now: datetime) -> datetime:
        """Return when to ask next."""
        return max(self.due_at or now, self.closed_until or now)

    def asked(self, answer: Answer, now: datetime, soonest: timedelta) -> None:
        """Take the pace from the window that X has just announced."""
        window = answer.window
        self.due_at = now + (max(soonest, window.spread(now)) if window else soonest)
        closed = window.closed_for(now) if window else None
        self.closed_until = now + closed if closed else None


def sources(account: str, *, mentions: bool, dms: bool) -> list[Source]:
    """Return the sources that are switched on."""
    both = (
        (mentions, Source("mentions", Price.POST_READ, _mentions_of(account), _raw_post)),
        (dms, Source("dms", Price.DM_READ, _dms, _raw_dm)),
    )
    return [source for is_on, source in both if is_on]


def _mentions_of(account: str) -> Page:
    def page(client: tweepy.Client, *, mark: int, size: int, token: str | None) -> Any:
        return client.get_users_mentions(
            account,
            since_id=str(mark),
            max_results=size,
            pagination_token=token,
            expansions=["author_id", "attachments.media_keys"],
            tweet_fields=[
                "attachments", "author_id", "conversation_id", "created_at", "edit_history_tweet_ids",
                "entities", "lang", "note_tweet", "referenced_tweets",
            ],
            media_fields=["type", "url", "variants"],
            user_fields=["name", "username"],
            user_auth=True,
        )  # fmt: skip

    return page


def _dms(client: tweepy.Client, *, mark: int, size: int, token: str | None) -> Any:
    return client.get_direct_message_events(
        event_types="MessageCreate",
        max_results=size,
        pagination_token=token,
        expansions=["sender_id", "attachments.media_keys"],
        dm_event_fields=[
            "attachments", "created_at", "dm_conversation_id", "event_type", "sender_id", "text",
        ],
        media_fields=["type", "url", "variants"],
        user_fields=["name", "username"],
        user_auth=True,
    )  # fmt: skip


def _raw_post(post: Raw, includes: Raw) -> Raw:
    return {"post": post, "includes": _own(includes, post, "author_id")}


def _raw_dm(event: Raw, includes: Raw) -> Raw:
    return {"dm": event, "includes": _own(includes, event, "sender_id")}


def _own(includes: Mapping[str, Any], one: Raw, author: str) -> Raw:
    keys = (one.get("attachments") or {}).get("media_keys") or []
    users = [user for user in includes.get("users") or [] if user.get("id") == one.get(author)]
    media = [file for file in includes.get("media") or [] if file.get("media_key") in keys]
    return {"users": users, "media": media}
