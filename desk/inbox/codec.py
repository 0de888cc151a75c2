"""Inbound messages as rows of the inbox and back."""

import base64
from datetime import datetime
from typing import Any

import msgspec

from desk.channel import Attachment, InboundMessage
from desk.dialogue.language import LANGUAGES


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
        "account": message.account,
        "external_id": message.external_id[:256],
        "thread": message.thread[:256],
        "payload": {
            "sender": message.sender[:256],
            "sender_name": _short(message.sender_name, 200),
            "sent_at": message.sent_at.isoformat(),
            "text": message.text.replace("\x00", ""),
            "choice": _short(message.choice, 256),
            "language": message.language if message.language in LANGUAGES else None,
            "attachments": [
                {
                    "name": file.name.replace("\x00", ""),
                    "content_type": file.content_type.replace("\x00", ""),
                    "content": base64.b64encode(file.content).decode(),
                }
                for file in message.attachments
            ],
        },
        "raw": msgspec.json.encode(message.raw).decode().replace("\\u0000", ""),
        "not_before": now,
        "received_at": now,
    }


def _short(text: str | None, longest: int) -> str | None:
    """Return a text that every database can store: one that cannot be stored would hold up all that came with it."""
    return None if text is None else text.replace("\x00", "")[:longest]


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
