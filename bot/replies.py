"""What the bot said in a turn and how it read the message, in the shape that the application expects."""

from __future__ import annotations

from typing import Any

Reply = dict[str, Any]
FALLBACK = "nlu_fallback"
REQUESTED = "requested_slot"
"""Rasa's slot for the question that a form has asked last; empty when none is open."""
NOT_UNDERSTOOD = frozenset(
    {"utter_not_understood", "utter_did_you_mean", "utter_offer_human", "utter_default"}
)


def replies_of(events: list[dict[str, Any]]) -> list[Reply]:
    """The replies of a turn in order, from its events; utterances without any content are left out."""
    said = (_reply(event) for event in events if _is_own(event))
    return [reply for reply in said if any(reply.values())]


def reading_of(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """How the customer's message was understood: the first one, as actions may go on in the customer's name."""
    heard = next((event for event in events if event.get("event") == "user"), None)
    if heard is None:
        return None
    parsed = heard.get("parse_data") or {}
    sentiment = parsed.get("sentiment") or {}
    ran = {str(event.get("name")) for event in events if event.get("event") == "action"}
    said = {_response(event) for event in events if _is_own(event)}
    slots = {
        str(one.get("name")): one.get("value") for one in events if one.get("event") == "slot"
    }
    return {
        "intent": (parsed.get("intent") or {}).get("name"),
        "confidence": _confidence(parsed),
        "mood": sentiment.get("polarity"),
        "anger": sentiment.get("anger") or 0.0,
        "fallback": not said.isdisjoint(NOT_UNDERSTOOD),
        "form": any(name.endswith("_form") and not name.startswith("validate_") for name in ran),
        "asks": slots.get(REQUESTED) is not None,
        "slots": {name: value for name, value in slots.items() if _is_plain(value)},
    }


def _is_plain(value: Any) -> bool:
    """Whether a slot was emptied, or holds what a person can read."""
    return value is None or isinstance(value, (str, int, float))


def _is_own(event: dict[str, Any]) -> bool:
    """Whether the bot said it in this turn, and not a person before."""
    return event.get("event") == "bot" and "agent" not in (event.get("metadata") or {})


def _response(event: dict[str, Any]) -> str | None:
    return (event.get("metadata") or {}).get("utter_action")


def _confidence(parsed: dict[str, Any]) -> float:
    """How sure the classifier was of its best guess, also when that was not enough."""
    intent = parsed.get("intent") or {}
    if intent.get("name") != FALLBACK:
        return float(intent.get("confidence") or 0.0)
    ranking = parsed.get("intent_ranking") or []
    return max(
        (float(one["confidence"]) for one in ranking if one["name"] != FALLBACK), default=0.0
    )


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
