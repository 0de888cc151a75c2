"""What may be wrong with the links of a text. Pure; nothing is fetched."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from analytics.campaigns import placeholders, urls

SHORTENERS = frozenset(
    {
        "bit.ly",
        "bitly.com",
        "buff.ly",
        "cutt.ly",
        "dlvr.it",
        "dwz.cn",
        "goo.gl",
        "goo.su",
        "is.gd",
        "lnkd.in",
        "ow.ly",
        "rb.gy",
        "rebrand.ly",
        "s.id",
        "shorturl.at",
        "suo.im",
        "t.cn",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tinyurl.com",
        "trib.al",
        "u.nu",
        "url.cn",
        "urlz.fr",
        "v.gd",
        "w.url.cn",
    }
)
_BROKEN = re.compile(r"\b(?!https?://\S)h?t{1,4}ps?(?::/{1,3}|//|:(?=\w+\.))\S*", re.IGNORECASE)
"""What was meant to be a link."""
_HOST = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", re.I
)
_NAMED = re.compile(r"(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,24}(?![\w.-])", re.IGNORECASE)


def link_faults(text: str) -> Iterator[tuple[str, str]]:
    """Return the faults of the links of a text, as code and link."""
    for match in _BROKEN.finditer(text):
        yield "broken_link", match[0]
    at = 0
    for link in urls.found(text):
        at = text.index(link, at) + len(link)
        yield from ((code, link) for code in _faults(link))
        if text[at : at + 1].isalnum():
            yield "glued_link", link


def _faults(link: str) -> Iterator[str]:
    host = host_of(link)
    if host is None or not _HOST.fullmatch(host):
        yield "broken_link"
        return
    if not link.lower().startswith("https:"):
        yield "not_https"
    if host in SHORTENERS or host.removeprefix("www.") in SHORTENERS:
        yield "shortener"


def host_of(link: str) -> str | None:
    """Return the host of a link in small letters; None if it is no link."""
    return (urlsplit(link).hostname or "").lower() if placeholders.is_link(link) else None


def named_host(text: str) -> str | None:
    """Return the first host that a text names, with or without ``https://``, without ``www.``."""
    if found := urls.found(text):
        return (host_of(found[0]) or "").removeprefix("www.") or None
    match = _NAMED.search(text)
    return match[0].lower().removeprefix("www.") if match else None
