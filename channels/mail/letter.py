"""A mail as it was fetched: what travels as the raw update."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from functools import cached_property
from typing import Any, Self

from channels.mail import headers

_LONGEST_HEADER = 16_000


class _Strangers(Compat32):
    """Reads bytes beyond ASCII in headers as text, file names among them.

    Cuts headers, too: reading their parameters takes time that grows with the square of their length.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return headers.decoded(str(value).encode("ascii", "surrogateescape"))


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The bytes of a mail and what the mail server says about it. ``size`` is larger when the end is missing."""

    uidvalidity: int
    uid: int
    received_at: datetime
    size: int
    source: bytes

    @classmethod
    def from_raw(cls, raw: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_raw` wrote."""
        return cls(
            uidvalidity=raw["uidvalidity"],
            uid=raw["uid"],
            received_at=datetime.fromisoformat(raw["received_at"]),
            size=raw["size"],
            source=base64.b64decode(raw["mail"]),
        )

    def to_raw(self) -> dict[str, Any]:
        """Return the letter as JSON can keep it."""
        return {
            "uidvalidity": self.uidvalidity,
            "uid": self.uid,
            "received_at": self.received_at.isoformat(),
            "size": self.size,
            "mail": base64.b64encode(self.source).decode(),
        }

    @cached_property
    def mail(self) -> Message:
        """The parsed mail."""
        return message_from_bytes(self.source, policy=_Strangers())

    @property
    def is_missing(self) -> bool:
        """Whether the mail server did not give the mail."""
        return not self.source and self.size > 0

    @property
    def is_cut(self) -> bool:
        """Whether the mail was too large to be fetched whole."""
        return len(self.source) < self.size

    @property
    def message_id(self) -> str | None:
        """The Message-ID, if there is a proper one."""
        return next(iter(headers.message_ids(self.mail, "Message-ID")), None)

    @cached_property
    def external_id(self) -> str:
        """The Message-ID and a digest of who wrote what and when.

        The same mail in two copies (to two of our addresses, after a move of the mailbox) is one; two mails that share
        a Message-ID (careless web forms do that) are two, for losing one would be worse than answering twice.
        """
        says = [headers.first(self.mail, name) for name in ("From", "Date", "Subject")]
        head, _, body = self.source.replace(b"\r\n", b"\n").partition(b"\n\n")
        digest = hashlib.sha256("\n".join(says).encode() + body.strip())
        if self.message_id is None:
            digest.update(head)
        return f"{self.message_id or ''}#{digest.hexdigest()[:24]}"
