"""How long a post is by X's count: weighted characters.

The rules are those of X's open library twitter-text, configuration v3: after NFC normalisation most characters of
European and Middle Eastern scripts weigh 1, all others (Chinese, Japanese, Korean) and each emoji 2, every link 23
(that of the ``t.co`` link which replaces it). Where it needs lists that we do not carry (of all top-level domains, of
all emoji), the longer count is taken: a post may be cut a little early, never refused for its length.
"""

import re
import unicodedata

LONGEST_POST = 280
_LINK = 23
_HEAVY = re.compile(r"[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_TOP = re.compile(
    "[a-z]{2}|com|net|org|info|biz|edu|gov|mil|int|app|dev|shop|store|online|site|blog|cloud|page|link|xyz|top|club|"
    "news|live|life|world|support|help|email|company|agency|design|digital|media|tech|studio"
)
"""Top-level domains: those of countries have two letters; of the others the common ones."""
_HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+(?P<top>[a-z]{2,24})(?![a-z0-9-])"
_REST = r"(?::[0-9]{1,5})?(?:[/?#](?:[a-z0-9!*';:=+,.$/%#\[\]\-–_~&|@()?]*[a-z0-9=_#/+\-&~)])?)?"
_URL = re.compile(rf"(?<![a-z0-9@$#._-])(?P<scheme>https?://)?{_HOST}{_REST}", re.IGNORECASE)
_ODD_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_PICTURE = (
    r"[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_STYLE = r"(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|[0-9#*]\ufe0f?\u20e3|[©®\u203c\u2049\u2122\u2139]\ufe0f"
    rf"|{_PICTURE}{_STYLE}(?:\u200d{_PICTURE}{_STYLE})*(?:[\U000e0020-\U000e007f]+)?"
)


def weight(text: str) -> int:
    """Return the weighted length of a post."""
    text = unicodedata.normalize("NFC", text)
    total, end = 0, 0
    for found in _links(text):
        total += _plain(text[end : found.start()]) + _of_link(found)
        end = found.end()
    return total + _plain(text[end:])


def has_link(text: str) -> bool:
    """Return whether X will see a link in the text, which it charges for."""
    return any(_is_sure(found) for found in _links(text))


def without_links(text: str) -> str:
    """Return the text without its links."""
    for found in reversed(_links(text)):
        text = text[: found.start()] + text[found.end() :]
    return text


def _links(text: str) -> list[re.Match[str]]:
    found = list(_URL.finditer(text))
    odd = [one for one in _ODD_URL.finditer(text) if not any(_overlap(one, url) for url in found)]
    return sorted([*found, *odd], key=lambda one: one.start())


def _overlap(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.start() < other.end() and other.start() < one.end()


def _is_sure(found: re.Match[str]) -> bool:
    top = (found.groupdict().get("top") or "").lower()
    return _TOP.fullmatch(top) is not None


def _of_link(found: re.Match[str]) -> int:
    return _LINK if _is_sure(found) else max(_LINK, _plain(found[0]))


def _plain(text: str) -> int:
    if text.isascii():
        return len(text)
    rest, emoji = _EMOJI.subn("", text)
    return 2 * emoji + len(rest) + len(_HEAVY.findall(rest))
