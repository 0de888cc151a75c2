"""A small system that receives signed events and believes nothing."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook

from desk.clock import Clock
from tests.platforms.webhook.schema import violations

#: How a fault looks: the status and the body of the answer.
_FAULTS = {
    "429": (429, ""),
    "500": (500, "<html>sorry</html>"),
    "503": (503, ""),
    "blocked": (422, '{"unreachable": true}'),
    "revoked": (401, ""),
    "gone": (410, ""),
    "moved": (308, ""),
    "refused": (400, '{"error": "no"}'),
}


class Receiver:
    """Accepts an event once by its id; ``accepted`` are their data in order, ``pings`` how often it was tried."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self.secret = secret
        self.url = ""
        self.accepted: list[dict[str, Any]] = []
        self.pings = 0
        self.says: dict[str, str] | None = None
        self.attempts: list[str] = []
        self.violations: list[str] = []
        self.struck: Counter[str] = Counter()
        self._clock = clock
        self._bodies: dict[str, bytes] = {}
        self._faults: list[tuple[str, str]] = []
        self._stopped = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, secret: str, clock: Clock) -> AsyncIterator[Self]:
        """Run one on a free port."""
        receiver = cls(secret, clock)
        app = web.Application(client_max_size=50_000_000)
        app.router.add_route("*", "/{path:.*}", receiver._receive)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
        try:
            yield receiver
        finally:
            receiver._stopped.set()
            await runner.cleanup()

    def will(self, fault: str, *, retry_after: str | float = "") -> None:
        """Let the next event meet a fault."""
        self._faults.append((fault, str(retry_after or "")))

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        event_id = request.headers.get("webhook-id", "")
        self.attempts.append(event_id)
        if self._faults:
            fault, retry_after = self._faults.pop(0)
            self.struck[fault] += 1
            if fault == "timeout":
                self._accept(request, body, event_id)
                await self._stopped.wait()
                return web.Response(status=500)
            status, text = _FAULTS[fault]
            headers = {"Retry-After": retry_after} if retry_after else {}
            if fault == "moved":
                headers["Location"] = "/elsewhere"
            return web.Response(status=status, text=text, headers=headers)
        accepted = self._accept(request, body, event_id)
        if accepted and self.says is not None:
            return web.json_response(self.says)
        return web.Response(status=204 if accepted else 400)

    def _accept(self, request: web.Request, body: bytes, event_id: str) -> bool:
        wrong = self._wrong(request, body)
        self.violations += wrong
        if wrong:
            return False
        if self._bodies.setdefault(event_id, body) != body:
            self.violations.append("the same id with another body")
            return False
        event = json.loads(body)
        if event["type"] == "ping":
            self.pings += 1
        elif event["data"]["id"] != event_id:
            self.violations.append("the webhook-id is not the message's")
        elif event["data"] not in self.accepted:
            self.accepted.append(event["data"])
        return True

    def _wrong(self, request: web.Request, body: bytes) -> list[str]:
        if (request.method, request.path) != ("POST", "/events"):
            return [f"{request.method} {request.path}"]
        if request.content_type != "application/json":
            return [f"content type {request.content_type}"]
        at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        if abs(self._clock() - at) > timedelta(minutes=5):
            return ["a timestamp that is five minutes off"]
        signature = Webhook(self.secret).sign(request.headers["webhook-id"], at, body.decode())
        if signature not in request.headers["webhook-signature"].split():
            return ["a wrong signature"]
        return violations(json.loads(body))
