"""Accepts invitations, and reads what was written between an invitation and our coming.

A homeserver pushes the events of a room once we are in it, and many clients invite and write in the same moment. Our
own join is the first event that is pushed: with it we read what is before it.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog

from channels.matrix.homeserver import Homeserver, path
from channels.matrix.reading import membership_of
from desk.errors import FrontdeskError, RejectedError, RetryableError

log = structlog.get_logger()

#: How long the others wait for a join, in seconds: it can lead to servers far away. It goes on without them.
_PATIENCE = 10.0
_PAUSE = 1.0
_TRIES = 30
_PAGES = 10

type Event = Mapping[str, Any]


class Invitations:
    """Accepts invitations to ``user``, whoever sends them."""

    def __init__(
        self,
        homeserver: Homeserver,
        user: str,
        *,
        patience: float = _PATIENCE,
        pause: float = _PAUSE,
    ) -> None:
        self._homeserver = homeserver
        self._user = user
        self._patience = patience
        self._pause = pause
        self._joining: set[asyncio.Task[None]] = set()

    async def accept(self, rooms: Iterable[str]) -> None:
        """Join rooms, waiting a while for it."""
        joins = {asyncio.create_task(self._join(room)) for room in rooms}
        for join in joins:
            self._joining.add(join)
            join.add_done_callback(self._joining.discard)
        if joins:
            await asyncio.wait(joins, timeout=self._patience)

    async def written(self, room: str, join: str) -> list[Event]:
        """Return what is in a room between the invitation and our join, the event ``join``; oldest first."""
        query, events = {"dir": "b", "limit": "100"}, list[Event]()
        try:
            for _ in range(_PAGES):
                messages = path("rooms", room, "messages")
                page = await self._homeserver.call("GET", messages, query=query)
                events += page["chunk"]
                found = written_before(events, join, self._user)
                if found is not None or "end" not in page:
                    return found or []
                query = query | {"from": page["end"]}
        except RejectedError as error:  # we are not in there any more
            log.info("matrix_room_closed", error=str(error))
        return []

    async def close(self) -> None:
        """Stop joining."""
        for join in list(self._joining):
            join.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)

    async def _join(self, room: str) -> None:
        for _ in range(_TRIES):
            try:
                await self._homeserver.call("POST", path("rooms", room, "join"), {})
                return
            except RetryableError:
                await asyncio.sleep(self._pause)
            except FrontdeskError as error:  # the invitation was withdrawn, or the room is closed
                log.warning("matrix_join_refused", error=str(error))
                return
        log.warning("matrix_join_failed", tries=_TRIES)


def written_before(events: Sequence[Event], join: str, user: str) -> list[Event] | None:
    """Return what was written between an invitation and the join, oldest first; ``events`` are a room's newest first.

    A change of our name looks like a join. It follows a join, and there is nothing to be read. None if the invitation
    is further back.
    """
    found: list[Event] | None = None
    for event in events:
        if found is None:
            found = [] if event["event_id"] == join else None
            continue
        membership = membership_of(event, user)
        if membership:
            return found[::-1] if membership == "invite" else []
        found.append(event)
    return None
