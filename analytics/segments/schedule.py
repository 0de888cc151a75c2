"""Refreshes the segments that are due. The rows say which; any number of processes may run it."""

import asyncio

import structlog

from analytics.segments.refresh import Refresher
from desk.errors import FrontdeskError

log = structlog.get_logger()

_POLL = 5.0


class SegmentSchedule:
    """Looks what is due, and does it."""

    def __init__(self, refresher: Refresher, *, poll: float = _POLL) -> None:
        self._refresher = refresher
        self._poll = poll

    async def run(self) -> None:
        """Refresh for ever."""
        while True:
            while await self.step():
                pass
            await asyncio.sleep(self._poll)

    async def step(self) -> bool:
        """Refresh the segment that waits longest; say whether one was refreshed."""
        segment_id = await self._refresher.due()
        if segment_id is None:
            return False
        try:
            run = await self._refresher.refresh(segment_id)
        except FrontdeskError as error:
            log.warning(
                "segment_not_refreshed", segment_id=segment_id, reason=type(error).__name__
            )
            return False
        log.info(
            "segment_refreshed",
            segment_id=segment_id,
            size=run.size,
            entered=run.entered,
            left=run.left,
        )
        return True
