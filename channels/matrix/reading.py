"""Events of a room as updates."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import unquote

from desk.message import Attachment, Gone, Ignored, InboundEdit, InboundMessage, Update

NAME = "matrix"
_LONGEST_THREAD = 256
_ROOM = re.compile(r"![!-~]{1,254}")
"""A room's id: at most 255 bytes. Since room version 12 it need not name a server."""

type Event = Mapping[str, Any]

#: Message types whose ``body`` is what somebody wrote. A type that is unknown has one, too: the specification asks
#: for a body that says the same in words.
_FILES = {"m.image": "image", "m.file": "file", "m.audio": "audio", "m.video": "video"}
_SILENT = frozenset({"m.notice", "m.key.verification.request"})
_UNSUPPORTED = {"m.location": "location"}
_PILL = re.compile(r'<a href="https://matrix\.to/#/([^"?]+)[^"]*">([^<]*)</a>')


class Reader:
    """Reads events for the user ``user``; ``is_group`` tells whether a room is a group."""

    def __init__(self, user: str, is_group: Callable[[str], bool | None]) -> None:
        self._user = user
        self._is_group = is_group
        self._by_type: dict[str, Callable[[Event], Update]] = {
            "m.room.message": self._message,
            "m.sticker": self._sticker,
            "m.room.encrypted": self._encrypted,
            "m.room.redaction": self._redaction,
            "m.room.member": self._member,
        }

    def read(self, event: Event) -> Sequence[Update]:
        """Return what an event says; anything may be raised when it is not what the specification promises."""
        kind = event["type"]
        if event["sender"] == self._user:
            return [_ignored("our own")]
        read = self._by_type.get(kind)
        return [read(event) if read else _ignored(kind)]

    def _message(self, event: Event) -> Update:
        content = event["content"]
        if not content:
            return _ignored("redacted")  # taken back before it reached us
        kind = content["msgtype"]
        relation = content.get("m.relates_to") or {}
        if kind in _SILENT:
            return _ignored(kind)
        if relation.get("rel_type") == "m.replace":
            changed = content.get("m.new_content") or content
            return self._edit(event, relation["event_id"], self._text(event, changed))
        if self._is_group(event["room_id"]) and not self._mentions_us(content):
            return _ignored("not for us")
        if kind in _UNSUPPORTED:
            return self._inbound(event, unsupported=_UNSUPPORTED[kind])
        if kind in _FILES:
            return self._file(event, _FILES[kind])
        return self._inbound(event, text=self._text(event, content))

    def _file(self, event: Event, kind: str) -> InboundMessage:
        content = event["content"]
        if "url" not in content:
            return self._inbound(event, unsupported="encrypted")
        info = content.get("info") or {}
        name = content.get("filename") or content["body"]
        # Where both are there and differ, the body is what was written under the picture.
        text = self._text(event, content) if name != content["body"] else ""
        file = Attachment(
            name=str(name)[:255] or kind,
            content_type=str(info.get("mimetype") or "application/octet-stream"),
            reference=str(content["url"]),
            size=info.get("size") if isinstance(info.get("size"), int) else None,
        )
        return self._inbound(event, text=text, attachments=(file,))

    def _sticker(self, event: Event) -> Update:
        if self._is_group(event["room_id"]):
            return _ignored("not for us")
        body = str(event["content"].get("body") or "")
        return self._inbound(event, text=body, unsupported=None if body.strip() else "sticker")

    def _encrypted(self, event: Event) -> Update:
        if self._is_group(event["room_id"]):
            return _ignored("not for us")
        return self._inbound(event, unsupported="encrypted")

    def _redaction(self, event: Event) -> Update:
        return self._edit(event, event.get("redacts") or event["content"]["redacts"], None)

    def _member(self, event: Event) -> Update:
        membership, who = event["content"]["membership"], event["state_key"]
        gone = membership in ("leave", "ban") and who != self._user
        if not gone or self._is_group(event["room_id"]):
            return _ignored(f"m.room.member {membership}")
        return Gone(channel=NAME, account=self._user, sender=who, reason=membership, at=_at(event))

    def _inbound(self, event: Event, **more: Any) -> InboundMessage:
        return InboundMessage(
            **self._common(event), context=self._context(event), raw=dict(event), **more
        )

    def _edit(self, event: Event, edited: str, text: str | None) -> InboundEdit:
        return InboundEdit(**self._common(event), edited=edited, text=text, raw=dict(event))

    def _common(self, event: Event) -> dict[str, Any]:
        return {
            "channel": NAME,
            "account": self._user,
            "external_id": event["event_id"],
            "thread": thread_of(event["room_id"], event["sender"]),
            "sender": event["sender"],
            "sent_at": _at(event),
        }

    def _context(self, event: Event) -> dict[str, str]:
        relation = event["content"].get("m.relates_to") or {}
        context = {}
        if relation.get("rel_type") == "m.thread":
            context["thread"] = relation["event_id"]
        if context or self._is_group(event["room_id"]):
            context["reply_to"] = event["event_id"]
        return context

    def _text(self, event: Event, content: Event) -> str:
        body = content["body"]
        if "m.in_reply_to" in (event["content"].get("m.relates_to") or {}):
            body = _without_quote(body)
        if self._is_group(event["room_id"]):
            for name in (self._user, *_pills(content, self._user)):
                body = body.replace(name, "", 1)
            body = body.strip().removeprefix(":").removeprefix(",").lstrip()
        return str(body)

    def _mentions_us(self, content: Event) -> bool:
        mentions = content.get("m.mentions")
        if isinstance(mentions, dict):
            return self._user in (mentions.get("user_ids") or ())
        return self._user in content["body"] or any(_pills(content, self._user))


def thread_of(room: str, sender: str) -> str:
    """Return the thread of a customer in a room; two customers in one room have one each."""
    if not is_room(room):
        raise ValueError("not the id of a room")
    thread = f"{room}/{sender}"
    if len(thread) > _LONGEST_THREAD:
        raise ValueError("the ids of room and sender are too long together")
    return thread


def is_room(given: object) -> TypeGuard[str]:
    """Say whether this can be a room's id; there is no use in asking about any other."""
    return isinstance(given, str) and _ROOM.fullmatch(given) is not None


def room_of(thread: str) -> str:
    """Return the room of a thread."""
    return thread.partition("/@")[0]


def membership_of(event: Event, user: str) -> str | None:
    """Return what an event says about a user's membership; None when it says nothing about that."""
    if event.get("type") != "m.room.member" or event.get("state_key") != user:
        return None
    content = event.get("content")
    return str(content.get("membership")) if isinstance(content, dict) else None


def _ignored(kind: str) -> Ignored:
    return Ignored(channel=NAME, kind=kind[:64])


def _at(event: Event) -> datetime:
    return datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC)


def _without_quote(body: str) -> str:
    """Drop the quote that older clients put before a reply."""
    if not body.startswith("> "):
        return body
    lines = body.split("\n")
    while lines and lines[0].startswith(">"):
        lines.pop(0)
    return "\n".join(lines).strip() or body


def _pills(content: Event, user: str) -> list[str]:
    """Return the names under which a formatted message mentions a user."""
    found = _PILL.findall(str(content.get("formatted_body") or ""))
    return [html.unescape(name) for target, name in found if name and unquote(target) == user]
