"""The text and the files of a mail, whatever its parts are nested in."""

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from channels.mail import headers, html
from desk.message import Attachment

MOST_FILES = 50
LONGEST_TEXT = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
_SIGNATURES = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
}
_ENCRYPTED = {
    "application/pgp-encrypted",
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
    "multipart/encrypted",
}
_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a mail says. ``left_out`` are files that were not taken; ``html`` is sanitised."""

    text: str
    html: str | None
    files: tuple[Attachment, ...]
    left_out: tuple[str, ...]
    is_encrypted: bool


def content_of(mail: Message, *, is_cut: bool) -> Content:
    """Return what a mail says; of one whose end is missing no files, only their names."""
    shown = _shown(mail)
    leaves = [part for part in _leaves(mail) if not _is_text(part)]
    parts = [part for part in leaves if part.get_content_type() not in _SIGNATURES]
    pages = [html.sanitised(_text(part)) for part in shown if _is_html(part)]
    pages_left = iter(pages)
    text = "\n\n".join(
        (html.to_text(next(pages_left)) if _is_html(part) else _text(part)).strip()
        for part in shown
    )
    taken = [] if is_cut else parts[:MOST_FILES]
    files = [_file(part) for part in taken]
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > LONGEST_TEXT:
        files.append(
            Attachment(name="message.txt", content_type="text/plain", content=text.encode())
        )
        text = text[:LONGEST_TEXT]
    return Content(
        text=text,
        html="\n".join(pages) or None,
        files=tuple(files),
        left_out=tuple(_name(part) for part in parts[len(taken) :]),
        is_encrypted=any(part.get_content_type() in _ENCRYPTED for part in mail.walk()),
    )


def safe_name(name: str, content_type: str) -> str:
    """Return a file's name without folders, control characters and leading dots, at most 120 characters."""
    name = re.split(r"[/\\]", headers.one_line(name))[-1]
    name = re.sub(r'[<>:"|?*\u202a-\u202e\u2066-\u2069\ufeff]', "_", name).strip(". ")
    if not name:
        return f"file{mimetypes.guess_extension(content_type) or ''}"
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= 120 else f"{(stem or name)[:100]}{dot}{ending[:15]}"


def _shown(part: Message) -> list[Message]:
    """Return the parts that make up the text: of alternatives the plain one, if it says anything."""
    children = _children(part)
    if not children:
        return [part] if _is_text(part) else []
    choices = [shown for child in children if (shown := _shown(child))]
    if part.get_content_type() != "multipart/alternative":
        return [leaf for shown in choices for leaf in shown]
    plain = (
        shown
        for shown in choices
        if not any(map(_is_html, shown)) and any(_text(leaf).strip() for leaf in shown)
    )
    return next(plain, choices[-1] if choices else [])


def _leaves(part: Message) -> Iterator[Message]:
    children = _children(part)
    if not children:
        yield part
    for child in children:
        yield from _leaves(child)


def _children(part: Message) -> list[Message]:
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        return []  # also a mail within the mail: it is a file
    return [child for child in part.get_payload() if isinstance(child, Message)]


def _is_html(part: Message) -> bool:
    return part.get_content_type() == "text/html"


def _is_text(part: Message) -> bool:
    kind = part.get_content_type()
    # What claims to have parts and has none is text in which the boundaries got lost.
    broken = kind.startswith("multipart/") and not part.is_multipart()
    is_file = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    return broken or (kind in ("text/plain", "text/html") and not is_file)


def _text(part: Message) -> str:
    return headers.decoded(_bytes(part), _charset(part))


def _charset(part: Message) -> str | None:
    given = part.get_param("charset")
    return headers.one_line(given[2] if isinstance(given, tuple) else str(given or ""))


def _bytes(part: Message) -> bytes:
    if part.is_multipart():
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _name(part: Message) -> str:
    kind = part.get_content_type()
    given = headers.plain(part.get_filename() or "")
    if not given and part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload(0)
        subject = headers.words(inner, "Subject") if isinstance(inner, Message) else ""
        return safe_name(f"{subject[:80] or 'message'}.eml", kind)
    return safe_name(given, kind)


def _file(part: Message) -> Attachment:
    kind = part.get_content_type()
    data = _bytes(part)
    return Attachment(
        name=_name(part),
        content_type=kind if _CONTENT_TYPE.fullmatch(kind) else "application/octet-stream",
        content=data,
        size=len(data),
    )
