"""Which conversation a mail belongs to, told by what we signed and without a database.

A thread is 80 bits of a hash over the first mail's Message-ID and its sender's address. Each mail of ours carries a
token, in its Reply-To and in its Message-ID: the thread, and 80 bits of a signature over the thread and the address
that we wrote to. So a token counts only in a mail from that very address: whoever else has it, by a forwarded mail or
by theft, gets a thread of their own.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

from desk.message import OutboundMessage

_THREAD = re.compile(r"[a-z2-7]{16}")
_LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_DIRECT = bytes(10)
"""The thread with somebody who never wrote: a campaign, a code. Its name is their address."""


class Threads:
    """Signs and reads the tokens of one address."""

    def __init__(self, address: str, secret: str) -> None:
        self._local, _, self._domain = address.rpartition("@")
        self._key = hashlib.sha256(b"email:" + secret.encode()).digest()
        self._token = re.compile(
            rf"(?:{re.escape(self._local)}\+|[0-9a-f]{{24}}\.)([a-z2-7]{{32}})@{re.escape(self._domain)}",
            re.IGNORECASE,
        )

    def find(self, places: Iterable[str], sender: str) -> str | None:
        """Return the thread of the first token in the places that we gave to this sender."""
        for place in places:
            for token in self._token.findall(place):
                data = base64.b32decode(token.upper())
                if hmac.compare_digest(data[10:], self._signature(data[:10], sender)):
                    return sender if data[:10] == _DIRECT else _text(data[:10])
        return None

    def begun(self, root: str, sender: str) -> str:
        """Return the thread that a sender began with a mail."""
        return _text(hashlib.sha256(f"{root}\n{sender.lower()}".encode()).digest()[:10])

    def reply_to(self, thread: str, recipient: str) -> str | None:
        """Return the plus-address for answers in a thread; None when the address is too long for one."""
        local = f"{self._local}+{self._sign(thread, recipient)}"
        return f"{local}@{self._domain}" if len(local) <= _LONGEST_LOCAL else None

    def message_id(self, message: OutboundMessage) -> str:
        """Return the Message-ID of a mail of ours: the same at each try, and nobody can guess it."""
        # The id alone would come again when somebody starts over with an empty database.
        named = f"{message.id}\n{message.conversation_id}\n{message.thread}".encode()
        own = hmac.new(self._key, named, hashlib.sha256).hexdigest()[:24]
        return f"<{own}.{self._sign(message.thread, message.recipient)}@{self._domain}>"

    def is_ours(self, message_id: str) -> bool:
        """Return whether a Message-ID has the form of ours."""
        return bool(self._token.fullmatch(message_id.strip("<>")))

    def _sign(self, thread: str, recipient: str) -> str:
        packed = base64.b32decode(thread.upper()) if _THREAD.fullmatch(thread) else _DIRECT
        return _text(packed + self._signature(packed, recipient))

    def _signature(self, packed: bytes, address: str) -> bytes:
        return hmac.new(self._key, packed + address.lower().encode(), hashlib.sha256).digest()[:10]


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()
