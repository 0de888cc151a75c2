"""What the homeserver asks of an application service besides handing it events."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from channels.matrix.reading import is_room, membership_of
from desk.message import WebhookAnswer, WebhookRequest

_PREFIX = ["_matrix", "app", "v1"]


def place_of(request: WebhookRequest) -> list[str]:
    """Return the parts of the path after ``/_matrix/app/v1``; none for a path that is elsewhere."""
    parts = request.query.get("path", "").strip("/").split("/", 4)
    return parts[3:] if parts[:3] == _PREFIX else []


def answer(request: WebhookRequest, user: str) -> WebhookAnswer | None:
    """Return the answer to anything but a transaction."""
    match request.method, place_of(request):
        case "PUT", ["transactions", _]:
            return None
        case "POST", ["ping"]:
            return _said({})
        case "GET", ["users", who] if who == user:
            return _said({})
        case _:
            return _said({"errcode": "M_NOT_FOUND"}, HTTPStatus.NOT_FOUND)


def events_of(body: bytes) -> list[dict[str, Any]]:
    """Return the events of a transaction; what is none is wrapped, so that it can be set aside."""
    events = json.loads(body)["events"]
    return [event if isinstance(event, dict) else {"event": event} for event in events]


@dataclass(frozen=True)
class News:
    """What a transaction is about: rooms where others spoke, or came and went, or invited us; joins of ours."""

    spoken: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    invitations: frozenset[str] = frozenset()
    #: Event id to room.
    joins: Mapping[str, str] = field(default_factory=dict)


def news_of(body: bytes, user: str) -> News:
    """Return what is new in a transaction; nothing when it cannot be read."""
    try:
        events = events_of(body)
    except (ValueError, TypeError, KeyError, RecursionError):
        return News()
    others = [event for event in events if event.get("sender") != user]
    members = [event for event in others if event.get("type") == "m.room.member"]
    joins = (event for event in events if membership_of(event, user) == "join")
    return News(
        spoken=_rooms(event for event in others if "state_key" not in event),
        changed=_rooms(event for event in members if event.get("state_key") != user),
        invitations=_rooms(event for event in members if membership_of(event, user) == "invite"),
        joins={
            str(event.get("event_id")): event["room_id"]
            for event in joins
            if is_room(event.get("room_id"))
        },
    )


def _rooms(events: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(event["room_id"] for event in events if is_room(event.get("room_id")))


def _said(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> WebhookAnswer:
    return WebhookAnswer(
        body=json.dumps(body).encode(), content_type="application/json", status=status
    )
