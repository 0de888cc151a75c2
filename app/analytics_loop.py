"""Keeps the analytics fresh: once an hour a child reads what has changed, and once a day it scores everybody.

A child, as learning from a year of orders takes Python for many seconds, in which customers would wait.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.lifeline import lifeline
from desk.settings import Settings

log = structlog.get_logger()

COMMAND = (sys.executable, "-m", "app", "analytics", "refresh", "--daily-scores")
EVERY = timedelta(hours=1)
FIRST = timedelta(seconds=45)
"""After the start, in which the assistant needs the processor more."""
_LONGEST_WORD = 500


class AnalyticsLoop:
    """Any number of processes may run it: who comes while another is at it ends with a word about that."""

    def __init__(
        self,
        settings: Settings,
        *,
        command: Sequence[str] = COMMAND,
        first: timedelta = FIRST,
        every: timedelta = EVERY,
    ) -> None:
        self._settings = settings
        self._command = command
        self._first = first
        self._every = every

    async def run(self) -> None:
        """Refresh for ever."""
        await asyncio.sleep(self._first.total_seconds())
        while True:
            await self.once()
            await asyncio.sleep(self._every.total_seconds())

    async def once(self) -> bool:
        """Refresh in a child, and say whether it went well; what it says goes to the log.

        It ends when we do, also if we are killed.
        """
        with lifeline() as line:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                env=os.environ | _told(self._settings) | line.variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=[line.end],
            )
            try:
                _, said = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode:
            word = " ".join(said.decode(errors="replace").split())[-_LONGEST_WORD:]
            log.warning("analytics_refresh_failed", code=process.returncode, said=word)
        return not process.returncode


def _told(settings: Settings) -> dict[str, str]:
    """Return the settings that were not read from the surroundings, for whoever set them otherwise."""
    told = {
        "FRONTDESK_DATABASE_URL": settings.database_url,
        "FRONTDESK_DATA_DIR": str(settings.data_dir.resolve()),
    }
    if settings.analytics_url:
        told["FRONTDESK_ANALYTICS_URL"] = settings.analytics_url
    return told
