"""The limits of Block Kit, as its reference states them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LONGEST_BLOCKS = 11_000
"""Of all texts together. Slack does not say it; people who ran into it counted 11,300 to 13,200."""

_IN_MESSAGES = 50
_IN_VIEWS = 100
_INPUTS = {"plain_text_input", "static_select", "users_select", "checkboxes"}
_INLINE = {"text", "link", "emoji", "user", "channel", "usergroup", "broadcast", "date", "color"}


def message_faults(blocks: Any) -> list[str]:
    """Return what Slack refuses in the blocks of a message."""
    return list(_all(blocks, _IN_MESSAGES))


def view_faults(view: Any) -> list[str]:
    """Return what Slack refuses in a modal or a home tab."""
    if not isinstance(view, Mapping) or view.get("type") not in ("modal", "home"):
        return ["view.type"]
    found = list(_all(view.get("blocks"), _IN_VIEWS))
    if view["type"] == "modal":
        found += _plain(view.get("title"), 24, "title")
        inputs = any(block.get("type") == "input" for block in view.get("blocks") or ())
        if inputs and "submit" not in view:
            found.append("a view with inputs needs submit")
        for name in ("submit", "close"):
            found += _plain(view[name], 24, name) if name in view else []
    found += _length(view, "private_metadata", 3_000)
    return found + _length(view, "callback_id", 255)


def characters(value: Any) -> int:
    """Return how long all texts in blocks are together, in UTF-16 units."""
    if isinstance(value, Mapping):
        own = value.get("text")
        here = len(own.encode("utf-16-le")) // 2 if isinstance(own, str) else 0
        return here + sum(characters(one) for one in value.values())
    return sum(characters(one) for one in value) if isinstance(value, list) else 0


def buttons(blocks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the buttons of a message with the ids of their blocks."""
    for block in blocks:
        elements = [*block.get("elements", ()), block.get("accessory") or {}]
        for element in elements:
            if element.get("type") == "button":
                yield block.get("block_id", ""), element


def _all(blocks: Any, most: int) -> Iterator[str]:
    if not isinstance(blocks, list) or not all(isinstance(one, Mapping) for one in blocks):
        yield "blocks must be a list of objects"
        return
    if len(blocks) > most:
        yield f"more than {most} blocks"
    for at, block in enumerate(blocks):
        check = _CHECKS.get(str(block.get("type")))
        if check is None:
            yield f"blocks[{at}]: unknown type {block.get('type')}"
            continue
        for fault in (*check(block), *_length(block, "block_id", 255)):
            yield f"blocks[{at}]: {fault}"
    for name, times in Counter(b["block_id"] for b in blocks if "block_id" in b).items():
        if times > 1:
            yield f"block_id {name} twice"


def _section(block: Mapping[str, Any]) -> list[str]:
    found = _text(block["text"], 3_000, "text") if "text" in block else []
    if "text" not in block and "fields" not in block:
        found.append("neither text nor fields")
    if len(block.get("fields", ())) > 10:
        found.append("more than 10 fields")
    for one in block.get("fields", ()):
        found += _text(one, 2_000, "field")
    if "accessory" in block:
        found += _element(block["accessory"])
    return found


def _actions(block: Mapping[str, Any]) -> list[str]:
    elements = block.get("elements") or []
    found = [] if 1 <= len(elements) <= 25 else [f"{len(elements)} elements"]
    for element in elements:
        found += _element(element)
    names = Counter(one.get("action_id") for one in elements)
    return found + [f"action_id {name} twice" for name, times in names.items() if times > 1]


def _element(element: Mapping[str, Any]) -> list[str]:
    if "type" not in element:
        return ["element without type"]
    found = _length(element, "action_id", 255)
    if element["type"] == "button":
        found += _plain(element.get("text"), 75, "button text")
        found += _length(element, "value", 2_000) + _length(element, "url", 3_000)
        if element.get("style", "primary") not in ("primary", "danger"):
            found.append("style")
    if element["type"] in ("static_select", "checkboxes"):
        most = 100 if element["type"] == "static_select" else 10
        given = element.get("options") or []
        found += [] if 1 <= len(given) <= most else [f"{len(given)} options"]
        for one in given:
            found += _text(one.get("text"), 75, "option") + _length(one, "value", 150)
    if element["type"] == "plain_text_input" and not 1 <= element.get("max_length", 1) <= 3_000:
        found.append("max_length")
    return found


def _context(block: Mapping[str, Any]) -> list[str]:
    elements = block.get("elements") or []
    found = [] if 1 <= len(elements) <= 10 else [f"{len(elements)} elements"]
    for one in elements:
        found += _text(one, 2_000, "context") if one.get("type") != "image" else []
    return found


def _input(block: Mapping[str, Any]) -> list[str]:
    found = _plain(block.get("label"), 2_000, "label")
    if "element" in block and block["element"].get("type") not in _INPUTS:
        found.append(f"input of {block['element'].get('type')}")
    return found + _element(block.get("element") or {})


def _rich_text(block: Mapping[str, Any]) -> list[str]:
    found = [] if block.get("elements") else ["empty"]
    for part in block.get("elements") or ():
        if part.get("type") not in (
            "rich_text_section",
            "rich_text_list",
            "rich_text_quote",
            "rich_text_preformatted",
        ):
            found.append(f"unknown {part.get('type')}")
            continue
        if not part.get("elements"):
            found.append(f"{part['type']} is empty")
        if part["type"] != "rich_text_list":
            found += [f for one in part.get("elements") or () for f in _inline(one)]
    return found


def _inline(element: Mapping[str, Any]) -> list[str]:
    kind = element.get("type")
    if kind not in _INLINE:
        return [f"unknown element {kind}"]
    if kind == "text" and not element.get("text"):
        return ["empty text"]
    if kind == "link" and "://" not in str(element.get("url")):
        return ["link without url"]
    return []


def _text(value: Any, most: int, name: str) -> list[str]:
    if not isinstance(value, Mapping) or value.get("type") not in ("plain_text", "mrkdwn"):
        return [f"{name} is no text object"]
    if "emoji" in value and value["type"] == "mrkdwn":
        return [f"{name}: emoji is for plain_text"]
    if not isinstance(value.get("text"), str) or not 1 <= len(value["text"]) <= most:
        return [f"{name}: 1 to {most} characters"]
    return []


def _plain(value: Any, most: int, name: str) -> list[str]:
    if not isinstance(value, Mapping) or value.get("type") != "plain_text":
        return [f"{name} must be plain_text"]
    return _text(value, most, name)


def _length(holder: Mapping[str, Any], name: str, most: int) -> list[str]:
    value = holder.get(name, "")
    return [] if isinstance(value, str) and len(value) <= most else [f"{name}: at most {most}"]


_CHECKS = {
    "section": _section,
    "actions": _actions,
    "context": _context,
    "header": lambda block: _plain(block.get("text"), 150, "header"),
    "divider": lambda block: [],
    "image": lambda block: [] if block.get("alt_text") else ["alt_text"],
    "input": _input,
    "rich_text": _rich_text,
}
