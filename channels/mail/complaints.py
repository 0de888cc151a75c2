"""What mail services report about readers who called our mail spam: feedback reports (ARF, RFC 5965)."""

from collections.abc import Iterator
from email.message import Message

from channels.mail import bounces, headers
from channels.mail.threads import Threads

_UNWANTED = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
"""Other reports say that it is no spam after all, or how a signature failed."""


def read(mail: Message, threads: Threads) -> tuple[str, str] | None:
    """Return which mail of ours was called unwanted, by its Message-ID, and as what; None without such a report."""
    if mail.get_content_type() != "multipart/report":
        return None
    kinds = [headers.first(block, "Feedback-Type").lower() for block in _blocks(mail)]
    kind = next((one for one in kinds if one in _UNWANTED), None)
    ours = next((i for i in bounces.returned_ids(mail) if threads.is_ours(i)), None)
    return (ours, kind) if ours and kind else None


def _blocks(mail: Message) -> Iterator[Message]:
    """Yield the fields of a feedback report."""
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report" and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message))
