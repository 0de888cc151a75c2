"""A fetched mail as what it says to us."""

from collections.abc import Mapping, Sequence
from typing import Any

from channels.mail import automatic, bounces, complaints, headers, trim
from channels.mail.automatic import Ourselves
from channels.mail.content import Content, content_of
from channels.mail.letter import Letter
from channels.mail.loops import Loops
from desk.errors import InvalidError
from desk.message import DeliveryStatus, Ignored, InboundMessage, StatusUpdate, Update

NAME = "email"
MOST_REFERENCES = 20
_LONGEST_HTML = 100_000
_MOST_NAMED = 10
_PLACES = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "In-Reply-To", "References")
_KEPT = ("From", "To", "Cc", "Reply-To", "Date", "Subject", "Message-ID", "In-Reply-To")


class Reader:
    """Reads mails to one address."""

    def __init__(self, us: Ourselves, loops: Loops) -> None:
        self._us = us
        self._loops = loops

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what a mail says: a message, the news what became of one of ours, or nothing to us."""
        letter = Letter.from_raw(raw)
        if letter.is_missing:
            raise InvalidError(f"the mail server does not give mail {letter.uid}")
        news = self._news(letter)
        if news is not None:
            return [news]
        found = self._message(letter)
        return [Ignored(channel=NAME, kind=found) if isinstance(found, str) else found]

    def _news(self, letter: Letter) -> StatusUpdate | None:
        """Return what a machine tells about a mail of ours: that it came back, or was called spam."""
        bounce = bounces.read(letter.mail, self._us.threads)
        complaint = None if bounce else complaints.read(letter.mail, self._us.threads)
        if bounce is not None:
            message_id, reason, status = bounce.message_id, bounce.reason, DeliveryStatus.FAILED
        elif complaint is not None:
            message_id, reason = complaint
            status = DeliveryStatus.COMPLAINED
        else:
            return None
        return StatusUpdate(
            channel=NAME,
            account=self._us.address,
            external_id=message_id,
            status=status,
            at=letter.received_at,
            reason=reason,
            unreachable=bounce is not None and bounce.unreachable,
        )

    def _message(self, letter: Letter) -> InboundMessage | str:
        """Return the message, or the kind of mail that is none."""
        mail = letter.mail
        kind = automatic.kind_of(mail, self._us)
        sender = headers.sender(mail)
        if kind is not None or sender is None:
            return kind or "no_sender"
        content = content_of(mail, is_cut=letter.is_cut)
        subject = headers.words(mail, "Subject")
        text = _text(content, subject)
        if not text and not content.files and not content.is_encrypted:
            return "empty"
        address, name = sender
        if self._loops.is_one(address, letter.external_id, letter.received_at):
            return "loop"
        return InboundMessage(
            channel=NAME,
            account=self._us.address,
            external_id=letter.external_id,
            thread=self._thread(letter, address),
            sender=address,
            sender_name=name or None,
            sent_at=letter.received_at,
            text=text,
            attachments=content.files,
            unsupported="encrypted" if content.is_encrypted and not text else None,
            context=_context(letter, subject),
            raw=_raw(letter, content),
        )

    def _thread(self, letter: Letter, sender: str) -> str:
        places = [value for name in _PLACES for value in headers.raw_values(letter.mail, name)]
        known = self._us.threads.find(places, sender)
        above = _references(letter)
        root = above[0] if above else letter.message_id or letter.external_id
        return known or self._us.threads.begun(root, sender)


def _text(content: Content, subject: str) -> str:
    """Return what the customer wrote; the subject if they wrote nothing below it."""
    text = content.text.strip() if trim.is_forwarded(subject) else trim.trimmed(content.text)
    named = [f"[{name}: too large, not taken]" for name in content.left_out[:_MOST_NAMED]]
    more = len(content.left_out) - len(named)
    left_out = "\n".join([*named, *([f"[{more} more files: not taken]"] if more else [])])
    written = text or ("" if content.files or content.is_encrypted else subject)
    return "\n\n".join(part for part in (written, left_out) if part)


def _references(letter: Letter) -> list[str]:
    return headers.message_ids(letter.mail, "References") or headers.message_ids(
        letter.mail, "In-Reply-To"
    )


def _context(letter: Letter, subject: str) -> dict[str, Any]:
    """Return what an answer needs to stand below this mail in the customer's program."""
    above = _references(letter)
    own = letter.message_id
    chain = [*above, own] if own else above
    # The first one names the conversation, the last ones the place in it.
    kept = chain if len(chain) <= MOST_REFERENCES else [chain[0], *chain[1 - MOST_REFERENCES :]]
    return {"subject": subject, "message_id": own, "references": kept}


def _raw(letter: Letter, content: Content) -> dict[str, Any]:
    return {
        "uidvalidity": letter.uidvalidity,
        "uid": letter.uid,
        "size": letter.size,
        "headers": {name: value for name in _KEPT if (value := headers.first(letter.mail, name))},
        "html": content.html and content.html[:_LONGEST_HTML],
    }
