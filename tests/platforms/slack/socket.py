"""Socket Mode: envelopes, acknowledgements, and what was not acknowledged, again."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from tests.platforms.slack.delivery import Reply
from tests.platforms.slack.world import APP

MOST_CONNECTIONS = 10


@dataclass
class _Envelope:
    id: str
    kind: str
    payload: Mapping[str, Any]
    answered: "asyncio.Future[Any]"
    attempt: int = 0
    sent: bool = False


class SocketRoute:
    """The other end of the app's connection: envelopes go to any one connection, one after the other."""

    def __init__(self, violations: list[str]) -> None:
        self._violations = violations
        self._numbers = itertools.count(1)
        self._waiting: dict[str, _Envelope] = {}
        self._connections: list[web.WebSocketResponse] = []
        self._requests: dict[web.WebSocketResponse, web.Request] = {}
        self._known: set[str] = set()
        #: Envelope ids in the order in which they were acknowledged.
        self.acknowledged: list[str] = []
        self.opened = 0
        self.connected = asyncio.Event()

    async def event(self, payload: Mapping[str, Any]) -> None:
        """Put an event on its way; :meth:`settled` waits for the acknowledgements."""
        await self._put("events_api", payload)

    async def interaction(self, payload: Mapping[str, Any]) -> Reply:
        """Hand over an interaction and return what came with the acknowledgement."""
        return Reply(200, await (await self._put("interactive", payload)).answered)

    async def command(self, form: Mapping[str, str]) -> Reply:
        """Hand over a slash command and return what came with the acknowledgement."""
        return Reply(200, await (await self._put("slash_commands", form)).answered)

    async def settled(self) -> None:
        """Wait until everything so far is acknowledged."""
        await asyncio.gather(*(one.answered for one in list(self._waiting.values())))

    @property
    def unacknowledged(self) -> int:
        """How many envelopes wait for their acknowledgement."""
        return len(self._waiting)

    async def again(self) -> None:
        """Send what was not acknowledged once more, as Slack does after a while."""
        for envelope in list(self._waiting.values()):
            envelope.attempt += 1
            await self._send(envelope)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, and close soon after."""
        for connection in list(self._connections):
            # Nothing new comes over a connection that was told to go.
            self._connections.remove(connection)
            await connection.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
            )

    async def drop(self) -> None:
        """Break the connections without a word."""
        for connection in list(self._connections):
            self._connections.remove(connection)
            transport = self._requests[connection].transport
            if transport is not None:
                transport.abort()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Be one connection, as long as it lasts."""
        if len(self._connections) >= MOST_CONNECTIONS:
            self._violations.append("more than 10 connections")
            return web.Response(status=429)
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        self.opened += 1
        self._connections.append(connection)
        self._requests[connection] = request
        await connection.send_json(
            {
                "type": "hello",
                "num_connections": len(self._connections),
                "connection_info": {"app_id": APP},
                "debug_info": {"host": "stand-in", "approximate_connection_time": 18060},
            }
        )
        self.connected.set()
        for envelope in list(self._waiting.values()):
            envelope.attempt += envelope.sent
            await self._send(envelope)
        try:
            async for message in connection:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            with contextlib.suppress(ValueError):
                self._connections.remove(connection)
            if not self._connections:
                self.connected.clear()
        return connection

    async def close(self) -> None:
        """Close every connection, and give up on what waits."""
        for connection in list(self._connections):
            await connection.close()
        for envelope in self._waiting.values():
            envelope.answered.cancel()

    async def _put(self, kind: str, payload: Mapping[str, Any]) -> _Envelope:
        envelope = _Envelope(
            id=f"envelope-{next(self._numbers)}",
            kind=kind,
            payload=payload,
            answered=asyncio.get_running_loop().create_future(),
        )
        self._waiting[envelope.id] = envelope
        self._known.add(envelope.id)
        await self._send(envelope)
        return envelope

    async def _send(self, envelope: _Envelope) -> None:
        if not self._connections:
            return
        sent: dict[str, Any] = {
            "envelope_id": envelope.id,
            "type": envelope.kind,
            "payload": envelope.payload,
            "accepts_response_payload": envelope.kind != "events_api",
        }
        if envelope.kind == "events_api":
            sent["retry_attempt"] = envelope.attempt
            sent["retry_reason"] = "timeout" if envelope.attempt else ""
        with contextlib.suppress(ConnectionError):
            await self._connections[-1].send_json(sent)
            envelope.sent = True

    def _acknowledge(self, text: str) -> None:
        said = json.loads(text)
        name = said.get("envelope_id")
        if name not in self._known:
            self._violations.append(f"acknowledged an unknown envelope: {name}")
        if (envelope := self._waiting.pop(name, None)) is not None:
            self.acknowledged.append(name)
            envelope.answered.set_result(said.get("payload"))
