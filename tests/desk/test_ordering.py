"""Things that people arrange go where they are put, and are numbered from 1."""

from dataclasses import dataclass

import pytest

from desk.ordering import move


@dataclass
class Thing:
    """Something with a place."""

    id: int
    position: int


@pytest.mark.parametrize(
    ("wanted", "step", "order"),
    [
        (3, -1, [1, 3, 2]),
        (1, 1, [2, 1, 3]),
        (1, -1, [1, 2, 3]),
        (3, 9, [1, 2, 3]),
        (1, 9, [2, 3, 1]),
        (3, -9, [3, 1, 2]),
    ],
)
def test_a_thing_is_moved(wanted: int, step: int, order: list[int]) -> None:
    rows = [Thing(1, 4), Thing(2, 7), Thing(3, 9)]
    moved = move(rows, wanted, step)
    assert moved is not None
    assert moved.id == wanted
    assert [row.id for row in rows] == order
    assert [row.position for row in rows] == [1, 2, 3]


def test_what_is_not_there_moves_nothing() -> None:
    rows = [Thing(1, 4)]
    assert move(rows, 2, 1) is None
    assert rows == [Thing(1, 4)]
