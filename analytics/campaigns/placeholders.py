"""Texts with ``{name}`` and ``{name|there}`` in them. Pure; nothing is evaluated: a name is looked up as it stands.

``{{`` and ``}}`` are braces. What is filled in is plain text of one line: it is never read as a text again, it cannot
become a link, and inside of a link it is escaped. Only names that end in ``url`` or ``link`` may be links themselves.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from urllib.parse import quote, urlsplit

from desk.errors import InvalidError

LONGEST_VALUE = 200
"""Longer values are cut; links are not, they would lead elsewhere."""
LONGEST_LINK = 2_000
MOST_VARIABLES = 100

NAME = r"[a-z_][a-z0-9_.]{0,63}"
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_VARIABLE = re.compile(rf"({NAME})(?:\|([^\n]*))?")
_LINK_NAME = re.compile(r"(?:.*[._])?(?:url|link)")
_OPEN_LINK = re.compile(r"https?://([!#-;=?-~]*)$", re.IGNORECASE)
_SUSPECT = re.compile(r"[:/.\]]")
"""Without one of these in it no value makes a link of the words around it."""
_HOST_ENDS = re.compile(r"[/?#]")
_LINKING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![a-z0-9+.-])[a-z0-9+.-]+:(?=//)",
        r"(?:script|data|file|blob|intent|tg|mailto|tel|sms):(?=\S)",
        r"\bwww\.(?=\w)",
        r"\](?=\()",
    )
)
"""What platforms begin a link with; a blank after it undoes that."""
_NOT_IN_LINKS = re.compile(r"[\s<>\"'`\\{}|^\x00-\x1f\x7f]")


class TemplateError(InvalidError):
    """This text has a mistake in its braces."""


class MissingError(InvalidError):
    """There is nothing to fill in for some variables, and they have no fallback."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"nothing is known for: {', '.join(names)}")
        self.names = names


@dataclass(frozen=True)
class Variable:
    """A place to fill in; without a value it says ``fallback``, and without that nobody is written to."""

    name: str
    fallback: str | None = None

    @cached_property
    def is_link(self) -> bool:
        """Whether its value may be a link, and must be one."""
        return _LINK_NAME.fullmatch(self.name) is not None


type Piece = str | Variable


@lru_cache(maxsize=2_048)
def parse(text: str) -> tuple[Piece, ...]:
    """Return a text as what stands there and what is filled in.

    Raises:
        TemplateError: the message says where and what to write.
    """
    pieces: list[Piece] = []
    end = 0
    for token in _TOKEN.finditer(text):
        pieces += [text[end : token.start()], _piece(token)]
        end = token.end()
    return tuple(_joined([*pieces, text[end:]]))


def _piece(token: re.Match[str]) -> Piece:
    if token[0] in ("{{", "}}"):
        return token[0][0]
    if token[1] is None:
        other = "}" if token[0] == "{" else "{"
        what = (
            f"this {token[0]} has no {other}; write {token[0] * 2} for a brace that is to be seen"
        )
        raise TemplateError(f"{place(token.string, token.start())}: {what}")
    found = _VARIABLE.fullmatch(token[1])
    if found is None:
        what = (
            f"{token[0]!r:.60} is no variable; write {{first_name}} or {{first_name|there}}, "
            "in small letters, digits, dots and underscores"
        )
        raise TemplateError(f"{place(token.string, token.start())}: {what}")
    return Variable(found[1], None if found[2] is None else found[2].strip())


def place(text: str, at: int) -> str:
    """Return a place in words, counted from 1: ``line 2, character 7``."""
    before = text[:at]
    return f"line {before.count(chr(10)) + 1}, character {at - (before.rfind(chr(10)) + 1) + 1}"


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Return pieces with the texts beside each other as one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        yield piece
        text = ""
    if text:
        yield text


def check(text: str) -> None:
    """Raise TemplateError for a mistake in the braces, or where a variable would say to which host a link leads."""
    if len(named(text)) > MOST_VARIABLES:
        raise TemplateError(f"there are more than {MOST_VARIABLES} variables in one text")
    for token in _TOKEN.finditer(text):
        link = _open_link(text[: token.start()])
        if token[1] is not None and link and not _HOST_ENDS.search(link[1]):
            what = f"the host of a link cannot be a variable; write https://shop.example.com/{token[0]}"
            raise TemplateError(f"{place(text, token.start())}: {what}")


def named(text: str) -> tuple[Variable, ...]:
    """Return the variables of a text in their order."""
    return tuple(piece for piece in parse(text) if isinstance(piece, Variable))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables filled in, or raise MissingError with the names that have nothing."""
    done, foreign, lacking = "", [], []
    for piece in parse(text):
        if isinstance(piece, str):
            done += piece
            continue
        value = _value(piece, values)
        if value is None:
            lacking.append(piece.name)
            continue
        link = _open_link(done) if value else None
        if link is not None and _HOST_ENDS.search(link[1]):
            done += quote(value, safe="")
            continue
        done += "" if link is None else " "  # it must not make the host longer
        if not piece.is_link:
            foreign.append((len(done), len(done) + len(value)))
        done += value
    if lacking:
        raise MissingError(tuple(dict.fromkeys(lacking)))
    return _unlinked(done, foreign)


def _open_link(text: str) -> re.Match[str] | None:
    """Return the link with which a text ends; the last word is enough, and much faster to search than all of it."""
    return _OPEN_LINK.search(text, max(text.rfind(" "), text.rfind("\n")) + 1)


def _value(variable: Variable, values: Mapping[str, str]) -> str | None:
    """Return what is filled in; a value of nothing but blanks, or a link that is none, is no value."""
    given = plain(values.get(variable.name, ""))
    if variable.is_link:
        return given if is_link(given) else variable.fallback
    cut = given if len(given) <= LONGEST_VALUE else given[: LONGEST_VALUE - 1] + "…"
    return cut or variable.fallback


def _unlinked(text: str, foreign: list[tuple[int, int]]) -> str:
    """Return a text in which no link begins with anything that was filled in, not even with two values in a row."""
    if not any(_SUSPECT.search(text, *span) for span in foreign):
        return text
    # Each by itself: one may lie within another, as "www." in "www.a://b".
    begun = (found for linking in _LINKING for found in linking.finditer(text))
    ends = {
        found.end()
        for found in begun
        if any(start <= found.end() and stop > found.start() for start, stop in foreign)
    }
    places = [0, *sorted(ends), len(text)]
    return " ".join(text[start:stop] for start, stop in pairwise(places))


def plain(value: str) -> str:
    """Return a value as one line without characters that hide something or turn the text around."""
    if not (value.isascii() and value.isprintable()):
        value = "".join(_BLANKS.get(unicodedata.category(c), c) for c in value if c not in _HIDING)
    return " ".join(value.split())


_BLANKS = {"Zl": " ", "Zp": " ", "Cc": " ", "Cs": ""}
_HIDING = frozenset("\u200b\u200e\u200f\u2060\ufeff\u061c") | {
    chr(code) for span in ((0x202A, 0x202F), (0x2066, 0x206A)) for code in range(*span)
}
"""Without a width, or of another direction of writing; joiners stay, names and emoji need them."""


def is_link(value: str) -> bool:
    """Say whether a value is an http or https link to a host, with nobody's name or password in it."""
    if not value or len(value) > LONGEST_LINK or _NOT_IN_LINKS.search(value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
