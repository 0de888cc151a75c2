"""What people wrote, made fit to keep."""

import re
from enum import StrEnum

from desk.errors import InvalidError

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONGEST_TEXT = 20_000


def shown_text(text: str) -> str:
    """Return a text of up to 20,000 characters without control characters, its lines kept.

    PostgreSQL refuses NUL in a text, and no reader wants the rest.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _cut(_CONTROL.sub("", plain).strip(), _LONGEST_TEXT)


def one_line(text: str, *, longest: int) -> str:
    """Return a text as one line of at most ``longest`` characters."""
    return _cut(" ".join(_CONTROL.sub(" ", text).split()), longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def tag_of(text: str) -> str:
    """Return a tag: one line of at most 40 lower-case characters without commas."""
    return one_line(text.replace(",", " "), longest=40).lower()


def one_of[E: StrEnum](kind: type[E], value: str) -> E:
    """Return a member of an enum, or raise InvalidError naming all of them."""
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidError(f"{value!r} is none of: {', '.join(kind)}.") from error
