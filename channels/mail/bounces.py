"""What mail servers report about our mails: RFC 3464 as it is really written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from channels.mail import headers
from channels.mail.threads import Threads

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
#: The recipient's address is wrong or gone; 5.1.7 and 5.1.8 are about the sender's, which is ours.
_NOBODY_THERE = re.compile(r"5\.1\.(0|1|2|3|6|10)")


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """A mail of ours that did not arrive, by its Message-ID."""

    message_id: str
    reason: str
    unreachable: bool


def enhanced(text: str) -> str | None:
    """Return the enhanced status code (RFC 3463) in a server's words."""
    found = _ENHANCED.search(text)
    return found[1] if found else None


def is_gone(text: str) -> bool:
    """Return whether a server's words, with an enhanced code in them, say that there is no such mailbox."""
    return bool(_NOBODY_THERE.fullmatch(enhanced(text) or ""))


def read(mail: Message, threads: Threads) -> Bounce | None:
    """Return which mail of ours failed for good; None when this report does not say so."""
    if mail.get_content_type() != "multipart/report":
        return None
    failed = [block for block in _blocks(mail) if _says(block, "Action").lower() == "failed"]
    ours = next((i for i in returned_ids(mail) if threads.is_ours(i)), None)
    if not failed or ours is None:
        return None
    status, diagnostic = _says(failed[0], "Status"), _says(failed[0], "Diagnostic-Code")
    return Bounce(
        message_id=ours,
        reason=(diagnostic or status or "the mail came back")[:500],
        # Many a server writes 5.0.0 as the status and the true code into the words below it.
        unreachable=is_gone(status) or is_gone(diagnostic),
    )


def _says(block: Message, name: str) -> str:
    return headers.first(block, name)


def _blocks(mail: Message) -> Iterator[Message]:
    """Yield the groups of fields of a delivery report."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def returned_ids(mail: Message) -> Iterator[str]:
    """Yield the ids that may be our mail's: of the mail that is sent back, then those the report names."""
    for part in mail.walk():
        if part is not mail:
            yield from headers.message_ids(part, "Message-ID")
            yield from headers.message_ids(part, "X-Original-Message-ID")
            yield from headers.message_ids(part, "Original-Message-ID")
        if part.get_content_type() == "text/rfc822-headers":
            data = part.get_payload(decode=True)
            text = headers.decoded(data) if isinstance(data, bytes) else ""
            yield from re.findall(r"(?im)^Message-ID:\s*(<[^<>\s]+>)", text)
    yield from headers.message_ids(mail, "In-Reply-To")
    yield from headers.message_ids(mail, "References")
