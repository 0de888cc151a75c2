"""Inbound messages as rows of the inbox and back."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from desk.dialogue.language import LANGUAGES
from desk.message import Attachment, InboundEdit, InboundMessage
from desk.store.storable import storable


class Claimed(msgspec.Struct):
    """What a worker needs of a row that it has claimed."""

    id: int
    channel: str
    account: str
    external_id: str
    thread: str
    payload: dict[str, Any]
    attempts: int


def to_row(message: InboundMessage | InboundEdit, now: datetime) -> dict[str, Any]:
    """Return the column values of what was received."""
    return {
        "channel": message.channel,
        "account": storable(message.account, 128),
        "external_id": storable(message.external_id, 256),
        "thread": storable(message.thread, 256),
        "payload": {
            "sender": storable(message.sender, 256),
            "sent_at": message.sent_at.isoformat(),
            **(_edit(message) if isinstance(message, InboundEdit) else _message(message)),
        },
        "raw": _raw(message.raw),
        "received_at": now,
    }


def _edit(edit: InboundEdit) -> dict[str, Any]:
    text = None if edit.text is None else storable(edit.text)
    return {"edited": storable(edit.edited, 256), "text": text}


def _message(message: InboundMessage) -> dict[str, Any]:
    more = {
        "unsupported": message.unsupported and storable(message.unsupported, 64),
        "link": message.link and storable(message.link, 256),
        "context": msgspec.json.decode(_raw(message.context)),
    }
    return {
        "sender_name": message.sender_name and storable(message.sender_name, 200),
        "text": storable(message.text),
        "choice": message.choice and storable(message.choice, 256),
        "language": message.language if message.language in LANGUAGES else None,
        "attachments": [_attachment(file) for file in message.attachments],
        **{name: value for name, value in more.items() if value},
    }


def _attachment(file: Attachment) -> dict[str, Any]:
    # Without a media store in between (tests, tools) the content travels with the row.
    content = None if file.content is None else base64.b64encode(file.content).decode()
    more = {"content": content, "reference": file.reference, "key": file.key, "size": file.size}
    return {
        "name": storable(file.name),
        "content_type": storable(file.content_type),
        **{name: value for name, value in more.items() if value is not None},
    }


def _raw(raw: Mapping[str, Any]) -> str:
    try:
        text = msgspec.json.encode(raw).decode()
    except UnicodeEncodeError:
        text = json.dumps(raw, default=str)
    return text.replace("\\u0000", "")


def from_row(row: Claimed) -> InboundMessage | InboundEdit:
    """Return what a row was made from."""
    payload = row.payload
    place: dict[str, Any] = {
        "channel": row.channel,
        "account": row.account,
        "external_id": row.external_id,
        "thread": row.thread,
        "sender": payload["sender"],
        "sent_at": datetime.fromisoformat(payload["sent_at"]),
        "text": payload["text"],
    }
    if "edited" in payload:
        return InboundEdit(**place, edited=payload["edited"])
    return InboundMessage(
        **place,
        sender_name=payload["sender_name"],
        choice=payload["choice"],
        language=payload["language"],
        attachments=tuple(_file(file) for file in payload["attachments"]),
        unsupported=payload.get("unsupported"),
        link=payload.get("link"),
        context=payload.get("context", {}),
    )


def _file(file: dict[str, Any]) -> Attachment:
    content = file.get("content")
    return Attachment(
        name=file["name"],
        content_type=file["content_type"],
        content=None if content is None else base64.b64decode(content),
        reference=file.get("reference"),
        key=file.get("key"),
        size=file.get("size"),
    )
