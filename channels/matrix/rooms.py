"""Which rooms are groups: the homeserver knows; we remember what it said."""

import asyncio
from collections.abc import Iterable

from channels.matrix.homeserver import Homeserver, path
from desk.errors import RejectedError

_AT_ONCE = 8
_MOST = 10_000
"""Rooms that are remembered; one that was forgotten is asked about again when somebody speaks in it."""


class Rooms:
    """A group is a room with more than one joined member besides us."""

    def __init__(self, homeserver: Homeserver, user: str) -> None:
        self._homeserver = homeserver
        self._user = user
        self._groups: dict[str, bool] = {}
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def is_group(self, room: str) -> bool | None:
        """Tell whether a room is a group; None when we do not know yet."""
        return self._groups.get(room)

    def know(self, room: str, *, group: bool) -> None:
        """Remember a room."""
        self._groups.pop(room, None)
        self._groups[room] = group
        if len(self._groups) > _MOST:
            del self._groups[next(iter(self._groups))]

    async def learn(self, rooms: Iterable[str]) -> None:
        """Ask about rooms; where we are not any more, nothing can be answered, and it counts as no group."""
        await asyncio.gather(*(self._learn(room) for room in rooms))

    async def _learn(self, room: str) -> None:
        try:
            async with self._at_once:
                said = await self._homeserver.call("GET", path("rooms", room, "joined_members"))
            self.know(room, group=len(said["joined"].keys() - {self._user}) > 1)
        except RejectedError:
            self.know(room, group=False)
