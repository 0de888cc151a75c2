"""Finding links in texts as platforms find them. Pure."""

import re
from collections.abc import Callable

_LINK = re.compile(r"https?://[!#-;=?-~]+", re.IGNORECASE)
"""Printable ASCII: Chinese text and its punctuation may follow at once. Other writing is percent-encoded in links."""
_AFTER = ".,;:!?'*_~"
_CLOSING = {")": "(", "]": "[", "}": "{"}


def found(text: str) -> list[str]:
    """Return the links of a text, in their order."""
    return [trimmed(match[0]) for match in _LINK.finditer(text)]


def replaced(text: str, by: Callable[[str], str]) -> str:
    """Return a text with each link replaced by another."""

    def one(match: re.Match[str]) -> str:
        link = trimmed(match[0])
        return by(link) + match[0][len(link) :]

    return _LINK.sub(one, text)


def trimmed(link: str) -> str:
    """Return a link without the punctuation of the sentence around it; brackets stay that were opened in it."""
    while link:
        last = link[-1]
        opened = _CLOSING.get(last)
        if last not in _AFTER and (opened is None or link.count(last) <= link.count(opened)):
            break
        link = link[:-1]
    return link
