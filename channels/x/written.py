"""Posts and direct messages as API v2 and as the older webhooks write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.x.ids import time_of

type Raw = Mapping[str, Any]

_NO_LANGUAGE = frozenset({"und", "zxx", "art"})


@dataclass(frozen=True, kw_only=True)
class Written:
    """A post or a direct message, whichever way it came; ``versions`` are a post's ids before and after its edits."""

    id: str
    author: str
    text: str
    at: datetime
    media: Sequence[Raw] = ()
    author_name: str | None = None
    handle: str | None = None
    language: str | None = None
    other: str | None = None
    root: str = ""
    mentioned: frozenset[str] = frozenset()
    repost: bool = False
    versions: Sequence[str] = ()


def post_v2(post: Raw, includes: Raw) -> Written:
    """Return a post as API v2 and the X Activity API write it."""
    author = _one(includes.get("users"), "id", post["author_id"])
    added = post.get("attachments") or {}
    refers = {one["type"] for one in post.get("referenced_tweets") or []}
    mentions = (post.get("entities") or {}).get("mentions") or []
    return Written(
        id=_id(post["id"]),
        author=_id(post["author_id"]),
        author_name=author.get("name"),
        handle=author.get("username"),
        text=(post.get("note_tweet") or {}).get("text") or post.get("text") or "",
        at=_iso(post.get("created_at"), post["id"]),
        media=_all(includes.get("media"), "media_key", added.get("media_keys")),
        language=_language(post.get("lang")),
        other="poll" if added.get("poll_ids") else None,
        root=str(post.get("conversation_id") or ""),
        mentioned=frozenset(str(one["id"]) for one in mentions if one.get("id")),
        repost="retweeted" in refers,
        versions=post.get("edit_history_tweet_ids") or (),
    )


def post_v1(post: Raw) -> Written:
    """Return a post as Account Activity webhooks write it; they do not tell its conversation, only its parent."""
    user = post["user"]
    full = post.get("extended_tweet") or {}
    entities = full.get("entities") or post.get("entities") or {}
    mentioned = {str(one["id_str"]) for one in entities.get("user_mentions") or []}
    mentioned.add(str(post.get("in_reply_to_user_id_str") or ""))
    added = full.get("extended_entities") or post.get("extended_entities") or {}
    return Written(
        id=_id(post["id_str"]),
        author=_id(user["id_str"]),
        author_name=user.get("name"),
        handle=user.get("screen_name"),
        text=full.get("full_text") or post.get("full_text") or post.get("text") or "",
        at=_rfc(post.get("created_at"), post["id_str"]),
        media=added.get("media") or (),
        language=_language(post.get("lang")),
        root=str(post.get("conversation_id_str") or post.get("in_reply_to_status_id_str") or ""),
        mentioned=frozenset(mentioned),
        repost=bool(post.get("retweeted_status")),
        versions=(post.get("edit_history") or {}).get("edit_tweet_ids") or (),
    )


def dm_v2(event: Raw, includes: Raw) -> Written:
    """Return a direct message as API v2 writes it."""
    sender = _one(includes.get("users"), "id", event["sender_id"])
    keys = (event.get("attachments") or {}).get("media_keys")
    return Written(
        id=_id(event["id"]),
        author=_id(event["sender_id"]),
        author_name=sender.get("name"),
        text=event.get("text") or "",
        at=_iso(event.get("created_at"), event["id"]),
        media=_all(includes.get("media"), "media_key", keys),
    )


def dm_v1(event: Raw, users: Raw) -> Written:
    """Return a direct message as webhooks write it."""
    made = event["message_create"]
    data = made.get("message_data") or {}
    added = data.get("attachment") or {}
    user = users.get(made["sender_id"]) or {}
    kind = added.get("type")
    return Written(
        id=_id(event["id"]),
        author=_id(made["sender_id"]),
        author_name=(user.get("data") or user).get("name"),
        text=data.get("text") or "",
        at=of_milliseconds(event.get("created_timestamp"), event["id"]),
        media=[added["media"]] if kind == "media" else (),
        other=None if kind in (None, "media") else str(kind),
    )


def of_milliseconds(text: object, external_id: str | None = None) -> datetime:
    """Return a time that X writes in milliseconds; else that of the id."""
    if text is None and external_id is not None:
        return time_of(external_id)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(str(text)))


def _iso(text: str | None, external_id: str) -> datetime:
    return datetime.fromisoformat(text) if text else time_of(external_id)


def _rfc(text: str | None, external_id: str) -> datetime:
    return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y") if text else time_of(external_id)


def _language(code: str | None) -> str | None:
    return code if code and code not in _NO_LANGUAGE and not code.startswith("q") else None


def _one(found: Sequence[Raw] | None, key: str, value: str) -> Raw:
    return next((one for one in found or [] if one.get(key) == value), {})


def _all(found: Sequence[Raw] | None, key: str, values: Sequence[str] | None) -> list[Raw]:
    # A file that X mentions and does not show (a protected author's) is still told as one that we cannot read.
    return [_one(found, key, value) or {"type": "media"} for value in values or []]


def _id(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        raise ValueError("an id of X is a number written as text")
    return value
