"""Which button a customer means: by its id, its title or its number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"^\s*[(#]?\s*([1-9]\d?)\s*[).。、]?\s*$")


@dataclass(frozen=True, kw_only=True)
class Picked:
    """A choice that was taken."""

    title: str
    payload: str | None


def by_id(choice_id: str, recent: Sequence[list[dict[str, Any]]]) -> Picked | None:
    """Return the choice with this id among the recent messages' choices."""
    for choices in recent:
        for choice in choices:
            if choice["id"] == choice_id:
                return Picked(title=choice["title"], payload=choice.get("payload"))
    return None


def by_text(text: str, latest: list[dict[str, Any]]) -> Picked | None:
    """Return the choice of the latest message whose title or number the customer typed.

    A title wins over a number: in a rating the button "5" may stand first.
    """
    offered = [choice for choice in latest if choice.get("payload")]
    wanted = text.strip().casefold()
    for choice in offered:
        if choice["title"].strip().casefold() == wanted:
            return Picked(title=choice["title"], payload=choice["payload"])
    number = _NUMBER.match(text)
    if number and int(number[1]) <= len(offered):
        choice = offered[int(number[1]) - 1]
        return Picked(title=choice["title"], payload=choice["payload"])
    return None
