"""A small faulty proxy before the Matrix server: the real one answers everything but what is told to fail."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
from aiohttp import web

#: How a fault looks: the status, and the body in the homeserver's own words.
_FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    "429": (429, {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests"}),
    "500": (500, {"errcode": "M_UNKNOWN", "error": "Internal server error"}),
    "502": (502, {}),
    "blocked": (403, {"errcode": "M_FORBIDDEN", "error": "User is not in the room"}),
    "revoked": (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"}),
    "refused": (413, {"errcode": "M_TOO_LARGE", "error": "event too large"}),
    "moved": (308, {}),
}
_DROPPED = {"transfer-encoding", "content-encoding", "content-length", "connection"}


class Proxy:
    """Passes everything on; the next message, or what :meth:`will` names, meets a fault, counted in ``struck``.

    It also looks for what the homeserver forgives: a token in an address, a transaction with another content.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.url = ""
        self.struck: Counter[str] = Counter()
        self.violations: list[str] = []
        self._client = client
        self._faults: list[tuple[str, float, str]] = []
        self._contents: dict[str, Any] = {}
        self._stopped = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, target: str) -> AsyncIterator[Self]:
        """Run one on a free port."""
        client = httpx.AsyncClient(base_url=target, timeout=60)
        proxy = cls(client)
        app = web.Application(client_max_size=100_000_000)
        app.router.add_route("*", "/{path:.*}", proxy._pass)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            proxy._stopped.set()
            await client.aclose()
            await runner.cleanup()

    def will(self, fault: str, *, retry_after: float = 0, at: str = "/send/") -> None:
        """Let the next request whose path holds ``at`` meet a fault."""
        self._faults.append((fault, retry_after, at))

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self._look(request, body)
        fault = next((one for one in self._faults if one[2] in request.path), None)
        if fault is None:
            return await self._real(request, body)
        self._faults.remove(fault)
        kind, retry_after, _ = fault
        self.struck[kind] += 1
        if kind == "timeout":
            await self._real(request, body)
            await self._stopped.wait()
        if kind in ("timeout", "cut"):
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=500)
        status, said = _FAULTS[kind]
        headers = {"Location": "/elsewhere"} if kind == "moved" else {}
        if retry_after:
            said = said | {"retry_after_ms": int(retry_after * 1000)}
        return web.json_response(said, status=status, headers=headers)

    async def _real(self, request: web.Request, body: bytes) -> web.Response:
        kept = {"authorization", "content-type"}
        answer = await self._client.request(
            request.method,
            request.raw_path,
            content=body,
            headers={k: v for k, v in request.headers.items() if k.lower() in kept},
        )
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _DROPPED}
        return web.Response(status=answer.status_code, body=answer.content, headers=headers)

    def _look(self, request: web.Request, body: bytes) -> None:
        if "access_token" in request.query:
            self.violations.append("a token in an address")
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            self.violations.append("no token")
        if "/send/" in request.path:
            # A file that is uploaded again has another address; that is all that may differ.
            content = json.loads(body) | {"url": ""}
            if self._contents.setdefault(request.path, content) != content:
                self.violations.append("a transaction with another content")
