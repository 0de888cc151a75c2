"""Mails of customers, as bytes and as raw updates."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from channels.mail.letter import Letter

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def source(
    body: str | bytes = "Where is my order?", head: Mapping[str, str | None] | None = None
) -> bytes:
    """Return a mail; ``head`` adds headers, changes them, and takes away those that are None."""
    fields: dict[str, str | None] = {
        "From": "Anna <anna@example.org>",
        "To": "support@example.com",
        "Subject": "My order",
        "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
        "Message-ID": "<one@example.org>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        **(head or {}),
    }
    lines = [f"{name}: {value}\n" for name, value in fields.items() if value is not None]
    data = body.encode() if isinstance(body, str) else body
    return b"\r\n".join("".join(lines).encode().split(b"\n")) + b"\r\n" + data


def parts(kind: str, *children: tuple[str, str | bytes], boundary: str = "b") -> tuple[str, bytes]:
    """Return a multipart and its content type, from content types and bodies; nests."""
    found = b""
    for head, body in children:
        data = body.encode() if isinstance(body, str) else body
        found += f"--{boundary}\r\nContent-Type: {head}\r\n\r\n".encode() + data + b"\r\n"
    return f'multipart/{kind}; boundary="{boundary}"', found + f"--{boundary}--\r\n".encode()


def raw(
    mail: bytes, *, uid: int = 1, size: int | None = None, at: datetime = RECEIVED
) -> dict[str, Any]:
    """Return a mail as the raw update that the adapter makes of it."""
    letter = Letter(uidvalidity=7, uid=uid, received_at=at, size=size or len(mail), source=mail)
    return letter.to_raw()


def nested(depth: int) -> bytes:
    """Return a mail with parts within parts within parts."""
    body = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1)
        for level in range(depth)
    )
    return source(body, {"Content-Type": "multipart/mixed; boundary=b0"})
