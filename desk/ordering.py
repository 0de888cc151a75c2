"""The order of things that people arrange: rows with an ``id`` and a ``position`` from 1."""

from typing import Protocol


class Placed(Protocol):
    """Something that has a place among others."""

    id: int
    position: int


def move[P: Placed](rows: list[P], wanted: int, step: int) -> P | None:
    """Move the row of an id by some places, at most to an end, and number all anew; None if it is not there."""
    place = next((n for n, row in enumerate(rows) if row.id == wanted), None)
    if place is None:
        return None
    row = rows.pop(place)
    rows.insert(max(0, min(len(rows), place + step)), row)
    for number, each in enumerate(rows, 1):
        each.position = number
    return row
