"""Actions as JSON and back."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from desk.agentdesk.port import (
    Action,
    Button,
    Changed,
    Choice,
    Commanded,
    Deed,
    Held,
    HomeOpened,
    Person,
    Place,
    Pressed,
    Retried,
    RootGone,
    Wrote,
)
from desk.message import Attachment
from desk.store.storable import storable

_DEEDS: dict[str, type[Deed]] = {
    kind.__name__: kind
    for kind in (Pressed, Wrote, Changed, Held, Retried, Commanded, HomeOpened, RootGone)
}
_FIELDS: dict[str, Any] = {
    "button": Button,
    "choice": Choice,
    "place": lambda value: Place(**value),
    "attachments": lambda values: tuple(file(value) for value in values),
}


def to_json(action: Action) -> dict[str, Any]:
    """Return what is stored; contents of files never are."""
    known: dict[str, Any] = _storable(asdict(action))
    known["at"] = action.at.isoformat()
    known["kind"] = type(action.deed).__name__
    for one in known["deed"].get("attachments", ()):
        one["content"] = None
    return known


def from_json(known: Mapping[str, Any]) -> Action:
    """Return an action as it was."""
    deed = {
        name: _FIELDS[name](value) if name in _FIELDS else value
        for name, value in known["deed"].items()
    }
    return Action(
        external_id=known["external_id"],
        person=Person(**known["person"]),
        at=datetime.fromisoformat(known["at"]),
        deed=_DEEDS[known["kind"]](**deed),
        place=Place(**known["place"]),
    )


def file(known: Mapping[str, Any]) -> Attachment:
    """Return a file by its reference."""
    return Attachment(**known)


def _storable(value: Any) -> Any:
    """Leave out of every text what a database refuses."""
    if isinstance(value, dict):
        return {key: _storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(one) for one in value]
    return storable(value) if isinstance(value, str) else value
