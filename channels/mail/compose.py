"""A message of ours as a mail."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from html import escape
from typing import Any

from channels.mail.content import safe_name
from channels.mail.headers import normalised, one_line
from channels.mail.threads import Threads
from channels.mail.unfolded import Unfolded
from desk.channel import UnreachableError
from desk.errors import RejectedError
from desk.message import Attachment, OutboundMessage
from desk.store.storable import storable
from desk.tables.conversation import Author

_LONGEST_SUBJECT = 120
_AUTOMATIC = {Author.BOT, Author.SYSTEM, Author.CAMPAIGN}


class AddressError(UnreachableError):
    """This is no address to which mail can be sent."""


class Composer:
    """Writes the mails of one address."""

    def __init__(self, *, address: str, name: str, threads: Threads, plus_address: bool) -> None:
        self._address = address
        self._name = name
        self._threads = threads
        self._plus_address = plus_address

    def mail(self, message: OutboundMessage, now: datetime) -> EmailMessage:
        """Return a message as a mail; its Message-ID is the same at each try.

        Raises:
            AddressError: the recipient has no proper address.
            RejectedError: a file has no content.
        """
        recipient = address_of(message)
        # Not every server takes eight bits, and nobody says so when one in the middle does not.
        policy = (SMTP if recipient.isascii() else SMTPUTF8).clone(cte_type="7bit")
        mail = EmailMessage(policy)
        mail["From"] = self._from(message)
        # By its parts: "a..b@example.org" exists, and would not be taken as a whole.
        local, _, domain = recipient.rpartition("@")
        mail["To"] = Address(username=local, domain=domain)
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = self._threads.message_id(message)
        reply_to = self._threads.reply_to(message.thread, message.recipient)
        if self._plus_address and reply_to:
            mail["Reply-To"] = reply_to
        for name, value in _threading(message, self._name or self._address).items():
            mail[name] = value
        for name, value in _automatic(message).items():
            mail[name] = value
        mail.set_content(storable(message.text) or "\n")
        mail.add_alternative(_html(message), subtype="html")
        for file in message.attachments:
            _attach(mail, file)
        return mail

    def _from(self, message: OutboundMessage) -> Address:
        person = one_line(message.author_name or "") if message.author is Author.AGENT else ""
        names = [name for name in (person, one_line(self._name)) if name]
        return Address(display_name=" · ".join(names), addr_spec=self._address)


def address_of(message: OutboundMessage) -> str:
    """Return where a message goes; AddressError when that is no proper address."""
    address = normalised(message.recipient)
    if address is None:
        raise AddressError
    return address


def source(mail: EmailMessage) -> bytes:
    """Return a mail as it goes over the line, its ids on the lines of their headers: some programs want them there."""
    head, end, body = mail.as_bytes().partition(b"\r\n\r\n")
    return re.sub(rb"(?m)^(Message-ID|In-Reply-To|Reply-To):\r\n ", rb"\1: ", head) + end + body


def _is_answer(message: OutboundMessage) -> bool:
    """Return whether a mail stands below the customer's: a campaign's has nothing to do with their last one."""
    return bool(message.context.get("message_id")) and message.author is not Author.CAMPAIGN


def _threading(message: OutboundMessage, otherwise: str) -> Mapping[str, str]:
    """Return the subject and what names the mails above this one."""
    first = one_line(_first_line(message.text) or otherwise)
    if message.author is Author.CAMPAIGN:
        return {"Subject": first}
    subject = one_line(str(message.context.get("subject") or ""))
    is_marked = subject[:3].lower() in ("re:", "re：") or subject[:2] == "回复"
    answer = subject if is_marked else f"Re: {subject}"
    return {"Subject": answer if subject else first} | _above(message.context)


def _above(context: Mapping[str, Any]) -> dict[str, str]:
    last, chain = context.get("message_id"), context.get("references") or []
    found = {"In-Reply-To": one_line(str(last))} if last else {}
    if chain:
        found["References"] = " ".join(one_line(str(one)) for one in chain)
    return found


def _first_line(text: str) -> str:
    """Return a subject for a mail that nobody asked for: its first line, cut after a word."""
    line = one_line(next((line for line in text.split("\n") if line.strip()), ""))
    if len(line) <= _LONGEST_SUBJECT:
        return line
    cut = line[:_LONGEST_SUBJECT]
    return f"{cut[: max(cut.rfind(' '), _LONGEST_SUBJECT // 2)].rstrip()} …"


def _automatic(message: OutboundMessage) -> Mapping[str, str]:
    """Return what tells other machines not to answer, and how a campaign is unsubscribed from."""
    found = {}
    if message.author in _AUTOMATIC:
        found["Auto-Submitted"] = "auto-replied" if _is_answer(message) else "auto-generated"
        found["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if message.unsubscribe_url:
        address = "".join(one_line(message.unsubscribe_url).split())
        found["List-Unsubscribe"] = Unfolded("List-Unsubscribe", f"<{address}>")
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found


def _html(message: OutboundMessage) -> str:
    paragraphs = "".join(
        f"<p>{escape(part).replace(chr(10), '<br>')}</p>\n"
        for part in storable(message.text).strip().split("\n\n")
    )
    language = escape(message.language)
    return f'<!doctype html>\n<html lang="{language}"><body>\n{paragraphs}</body></html>\n'


def _attach(mail: EmailMessage, file: Attachment) -> None:
    if file.content is None:
        raise RejectedError(f"the file {file.name} has no content")
    maintype, _, subtype = file.content_type.partition("/")
    if not subtype or maintype in ("multipart", "message"):
        maintype, subtype = "application", "octet-stream"
    name = safe_name(file.name, file.content_type)
    mail.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=name)
