"""Names and addresses as people type them, made fit to keep."""

import re
import unicodedata

from desk.errors import InvalidError

LONGEST_NAME = 60
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def display_name(text: str) -> str:
    """Return a name as one printable line of at most 60 characters; what steers the direction of text is left out."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(c if c.isprintable() else " " for c in composed)
    return " ".join(printable.split())[:LONGEST_NAME].strip()


def checked_name(text: str) -> str:
    """Return a name.

    Raises:
        InvalidError: nothing of it is printable.
    """
    name = display_name(text)
    if not name:
        raise InvalidError("a user needs a name")
    return name


def checked_email(text: str) -> str:
    """Return an address in small letters.

    Raises:
        InvalidError: it is none.
    """
    email = text.strip().lower()
    if len(email) > _LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidError("this is no e-mail address")
    return email
