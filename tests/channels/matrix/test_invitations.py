"""Which events of a room were written between our invitation and our coming."""

from typing import Any

import pytest

from channels.matrix.invitations import written_before
from tests.platforms.matrix.server import BOT


def event(word: str) -> dict[str, Any]:
    """Return a membership of ours, or somebody's message."""
    kind, _, number = word.partition(" ")
    if kind in ("invite", "join", "leave"):
        ours = {"type": "m.room.member", "state_key": BOT, "content": {"membership": kind}}
        return {"event_id": word, **ours}
    return {"event_id": word, "type": "m.room.message", "number": number}


@pytest.mark.parametrize(
    ("room", "join", "written"),
    [
        ("a, invite, b, c, join, d", "join", ["b", "c"]),
        ("a, invite, join", "join", []),
        ("invite, b, join, c, join 2, d", "join 2", []),
        ("invite, b, join, c, join 2, d", "join", ["b"]),
        ("invite, a, join, leave, b, invite 2, c, join 2", "join 2", ["c"]),
        ("leave, b, join 2", "join 2", []),
        ("b, join", "join", None),
        ("b, c", "join", None),
        ("", "join", None),
    ],
)
def test_what_was_written_before_we_came(room: str, join: str, written: list[str] | None) -> None:
    events = [event(word) for word in room.split(", ") if word]
    found = written_before(events[::-1], join, BOT)
    assert (None if found is None else [one["event_id"] for one in found]) == written
