"""Finds an event's class by its name in a table; Rasa walks through all classes for each event it reads."""

from __future__ import annotations

from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses

_as_shipped = Event.resolve_by_type
_classes: dict[str, type[Event]] = {}


def _resolve(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    if type_name not in _classes:
        for event_class in reversed(all_subclasses(Event)):
            _classes[event_class.type_name] = event_class
    return _classes.get(type_name) or _as_shipped(type_name, default)


def install() -> None:
    """Replaces `Event.resolve_by_type`."""
    Event.resolve_by_type = staticmethod(_resolve)
