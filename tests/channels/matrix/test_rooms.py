"""What is remembered of rooms has an end."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from channels.matrix import rooms as module
from channels.matrix.homeserver import Homeserver
from channels.matrix.rooms import Rooms
from desk.errors import RejectedError


class Server:
    """Knows one room of three, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def call(self, method: str, place: str) -> Mapping[str, Any]:
        """Answer who is in a room."""
        self.asked += 1
        if "group" not in place:
            raise RejectedError("M_FORBIDDEN")
        return {"joined": {"@us:a.example": {}, "@b:a.example": {}, "@c:a.example": {}}}


async def test_rooms_are_remembered_and_the_oldest_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    server = Server()
    rooms = Rooms(cast(Homeserver, server), "@us:a.example")
    await rooms.learn(["!group"])
    await rooms.learn(["!other"])
    assert rooms.is_group("!group") is True
    assert rooms.is_group("!other") is False
    await rooms.learn([f"!{n}" for n in range(3)])
    assert rooms.is_group("!group") is None
    assert rooms.is_group("!other") is None
    assert rooms.is_group("!2") is False
    assert server.asked == 5
