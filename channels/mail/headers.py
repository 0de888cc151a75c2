"""The headers of other people's mails, however broken they are."""

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

_CHARSET = re.compile(
    r"(utf|us-?ascii|ascii|iso|windows|cp\d|gb|big5|hz|shift|sjis|euc|koi8|mac|tis|latin|ks_c)[\w.:-]*",
    re.IGNORECASE,
)
"""Character sets of mails. Python has more codecs, some of which a long text brings to a standstill."""
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "us-ascii": "utf-8"}
"""What those who say the first really write."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,200}>")
_LOCAL = r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}"
_ADDRESS = re.compile(rf"({_LOCAL})@((?:[a-z0-9_-]+\.)*[a-z0-9-]+)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ANGLE = re.compile(r"<([^<>]*)>")
LONGEST = 1000


def decoded(data: bytes, charset: str | None = None) -> str:
    """Return bytes as text: in the character set named, or in the one that fits."""
    named = _WIDER.get((charset or "").lower(), charset or "")
    for candidate in (named, "utf-8", "gb18030"):
        if not _CHARSET.fullmatch(candidate):
            continue
        try:
            return data.decode(candidate)
        except (UnicodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")


def raw_values(mail: Message, name: str) -> Iterator[str]:
    """Return the values of a header as they were written, bytes beyond ASCII read as text."""
    for key, value in mail.raw_items():
        if key.lower() == name.lower():
            yield decoded(str(value).encode("ascii", "surrogateescape"))


def first(mail: Message, name: str) -> str:
    """Return a header as it was written, on one line; the empty text when there is none."""
    return one_line(next(raw_values(mail, name), ""))


def words(mail: Message, name: str) -> str:
    """Return a header for people: encoded words decoded, on one line, at most 1,000 characters."""
    return plain(next(raw_values(mail, name), ""))


def plain(value: str) -> str:
    """Return a header's value with its encoded words decoded, on one line."""
    value = re.sub(r"\r?\n", "", value[: LONGEST * 4])
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(value)
    return one_line(
        "".join(
            part if isinstance(part, str) else decoded(part, charset) for part, charset in parts
        )
    )


def one_line(value: str) -> str:
    """Return a text without line ends and control characters, at most 1,000 characters."""
    whole = (
        value[: LONGEST * 4].encode(errors="replace").decode()
    )  # half a surrogate pair is no text
    return " ".join(_CONTROL.sub(" ", whole).split())[:LONGEST]


def message_ids(mail: Message, name: str) -> list[str]:
    """Return the message ids in a header."""
    return _MESSAGE_ID.findall(" ".join(raw_values(mail, name)))


def sender(mail: Message) -> tuple[str, str] | None:
    """Return who a mail says it is from, as address and name; None when it does not say."""
    found = map(_mailbox, raw_values(mail, "From"))
    return next((one for one in found if one is not None), None)


def _mailbox(value: str) -> tuple[str, str] | None:
    """Return the first address and its name.

    What is in angle brackets goes before what looks like an address in the name; Python takes the latter.
    """
    line = one_line(value)
    unquoted = _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), line)
    angle = _ANGLE.search(unquoted)
    if angle:
        address, name = line[angle.start(1) : angle.end(1)], line[: angle.start()]
    else:
        bare, _, name = line.partition("(")  # as people wrote names forty years ago
        address = next((word for word in re.split(r"[\s,;]+", bare) if "@" in word), "")
    found = normalised(address)
    return (found, plain(name.strip(' )"').replace("\\", ""))[:200]) if found else None


def normalised(address: str) -> str | None:
    """Return an address with its domain in lower-case ASCII; None when it is none that we would write to."""
    local, at, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        return None
    form = _ADDRESS.fullmatch(f"{local}{at}{domain.lower()}")
    # An encoded word in an address would be decoded by somebody on its way, into another address.
    return form[0] if form and len(form[0]) <= 254 and "=?" not in form[0] else None
