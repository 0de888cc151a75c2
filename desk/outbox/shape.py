"""A message as its channel can show it: numbered choices where there are no buttons, parts where it is long."""

import re
from collections.abc import Sequence
from typing import Protocol

from desk.channel import Feature, TextLimit
from desk.dialogue.port import Button
from desk.phrases import Phrase, say

_BREAKS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|(?<=[。！？])[”’」』）]*"),
    re.compile(r"\n"),
    re.compile(r"(?<=[,;:，；：、])\s*"),
    re.compile(r"\s+"),
)
"""Where a text may be broken, the best first: paragraphs, sentences, lines, clauses, words."""
_JOINING = "\u200d\ufe0f"


class Shape(Protocol):
    """What a channel can show."""

    @property
    def features(self) -> frozenset[Feature]:
        """What it can show."""

    @property
    def limit(self) -> TextLimit | None:
        """How long a message may be."""


def degraded(
    text: str, buttons: Sequence[Button], features: frozenset[Feature], language: str
) -> str:
    """Return the text with what the channel cannot show as buttons written below it, in the order of the buttons.

    Choices are numbered as :func:`desk.conversations.choices.by_text` counts them.
    """
    lines = []
    if Feature.BUTTONS not in features:
        offered = [button.title for button in buttons if button.payload]
        lines += [f"{number}. {title}" for number, title in enumerate(offered, 1)]
        if offered:
            lines.append(say(Phrase.CHOOSE, language))
    if Feature.LINKS not in features:
        lines += [f"{button.title}: {button.url}" for button in buttons if button.url]
    return "\n\n".join(part for part in (text, "\n".join(lines)) if part)


def parts(text: str, limit: TextLimit | None) -> list[str]:
    """Return the text in parts that fit the limit, broken at the best place that leaves the part half full."""
    found = []
    while limit is not None and limit.length(text) > limit.longest:
        end = _end(text, _fitting(text, limit))
        found.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [part for part in (*found, text) if part] or [text]


def _fitting(text: str, limit: TextLimit) -> int:
    """Return how many characters of the text fit, at least one; the length grows with each character."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if limit.length(text[:middle]) <= limit.longest:
            low = middle
        else:
            high = middle - 1
    return low


def _end(text: str, most: int) -> int:
    for kind in _BREAKS:
        ends = [match.end() for match in kind.finditer(text, 0, most + 1) if match.start() <= most]
        if ends and min(ends[-1], most) > most // 2:
            return min(ends[-1], most)
    while (
        most > 1
        and text[most : most + 1]
        and (text[most] in _JOINING or text[most - 1] in _JOINING)
    ):
        most -= 1  # an emoji of several characters stays whole
    return most
