"""X's rules as its documentation has them (docs.x.com: rate limits, endpoints and errors, read in November 2026).

Cut to the calls that this product makes; windows are per user and 15 minutes, a second limit is for 24 hours.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

QUARTER = timedelta(minutes=15)
DAY = timedelta(hours=24)
LONGEST_DM = 10_000
LONGEST_POST = 280
DEADLINE = timedelta(seconds=10)
LARGEST_IMAGE = 5 * 10**6
IMAGES = {"image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/pjpeg"}
MOST_LOOKED_UP = 100
PRIVATE_FOR = timedelta(days=30)
"""For so long X tells the author what is not public about a post."""

_TWEET_FIELDS = {
    "attachments", "author_id", "context_annotations", "conversation_id", "created_at", "edit_controls",
    "edit_history_tweet_ids", "entities", "geo", "id", "in_reply_to_user_id", "lang", "non_public_metrics",
    "note_tweet", "public_metrics", "referenced_tweets", "reply_settings", "text",
}  # fmt: skip
_USER_FIELDS = {"created_at", "description", "id", "name", "username", "verified", "protected"}
_MEDIA_FIELDS = {
    "media_key",
    "type",
    "url",
    "preview_image_url",
    "variants",
    "alt_text",
    "width",
    "height",
}
_DM_FIELDS = {
    "attachments", "created_at", "dm_conversation_id", "event_type", "id", "participant_ids", "referenced_tweets",
    "sender_id", "text",
}  # fmt: skip
FIELDS: Mapping[str, set[str]] = {
    "tweet.fields": _TWEET_FIELDS,
    "user.fields": _USER_FIELDS,
    "media.fields": _MEDIA_FIELDS,
    "dm_event.fields": _DM_FIELDS,
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One endpoint: its limits, the query parameters and body fields that it knows, and the page sizes it allows."""

    name: str
    method: str
    path: re.Pattern[str]
    limit: int
    day_limit: int | None = None
    params: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()
    page: tuple[int, int] | None = None
    body: frozenset[str] = frozenset()
    app_only: bool = field(default=False)


def _call(name: str, method: str, path: str, limit: int, **more: object) -> Call:
    return Call(name=name, method=method, path=re.compile(path), limit=limit, **more)  # type: ignore[arg-type]


_POSTS = frozenset(
    {
        "end_time", "expansions", "max_results", "media.fields", "pagination_token", "place.fields", "poll.fields",
        "since_id", "start_time", "tweet.fields", "until_id", "user.fields",
    }
)  # fmt: skip
_DMS = frozenset(
    {
        "dm_event.fields", "event_types", "expansions", "max_results", "media.fields", "pagination_token",
        "tweet.fields", "user.fields",
    }
)  # fmt: skip
_DM_EXPANSIONS = frozenset(
    {"attachments.media_keys", "participant_ids", "referenced_tweets.id", "sender_id"}
)
CALLS = (
    _call("me", "GET", r"/2/users/me", 75, params=frozenset({"expansions", "tweet.fields", "user.fields"})),
    _call(
        "mentions", "GET", r"/2/users/(?P<id>\d+)/mentions", 300, params=_POSTS, page=(5, 100),
        expansions=frozenset({"author_id", "attachments.media_keys", "referenced_tweets.id"}),
    ),
    _call("timeline", "GET", r"/2/users/(?P<id>\d+)/tweets", 900, params=_POSTS | {"exclude"}, page=(5, 100)),
    _call("dms", "GET", r"/2/dm_events", 15, params=_DMS, page=(1, 100), expansions=_DM_EXPANSIONS),
    _call(
        "dms_with", "GET", r"/2/dm_conversations/with/(?P<id>\d+)/dm_events", 15, params=_DMS, page=(1, 100),
        expansions=_DM_EXPANSIONS,
    ),
    _call(
        "lookup", "GET", r"/2/tweets", 900,
        params=frozenset({"ids", "expansions", "media.fields", "tweet.fields", "user.fields"}),
    ),
    _call("post", "POST", r"/2/tweets", 100, body=frozenset({"text", "reply", "media"})),
    _call(
        "upload", "POST", r"/2/media/upload", 500,
        body=frozenset({"media", "media_category", "media_type", "additional_owners", "shared"}),
    ),
    _call(
        "dm", "POST", r"/2/dm_conversations/with/(?P<id>\d+)/messages", 15, day_limit=1440,
        body=frozenset({"text", "attachments"}),
    ),
    _call("webhooks", "GET", r"/2/webhooks", 450, app_only=True),
)  # fmt: skip

_LINK = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)+(?:com|org|net|cn|de|io)\b(?:/[\w./?=&%#~-]*[\w/=#])?", re.ASCII
)


def shortened(text: str) -> str:
    """Return the text as X shows it: links become ``t.co`` links, and ``& < >`` are escaped."""
    short = _LINK.sub("https://t.co/0123456789", text)
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def weight(text: str) -> int:
    """Return the weighted length, counted another way than the product does: character by character."""
    text = unicodedata.normalize("NFC", text)
    total = 23 * len(_LINK.findall(text))
    joined = False
    for char in _LINK.sub("", text):
        code = ord(char)
        if char == "\u200d":
            joined = True
        elif char == "\ufe0f" or 0x1F3FB <= code <= 0x1F3FF:
            continue
        elif joined:
            joined = False
        else:
            light = (
                code <= 4351
                or 8192 <= code <= 8205
                or 8208 <= code <= 8223
                or 8242 <= code <= 8247
            )
            total += 1 if light else 2
    return total
