"""Block Kit within Slack's limits. Whatever people wrote is literal text here: never mrkdwn, never a link."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.slack.text import escaped

type Block = dict[str, Any]

LONGEST_HEADER = 150
LONGEST_TITLE = 75
LONGEST_FIELD = 2_000
LONGEST_TEXT = 3_000
MOST_FIELDS = 10
_LONGEST_LABEL = 50
_LONGEST_URL = 3_000
_LONGEST_NOTIFICATION = 1_000
_EMPTY = "–"

# Controls, and what turns the direction of writing around: a name must not rearrange the words beside it.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return a text without control characters and halves of characters."""
    whole = text.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    return _UNSEEN.sub("", whole)


def cut(text: str, most: int) -> str:
    """Return a text of at most ``most`` UTF-16 units, the strictest way in which Slack may count."""
    units = clean(text).encode("utf-16-le")
    if len(units) <= 2 * most:
        return units.decode("utf-16-le")
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def seen(text: str, most: int) -> str:
    """Return a cut text, and a dash in place of nothing: Slack refuses what is blank."""
    return cut(text, most).strip() or _EMPTY


def notification(text: str) -> str:
    """Return the text beside blocks: notifications show it, and there it is markup unless escaped."""
    return escaped(seen(text, _LONGEST_NOTIFICATION))


def plain(text: str, most: int) -> Block:
    """Return a text object that Slack takes literally."""
    return {"type": "plain_text", "text": seen(text, most), "emoji": False}


def header(text: str) -> Block:
    """Return a title."""
    return {"type": "header", "text": plain(one_line(text), LONGEST_HEADER)}


def context(*texts: str) -> list[Block]:
    """Return small print; nothing where there is nothing to say."""
    said = [plain(one, LONGEST_FIELD) for one in texts if one]
    return [{"type": "context", "elements": said[:10]}] if said else []


def fields(pairs: Sequence[tuple[str, str]], longest: int) -> list[Block]:
    """Return labels with their values, ten in a section."""
    shown = [
        plain(f"{cut(label, _LONGEST_LABEL)}\n{cut(value, longest)}", LONGEST_FIELD)
        for label, value in pairs
    ]
    groups = (shown[at : at + MOST_FIELDS] for at in range(0, len(shown), MOST_FIELDS))
    return [{"type": "section", "fields": group} for group in groups]


def words(text: str, **style: bool) -> list[Block]:
    """Return a text as elements of rich text, which Slack never parses."""
    text = clean(text)
    pieces = [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)]
    look = {"style": style} if style else {}
    return [{"type": "text", "text": piece, **look} for piece in pieces]


def since(at: datetime, how: str) -> Block:
    """Return a time as each reader's own clock has it; ``how`` has Slack's tokens, such as ``{ago}``."""
    fallback = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return {"type": "date", "timestamp": int(at.timestamp()), "format": how, "fallback": fallback}


def line(*elements: Block) -> Block:
    """Return a paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(elements)}


def quote(text: str, most: int) -> Block:
    """Return a quotation of at most ``most`` characters."""
    return {"type": "rich_text_quote", "elements": words(seen(text, most))}


def rich(*parts: Block) -> list[Block]:
    """Return a block of paragraphs and quotations."""
    kept = [part for part in parts if part["elements"]]
    return [{"type": "rich_text", "elements": kept}] if kept else []


def button(title: str, action: str, value: str, *, style: str | None = None) -> Block:
    """Return a button; ``value`` comes back when it is pressed."""
    look = {"style": style} if style else {}
    text = plain(title, LONGEST_TITLE)
    return {"type": "button", "text": text, "action_id": action, "value": value, **look}


def link(title: str, action: str, url: str | None) -> list[Block]:
    """Return a button that opens a page of ours; none for what is no address."""
    if not url or not url.startswith(("https://", "http://")) or len(url) > _LONGEST_URL:
        return []
    text = plain(title, LONGEST_TITLE)
    return [{"type": "button", "text": text, "action_id": action, "url": url}]


def actions(elements: Iterable[Block], **more: str) -> list[Block]:
    """Return a row of buttons; none without any."""
    given = list(elements)
    return [{"type": "actions", "elements": given, **more}] if given else []


def one_line(text: str) -> str:
    """Return a text without breaks."""
    return " ".join(text.split())


def walk(value: Any) -> Iterable[Mapping[str, Any]]:
    """Return every object in blocks, however deep."""
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from walk(one)
