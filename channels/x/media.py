"""Files in posts and direct messages: what they are called, and where they may be fetched from."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from desk.errors import RejectedError
from desk.message import Attachment

_TYPES = {
    "photo": ("image/jpeg", "jpg"),
    "video": ("video/mp4", "mp4"),
    "animated_gif": ("video/mp4", "mp4"),
}
#: Hosts of X's files, and whether they ask who we are: those in direct messages are for the two of us only.
_HOSTS = {
    "pbs.twimg.com": False,
    "video.twimg.com": False,
    "ton.twitter.com": True,
    "ton.x.com": True,
}


def attachments(media: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    """Return the files of a post or message; of a film the smallest version."""
    return tuple(file for one in media if (file := _attachment(one)) is not None)


def unknown(media: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the kind of a piece of media that we cannot fetch."""
    return next((str(one.get("type")) for one in media if _attachment(one) is None), None)


def needs_signature(reference: str) -> bool:
    """Return whether X wants to know who fetches this; RejectedError when it is not a file of X's."""
    parts = urlsplit(reference)
    if parts.scheme != "https" or parts.netloc not in _HOSTS:
        raise RejectedError("this is not a file of X's")
    return _HOSTS[parts.netloc]


def _attachment(media: Mapping[str, Any]) -> Attachment | None:
    kind = media.get("type")
    address = _film(media) or media.get("url") or media.get("media_url_https")
    if kind not in _TYPES or not address:
        return None
    content_type, ending = _TYPES[kind]
    number = media.get("media_key") or media.get("id_str") or media.get("id") or "1"
    return Attachment(
        name=f"{kind}-{number}.{ending}", content_type=content_type, reference=str(address)
    )


def _film(media: Mapping[str, Any]) -> str | None:
    variants = media.get("variants") or (media.get("video_info") or {}).get("variants") or []
    films = [one for one in variants if one.get("content_type") == "video/mp4" and one.get("url")]
    smallest: Mapping[str, Any] = min(
        films, key=lambda one: one.get("bit_rate") or one.get("bitrate") or 0, default={}
    )
    return smallest.get("url")
