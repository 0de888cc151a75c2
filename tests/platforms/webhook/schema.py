"""What the public schema of the signed webhook promises a receiver: every field and its type."""

from typing import Any

TEXT = (str,)
MAYBE_TEXT = (str, type(None))
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "message.sent": {
        "id": TEXT,
        "thread": TEXT,
        "recipient": TEXT,
        "author": TEXT,
        "author_name": MAYBE_TEXT,
        "text": TEXT,
        "language": TEXT,
        "choices": (list,),
        "attachments": (list,),
        "context": (dict,),
    },
    "post.sent": {"id": TEXT, "text": TEXT, "image": (dict, type(None))},
    "ping": {},
}
ITEMS = {
    "choices": ({"id", "title"}, {"url"}),
    "attachments": ({"name", "content_type", "data"}, set()),
}
AUTHORS = {"bot", "agent", "campaign", "system"}


def violations(event: Any) -> list[str]:
    """Return what is wrong with an event, in words."""
    if not isinstance(event, dict) or set(event) != {"type", "data"}:
        return ["an event has type and data"]
    fields, data = FIELDS.get(event["type"]), event["data"]
    if fields is None or not isinstance(data, dict):
        return [f"no such event: {event['type']}"]
    found = [f"{name}: unexpected" for name in sorted(set(data) - set(fields))]
    for name, types in fields.items():
        if not isinstance(data.get(name), types) or name not in data:
            found.append(f"{name}: missing or of a wrong type")
    if "author" in fields and data.get("author") not in AUTHORS:
        found.append("author: unknown")
    for name, (needed, possible) in ITEMS.items():
        for item in data.get(name) or ():
            if not needed <= set(item) <= needed | possible:
                found.append(f"{name}: an item has {sorted(item)}")
    if data.get("image") and set(data["image"]) != ITEMS["attachments"][0]:
        found.append(f"image: it has {sorted(data['image'])}")
    return found
