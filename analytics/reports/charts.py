"""Charts for whoever asks: drawn by a process that lives while it is needed, and kept by what they show."""

import asyncio
import base64
import sys
from collections import OrderedDict
from hashlib import blake2b
from pathlib import Path

import msgspec
import structlog

from analytics.reports.order import Drawn, Order
from desk.errors import RetryableError

log = structlog.get_logger()

_IDLE = 300.0
"""Seconds after which the process that draws is ended; it takes 150 MB."""
_PATIENCE = 60.0
"""Seconds for one chart; the first of a process takes several."""
_KEPT = 400
_LONGEST_LINE = 32 * 1024 * 1024


class ChartError(RetryableError):
    """The chart could not be drawn; try again."""


class Charts:
    """Draws one chart at a time. ``fonts`` is a folder with fonts for PNG that the system does not have."""

    def __init__(self, *, fonts: Path | None = None, idle: float = _IDLE) -> None:
        self._fonts = fonts
        self._idle = idle
        self._process: asyncio.subprocess.Process | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    @property
    def is_running(self) -> bool:
        """Whether there is a process that draws."""
        return self._process is not None and self._process.returncode is None

    async def draw(self, order: Order) -> bytes:
        """Return a chart as SVG or PNG.

        Raises:
            ChartError: it could not be drawn.
        """
        key = version(order)
        async with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            drawn = await self._draw(order)
            self._kept[key] = drawn
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return drawn

    async def _draw(self, order: Order) -> bytes:
        if self._resting:
            self._resting.cancel()
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._asked(order)
        except (OSError, TimeoutError, ValueError, msgspec.DecodeError) as error:
            await self.close()
            log.warning("chart_failed", error=type(error).__name__)
            raise ChartError from error
        self._resting = asyncio.get_running_loop().call_later(self._idle, self._rest)
        if answer.error:
            log.warning("chart_failed", error=answer.error)
            raise ChartError
        return base64.b64decode(answer.data)

    async def _asked(self, order: Order) -> Drawn:
        process = self._process if self.is_running else None
        process = process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise OSError("the process that draws has no pipes")
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise OSError("the process that draws has ended")
        return msgspec.json.decode(line, type=Drawn)

    async def _start(self) -> asyncio.subprocess.Process:
        fonts = [str(self._fonts)] if self._fonts else []
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "analytics.reports.drawing",
            *fonts,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        return self._process

    def _rest(self) -> None:
        if self._process and self._process.stdin and not self._turn.locked():
            self._process.stdin.close()  # it ends when there are no more orders
            self._process = None

    async def close(self) -> None:
        """End the process that draws."""
        if self._resting:
            self._resting.cancel()
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.kill()
            await process.wait()


def version(order: Order) -> str:
    """Return what a chart is known by: the same for the same content, whoever asks."""
    return blake2b(msgspec.json.encode(order), digest_size=12).hexdigest()
