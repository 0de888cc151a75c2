"""Addresses by which a customer gets a file without signing in: signed, and good for a time."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from desk.clock import Clock
from desk.errors import ForbiddenError
from desk.media.names import safe_name
from desk.message import Attachment

PATH = "/files"
LIFETIME = timedelta(days=30)
_DAY = timedelta(days=1)
_FORM = re.compile(r"v1\.([0-9a-f]{64})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


type FilesAsText = Callable[[Sequence[Attachment]], str]
"""Returns files as lines of a message on a channel that cannot carry them."""


class LinkError(ForbiddenError):
    """This link is not valid any more; ask for a new one."""


class Linked(NamedTuple):
    """What a link leads to."""

    key: str
    name: str


class MediaLinks:
    """Makes and reads links. They carry key, end and name; the signature covers all of it."""

    def __init__(self, secret: str, *, public_url: str | None, clock: Clock) -> None:
        self._key = hashlib.sha256(b"media-link:" + secret.encode()).digest()
        self._public_url = (public_url or "").rstrip("/")
        self._clock = clock

    def path(self, key: str, name: str) -> str:
        """Return the address on this server. It is the same for a day, so that browsers keep what they loaded."""
        end = self._clock() + LIFETIME
        until = int(end.timestamp()) // int(_DAY.total_seconds()) * int(_DAY.total_seconds())
        plain = safe_name(name)
        body = f"v1.{key}.{until}"
        return f"{PATH}/{body}.{self._sign(body, plain)}/{quote(plain, safe='')}"

    def lines(self, attachments: Sequence[Attachment]) -> str:
        """Return the files as lines of a message on a channel that cannot carry them.

        Without a public address of ours there is nothing to link to, and only the name is told.
        """
        if not self._public_url:
            return named(attachments)
        return "\n".join(
            f"{file.name}: {self._public_url}{self.path(file.key, file.name)}"
            for file in attachments
            if file.key
        )

    def read(self, token: str, name: str) -> Linked:
        """Return what a link leads to.

        Raises:
            LinkError: it is not ours, or its time is over.
        """
        form = _FORM.fullmatch(token)
        if form is None:
            raise LinkError
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(body, name), signature):
            raise LinkError
        if datetime.fromtimestamp(int(form[2]), UTC) <= self._clock():
            raise LinkError
        return Linked(form[1], name)

    def _sign(self, body: str, name: str) -> str:
        digest = hmac.new(self._key, f"{body}/{name}".encode(errors="replace"), hashlib.sha256)
        return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def named(attachments: Sequence[Attachment]) -> str:
    """Return the names of files that nobody can be given a link to."""
    return "\n".join(f"[{file.name}]" for file in attachments)
