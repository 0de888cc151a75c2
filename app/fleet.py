"""Rasa's processes together: they load side by side, but no more at once than there are cores."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from app.rasa import RasaChild

IsReady = Callable[[RasaChild], Awaitable[bool]]

_LOOK_SECONDS = 0.3
_LONGEST_LOAD = 120.0


class RasaFleet:
    """Keeps several Rasa processes alive; each is restarted by itself, all end with us."""

    def __init__(self, children: Sequence[RasaChild], is_ready: IsReady, *, at_once: int) -> None:
        """``at_once``: how many load side by side, so that the first is not slowed down by the last."""
        self._children = children
        self._is_ready = is_ready
        self._at_once = at_once

    async def run(self) -> None:
        """Start them and keep them; on cancellation stop them all and wait."""
        slots = asyncio.Semaphore(self._at_once)
        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(self._keep(child, slots))

    async def _keep(self, child: RasaChild, slots: asyncio.Semaphore) -> None:
        async with asyncio.TaskGroup() as group, slots:
            group.create_task(child.run())
            await self._loaded(child)

    async def _loaded(self, child: RasaChild) -> None:
        """Wait until it is ready; one that dies or takes for ever does not hold the others up."""
        deadline = asyncio.get_running_loop().time() + _LONGEST_LOAD
        while child.starts < 2 and asyncio.get_running_loop().time() < deadline:
            if await self._is_ready(child):
                return
            await asyncio.sleep(_LOOK_SECONDS)
