"""Slack's markup as text that people and the assistant can read, and text as something that Slack takes literally."""

import re

_TOKEN = re.compile(r"<([^<>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def mentions(text: str, user: str | None) -> bool:
    """Tell whether a text addresses a user."""
    return user is not None and (f"<@{user}>" in text or f"<@{user}|" in text)


def readable(text: str, bot: str | None) -> str:
    """Return what the customer sees of a text, without the mention of our bot."""
    if bot is not None:
        text = re.sub(rf"\s*<@{re.escape(bot)}(\|[^<>]*)?>[:,]?", "", text).strip()
    parts = _TOKEN.split(text)
    # Every other part is what stood in angle brackets; an escaped bracket is no token, so this comes first.
    shown = (_shown(part) if at % 2 else part for at, part in enumerate(parts))
    return _unescaped("".join(shown))


def escaped(text: str) -> str:
    """Return a text in which nothing is a mention, a link or any other token of Slack's."""
    for entity, character in reversed(_ENTITIES):
        text = text.replace(character, entity)
    return text


def _unescaped(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def _shown(token: str) -> str:
    target, _, label = token.partition("|")
    if target[:1] in ("@", "#"):
        return target[0] + label if label else target
    if target.startswith("!date^"):
        return label
    if target.startswith("!"):
        return label or "@" + target[1:].rpartition("^")[2]
    if not label or label == target:
        return target
    if target.startswith(("mailto:", "tel:")) or target.endswith(f"//{label}"):
        return label
    return f"{label} ({target})"
