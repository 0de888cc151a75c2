"""Emoji as characters: Slack writes ``:wave:`` into a text, and says in the blocks which character that is."""

from collections.abc import Mapping
from typing import Any

from channels.slack.desk.blocks import walk


def with_emoji(text: str, blocks: Any) -> str:
    """Return a text with characters in place of names; a workspace's own emoji keep their names."""
    names = dict(filter(None, map(_named, walk(blocks))))
    for name in sorted(names, key=len, reverse=True):  # with a skin tone before without
        text = text.replace(name, names[name])
    return text


def _named(element: Mapping[str, Any]) -> tuple[str, str] | None:
    if element.get("type") != "emoji" or not element.get("unicode"):
        return None
    tone = element.get("skin_tone")
    name = f":{element['name']}:" + (f":skin-tone-{tone}:" if tone else "")
    return name, "".join(chr(int(one, 16)) for one in str(element["unicode"]).split("-"))
