"""A platform that counts whom it has delivered to, is strict about its limit, and kills who sends at a bad moment."""

import os
import random
import signal
import time
from collections import Counter, deque
from datetime import timedelta

from aiohttp import web

from desk.channel import Rate

RATE = Rate(400, timedelta(seconds=1))


class CampaignPlatform:
    """``kill_at`` are the numbers of the requests in which their sender dies: before the delivery or after it."""

    def __init__(self, kill_at: set[int], seed: int) -> None:
        self.delivered: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.over_limit = 0
        self.requests = 0
        self._kill_at = kill_at
        self._random = random.Random(seed)
        self._recent: deque[float] = deque()
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen; return the port."""
        app = web.Application()
        app.router.add_post("/send", self._send)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _send(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.requests += 1
        when = self._random.choice(("before", "after")) if self.requests in self._kill_at else None
        if when == "before":
            return self._die(told["pid"], when)
        moment = time.monotonic()
        while self._recent and self._recent[0] <= moment - RATE.per.total_seconds():
            self._recent.popleft()
        if len(self._recent) >= RATE.count:
            self.over_limit += 1
            return web.Response(status=429)
        self._recent.append(moment)
        self.delivered[told["to"]] += 1
        if when == "after":
            return self._die(told["pid"], when)
        return web.json_response({"id": f"m{self.requests}"})

    def _die(self, pid: int, when: str) -> web.Response:
        os.kill(pid, signal.SIGKILL)
        self.killed[when] += 1
        return web.Response(status=503)  # nobody is there to hear it
