"""Inbound messages as rows of the inbox and back."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from desk.channel import Attachment, InboundMessage
from desk.dialogue.language import LANGUAGES
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


def to_row(message: InboundMessage, now: datetime) -> dict[str, Any]:
    """Return the column values of a received message."""
    return {
        "channel": message.channel,
        "account": storable(message.account, 128),
        "external_id": storable(message.external_id, 256),
        "thread": storable(message.thread, 256),
        "payload": {
            "sender": storable(message.sender, 256),
            "sender_name": message.sender_name and storable(message.sender_name, 200),
            "sent_at": message.sent_at.isoformat(),
            "text": storable(message.text),
            "choice": message.choice and storable(message.choice, 256),
            "language": message.language if message.language in LANGUAGES else None,
            "attachments": [
                {
                    "name": storable(file.name),
                    "content_type": storable(file.content_type),
                    "content": base64.b64encode(file.content).decode(),
                }
                for file in message.attachments
            ],
        },
        "raw": _raw(message.raw),
        "received_at": now,
    }


def _raw(raw: Mapping[str, Any]) -> str:
    try:
        text = msgspec.json.encode(raw).decode()
    except UnicodeEncodeError:
        text = json.dumps(raw, default=str)
    return text.replace("\\u0000", "")


def from_row(row: Claimed) -> InboundMessage:
    """Return the message of a row."""
    payload = row.payload
    return InboundMessage(
        channel=row.channel,
        account=row.account,
        external_id=row.external_id,
        thread=row.thread,
        sender=payload["sender"],
        sender_name=payload["sender_name"],
        sent_at=datetime.fromisoformat(payload["sent_at"]),
        text=payload["text"],
        choice=payload["choice"],
        language=payload["language"],
        attachments=tuple(
            Attachment(
                name=file["name"],
                content_type=file["content_type"],
                content=base64.b64decode(file["content"]),
            )
            for file in payload["attachments"]
        ),
    )
