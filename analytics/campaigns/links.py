"""Links whose clicks are counted: ``BASE/r/TOKEN`` in place of the link, and back again.

A token says which recipient and which link, and is signed; where the link leads stands in the list that was frozen at
launch, so that nobody can make our address lead elsewhere. Links with variables in them are not in that list: they
are sent as they are, and their clicks are not counted.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from analytics.campaigns import placeholders, urls
from analytics.campaigns.template import Content, Rendered, Template
from desk.errors import NotFoundError

PATH = "/r"
MOST_LINKS = 65_535
_VERSION = b"\x01"
_SIGNED = 11
"""Bytes before the signature: the version, the recipient (8), the link (2)."""
_SIGNATURE = 16
"""128 bit; with the rest a multiple of three, so that base64 has one form and no padding."""
_FORM = re.compile(r"[A-Za-z0-9_-]{36}", re.ASCII)
_HOLE = "\x00"


class LinkError(NotFoundError):
    """This link is not one of ours."""


@dataclass(frozen=True)
class Clicked:
    """What a token says: ``link`` is the place in the list of targets, from 0."""

    recipient_id: int
    link: int


@dataclass(frozen=True)
class Tracked:
    """Where the links of a campaign lead, frozen at launch."""

    targets: tuple[str, ...]

    def target(self, link: int) -> str:
        """Return where a link leads, or raise LinkError."""
        if not 0 <= link < len(self.targets):
            raise LinkError
        return self.targets[link]

    def number(self, url: str) -> int | None:
        """Return the place of a link in the list, if its clicks are counted."""
        return self.targets.index(url) if url in self.targets else None


def frozen(*templates: Template) -> Tracked:
    """Return the links of some templates whose clicks can be counted, each once, in their order."""
    contents = (content for one in templates for content in one.contents.values())
    return counted(*contents)


def counted(*contents: Content) -> Tracked:
    """Return the same of some contents."""
    links = dict.fromkeys(
        link for one in contents for link in _links(one) if placeholders.is_link(link)
    )
    return Tracked(tuple(links)[:MOST_LINKS])


def personal(template: Template) -> tuple[str, ...]:
    """Return the links whose clicks cannot be counted, as they begin: they have variables in them."""
    found = dict.fromkeys(
        link for one in template.contents.values() for link in _links(one) if _HOLE in link
    )
    return tuple(link.partition(_HOLE)[0] + "…" for link in found)


def led(rendered: Rendered, tracked: Tracked, to: Callable[[int], str]) -> Rendered:
    """Return a message in which the links that are counted are replaced by others."""

    def other(link: str) -> str:
        number = tracked.number(link)
        return link if number is None else to(number)

    return replace(
        rendered,
        text=urls.replaced(rendered.text, other),
        buttons=tuple(
            replace(one, url=other(one.url)) if one.url else one for one in rendered.buttons
        ),
    )


def _links(content: Content) -> Iterator[str]:
    yield from _in_text(content.text)
    yield from (_with_holes(one.url) for one in content.buttons if one.url)


def _in_text(text: str) -> Iterator[str]:
    """Return the links of a text; one that goes on in a variable ends with a hole."""
    whole = _with_holes(text)
    start = 0
    for link in urls.found(whole):
        start = whole.index(link, start) + len(link)
        yield link + (_HOLE if whole[start : start + 1] == _HOLE else "")


def _with_holes(text: str) -> str:
    return "".join(p if isinstance(p, str) else _HOLE for p in placeholders.parse(text))


class TrackedLinks:
    """Makes and reads tokens."""

    def __init__(self, secret: str, *, public_url: str | None) -> None:
        self._key = hashlib.sha256(b"campaign-link:" + secret.encode()).digest()
        self._public_url = (public_url or "").rstrip("/")

    @property
    def can_be_followed(self) -> bool:
        """Whether there is a public address of ours to link to; without one links stay as they are."""
        return bool(self._public_url)

    def wrap(self, rendered: Rendered, recipient_id: int, tracked: Tracked) -> Rendered:
        """Return a message in which the links that are counted lead over us."""
        if not self.can_be_followed or not tracked.targets:
            return rendered
        return led(rendered, tracked, lambda link: self.url(recipient_id, link))

    def url(self, recipient_id: int, link: int) -> str:
        """Return the address of a link for a recipient."""
        return f"{self._public_url}{PATH}/{self.token(recipient_id, link)}"

    def token(self, recipient_id: int, link: int) -> str:
        """Return 36 characters that say both, signed; ``recipient_id`` is from 0 to 2^63 - 1."""
        body = _VERSION + recipient_id.to_bytes(8) + link.to_bytes(2)
        return urlsafe_b64encode(body + self._sign(body)).decode()

    def read(self, token: str) -> Clicked:
        """Return what a token says, or raise LinkError."""
        if _FORM.fullmatch(token) is None:
            raise LinkError
        raw = urlsafe_b64decode(token)
        body, signature = raw[:_SIGNED], raw[_SIGNED:]
        if not hmac.compare_digest(self._sign(body), signature) or body[:1] != _VERSION:
            raise LinkError
        return Clicked(int.from_bytes(body[1:9]), int.from_bytes(body[9:]))

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_SIGNATURE]
