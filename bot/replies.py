"""What the bot said in a turn, in the shape that the application expects."""

from __future__ import annotations

from typing import Any

Reply = dict[str, Any]


def replies_of(events: list[dict[str, Any]]) -> list[Reply]:
    """The replies of a turn in order, from its events; utterances without any content are left out."""
    said = (_reply(event) for event in events if event.get("event") == "bot")
    return [reply for reply in said if any(reply.values())]


def _reply(event: dict[str, Any]) -> Reply:
    data = event.get("data") or {}
    offered = (data.get("buttons") or []) + (data.get("quick_replies") or [])
    reply: Reply = {
        "text": event.get("text"),
        "choices": [_choice(button) for button in offered],
        "custom": data.get("custom") or None,
    }
    if data.get("image"):
        reply["image"] = data["image"]
    return reply


def _choice(button: dict[str, Any]) -> dict[str, str]:
    title = str(button.get("title") or "")
    if button.get("url"):
        return {"title": title, "url": str(button["url"])}
    return {"title": title, "payload": str(button.get("payload") or title)}
