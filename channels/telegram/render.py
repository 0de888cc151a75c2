"""Our messages as the calls that Telegram takes: one for a text with buttons, one for each file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from channels.telegram import units
from desk.channel import TextLimit
from desk.errors import RejectedError
from desk.message import Attachment, Choice, OutboundMessage

TEXT = TextLimit(longest=4096, length=units.length)
_CAPTION = 1024
_MOST_BUTTONS = 100
_MEGABYTE = 1024 * 1024
_LARGEST_FILE = 50 * _MEGABYTE
_LARGEST_PHOTO = 10 * _MEGABYTE
_PHOTOS = ("image/jpeg", "image/png")
_ROWS = ((2, 6), (14, 2))
"""Buttons whose titles are all at most so long stand so many in a row; longer ones stand alone."""


class Kind(StrEnum):
    """Which method of Telegram's a part goes through."""

    TEXT = "text"
    PHOTO = "photo"
    DOCUMENT = "document"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One call."""

    kind: Kind
    text: str = ""
    file: Attachment | None = None
    keyboard: InlineKeyboardMarkup | None = None


def parts(message: OutboundMessage) -> list[Part]:
    """Return the calls that a message is: a short text goes with its first file, a longer one before the files.

    Raises:
        RejectedError: there is nothing to send, or a file that Telegram does not take; then none of it is sent.
    """
    buttons = [choice for choice in message.choices if _fits_a_button(choice)][:_MOST_BUTTONS]
    rest = [choice for choice in message.choices if choice not in buttons]
    texts = [Part(kind=Kind.TEXT, text=text) for text in _texts(message.text, rest)]
    files = [_file(attachment) for attachment in message.attachments]
    if files and len(texts) == 1 and units.length(texts[0].text) <= _CAPTION:
        files[0] = replace(files[0], text=texts.pop().text)
    found = [*texts, *files]
    if not found:
        raise RejectedError("there is nothing to send: neither a text nor a file")
    if buttons:
        at = max((n for n, part in enumerate(found) if part.text), default=-1)
        found[at] = replace(found[at], keyboard=_keyboard(buttons))
    return found


def _file(attachment: Attachment) -> Part:
    size = len(attachment.content or b"")
    if not 0 < size <= _LARGEST_FILE:
        raise RejectedError(f"{attachment.name}: {size} bytes; Telegram takes 1 byte to 50 MB")
    is_photo = attachment.content_type in _PHOTOS and size <= _LARGEST_PHOTO
    return Part(kind=Kind.PHOTO if is_photo else Kind.DOCUMENT, file=attachment)


def _texts(text: str, rest: Sequence[Choice]) -> list[str]:
    """Return the text with what no button can hold written below, in as many messages as that needs."""
    found = [text] if text else []
    for choice in rest:
        line = f"{choice.title}: {choice.url}" if choice.url else choice.title
        longer = f"{found[-1]}\n{line}" if found else line
        if units.length(longer) <= TEXT.longest:
            found[-1:] = [longer]
        else:
            found.append(line)
    return found


def _fits_a_button(choice: Choice) -> bool:
    """Telegram refuses the whole message for a link to a host without a dot, such as localhost."""
    if choice.url is None:
        return True
    try:
        address = urlsplit(choice.url)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and "." in (address.hostname or "")


def _keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup:
    longest = max(len(choice.title) for choice in choices)
    width = next((count for most, count in _ROWS if longest <= most), 1)
    buttons = [_button(choice) for choice in choices]
    return InlineKeyboardMarkup([buttons[at : at + width] for at in range(0, len(buttons), width)])


def _button(choice: Choice) -> InlineKeyboardButton:
    if choice.url is not None:
        return InlineKeyboardButton(choice.title, url=choice.url)
    return InlineKeyboardButton(choice.title, callback_data=choice.id)
