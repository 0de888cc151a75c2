"""A message as X shows it: a direct message as it is, a public answer as one post or a numbered thread."""

import html
import re

from channels.x.weight import LONGEST_POST, weight, without_links
from desk.channel import TextLimit
from desk.message import OutboundMessage
from desk.outbox.shape import parts
from desk.tables.conversation import Author

_NUMBER = " (99/99)"
_MENTION = re.compile(r"(?<![A-Za-z0-9_!#$%&*@＠])([@＠])(?=[A-Za-z0-9_])")
_LEADING = re.compile(r"^\s*(?:@\w{1,15}\s+)+(?=\S)", re.ASCII)


def posts(message: OutboundMessage) -> list[str]:
    """Return the posts of a public answer: each fits X's 280 weighted characters, several are numbered.

    What a machine writes mentions nobody: a customer who calls himself ``@somebody`` must not make us call them.
    """
    text = message.text
    if message.author is not Author.AGENT:
        text = _MENTION.sub("\\1\u200b", text)
    if weight(text) <= LONGEST_POST:
        return [text]
    found = parts(text, TextLimit(longest=LONGEST_POST - len(_NUMBER), length=weight))
    return [f"{part} ({number}/{len(found)})" for number, part in enumerate(found, 1)]


def received(text: str, *, with_media: bool = False) -> str:
    """Return a customer's words: X escapes ``& < >``, adds a link for media, and mentions whom it answers first."""
    text = html.unescape(text) if "&" in text else text
    if with_media:
        text = re.sub(r"https://t\.co/\w+$", "", text.rstrip())
    return _LEADING.sub("", text).strip()


def same_words(ours: str, theirs: str) -> bool:
    """Return whether X shows our text as this one: it shortens links and puts mentions before it."""
    return _bare(ours) == _bare(received(theirs))


def _bare(text: str) -> str:
    return "".join(without_links(_LEADING.sub("", text)).split())
