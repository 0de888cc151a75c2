"""What the desk says, as the JSON that the other system receives."""

import base64
import json
from typing import Any

from desk.errors import RejectedError
from desk.message import Attachment, Choice, OutboundMessage
from desk.posting import Post

IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def event(kind: str, data: dict[str, Any]) -> bytes:
    """Return the body of an event."""
    return json.dumps({"type": kind, "data": data}, ensure_ascii=False).encode()


def message(message: OutboundMessage) -> bytes:
    """Return the body of ``message.sent``: the same for every attempt."""
    return event(
        "message.sent",
        {
            "id": message.id,
            "thread": message.thread,
            "recipient": message.recipient,
            "author": message.author,
            "author_name": message.author_name,
            "text": message.text,
            "language": message.language,
            "choices": [_choice(choice) for choice in message.choices],
            "attachments": [_file(file) for file in message.attachments],
            "context": dict(message.context),
        },
    )


def post(post: Post) -> bytes:
    """Return the body of ``post.sent``: the same for every attempt."""
    image = _file(post.image) if post.image else None
    return event("post.sent", {"id": post.id, "text": post.text, "image": image})


def _choice(choice: Choice) -> dict[str, str]:
    link = {"url": choice.url} if choice.url else {}
    return {"id": choice.id, "title": choice.title, **link}


def _file(file: Attachment) -> dict[str, str]:
    if file.content is None:
        raise RejectedError(f"the file {file.name} has no content")
    data = base64.b64encode(file.content).decode()
    return {"name": file.name, "content_type": file.content_type, "data": data}
