"""A posted form with files (RFC 7578), taken apart in memory."""

import re
from dataclasses import dataclass
from email.message import Message
from typing import NamedTuple

from desk.errors import InvalidError

_MOST_PARTS = 30
_LONGEST_HEAD = 8_000
# Browsers write names in UTF-8 as they are, but a quotation mark and line ends as %22, %0D and %0A.
_DISPOSITION = re.compile(
    r'^content-disposition: *form-data; *name="(?P<name>[^"]*)"(?:; *filename="(?P<file>[^"]*)")?',
    re.IGNORECASE | re.MULTILINE,
)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=?]{1,70}")


@dataclass(frozen=True)
class PostedFile:
    """A file as the browser sent it; its name and type are claims."""

    name: str
    content: bytes


class Form(NamedTuple):
    """Fields by name, the last of a name winning, and files in order."""

    fields: dict[str, str]
    files: tuple[PostedFile, ...]


def read_multipart(content_type: str, body: bytes) -> Form:
    """Return what a form of type ``multipart/form-data`` holds; a file field left empty holds nothing.

    Raises:
        InvalidError: it is none.
    """
    mark = b"\r\n--" + _boundary(content_type)
    # What is before the first mark and after the last is no part; the last mark is followed by two dashes.
    start, *parts = (b"\r\n" + body).split(mark, _MOST_PARTS + 1)
    if start or not parts or not parts[-1].startswith(b"--"):
        raise InvalidError("this form is cut off or has too many fields")
    fields: dict[str, str] = {}
    files: list[PostedFile] = []
    for part in parts[:-1]:
        name, file_name, content = _read(part)
        if file_name is None:
            fields[name] = content.decode(errors="replace")
        elif file_name or content:
            files.append(PostedFile(file_name, content))
    return Form(fields, tuple(files))


def _boundary(content_type: str) -> bytes:
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_boundary("")
    if head.get_content_type() != "multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise InvalidError("this is no form")
    return boundary.encode()


def _read(part: bytes) -> tuple[str, str | None, bytes]:
    """Return the name of a field, that of its file if it is one, and the content."""
    head, blank, content = part.partition(b"\r\n\r\n")
    found = (
        _DISPOSITION.search(head.decode(errors="replace")) if len(head) < _LONGEST_HEAD else None
    )
    if found is None or not blank:
        raise InvalidError("this form is not readable")
    return found["name"], found["file"], content
