"""What we say, as the content of events. Text goes out as plain ``body``: there is no markup to escape."""

import json
from typing import Any

from desk.message import Attachment, OutboundMessage

#: Of the 65,536 bytes of an event; the rest is for what the homeserver adds.
LONGEST = 50_000
_TYPES = {"image": "m.image", "audio": "m.audio", "video": "m.video"}


def length(text: str) -> int:
    """Return how many bytes a text takes in an event."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="replace")) - 2


def text(message: OutboundMessage) -> dict[str, Any]:
    """Return the content of a text."""
    return {"msgtype": "m.text", "body": message.text} | _about(message)


def file(message: OutboundMessage, file: Attachment, address: str) -> dict[str, Any]:
    """Return the content of a file that was uploaded."""
    return {
        "msgtype": _TYPES.get(file.content_type.partition("/")[0], "m.file"),
        "body": file.name,
        "filename": file.name,
        "url": address,
        "info": {"mimetype": file.content_type, "size": len(file.content or b"")},
    } | _about(message)


def _about(message: OutboundMessage) -> dict[str, Any]:
    """Return whom it is for: in a group who asked; said outright, so that no word of the text alerts others."""
    reply_to, thread = message.context.get("reply_to"), message.context.get("thread")
    if not reply_to:
        return {"m.mentions": {}}
    relation: dict[str, Any] = {"m.in_reply_to": {"event_id": reply_to}}
    if thread:
        relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": True}
    return {"m.mentions": {"user_ids": [message.recipient]}, "m.relates_to": relation}
