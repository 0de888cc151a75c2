"""Socket Mode with the SDK's low-level client: nothing is acknowledged before it was accepted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from channels.slack.client import SlackClient, silent_logger
from channels.slack.errors import asked
from desk.errors import RetryableError
from desk.message import Accept, Unread, Update

log = structlog.get_logger()

type Read = Callable[[Mapping[str, Any]], Sequence[Update | Unread]]
type Answer = Mapping[str, Any] | None
type Take = Callable[[Mapping[str, Any]], Awaitable[Answer]]
"""Makes what an envelope holds durable; what it returns goes back with the acknowledgement."""

_OPENING = 10.0
"""Seconds for a connection to open."""


class _Connection(SocketModeClient):
    """One connection. Whatever makes the SDK reconnect ends it: the SDK would try one address for ever."""

    def __init__(self, client: SlackClient, app_token: str, url: str, ping: float) -> None:
        super().__init__(
            app_token=app_token,
            web_client=client.web,
            logger=silent_logger(),
            ping_interval=ping,
        )
        self.wss_uri = url
        #: What arrived, in order; None after the last one.
        self.requests: asyncio.Queue[SocketModeRequest | None] = asyncio.Queue()
        self.socket_mode_request_listeners.append(self._keep)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """End, instead."""
        self.requests.put_nowait(None)

    async def _keep(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.requests.put_nowait(request)


class Listener:
    """Keeps one connection to Slack open, a new one after each that ends.

    ``ping`` is how often, in seconds, the connection is tried.
    """

    def __init__(self, client: SlackClient, app_token: str, *, ping: float = 5.0) -> None:
        self._client = client
        self._app_token = app_token
        self._ping = ping

    async def listen(self, read: Read, accept: Accept) -> None:
        """Listen until cancelled; RetryableError or ChannelDownError when Slack lets us in no more."""

        async def take(payload: Mapping[str, Any]) -> None:
            await accept(read(payload))

        await self.hear(take)

    async def hear(self, take: Take) -> None:
        """Do the same where an acknowledgement may carry an answer."""
        while True:
            await self._hold(await self.address(), take)

    async def address(self) -> str:
        """Ask Slack where to connect, which also tells whether the token is good."""
        answer = await asked(self._client.web.apps_connections_open(app_token=self._app_token))
        return str(answer["url"])

    async def _hold(self, url: str, take: Take) -> None:
        connection = _Connection(self._client, self._app_token, url, self._ping)
        try:
            try:
                async with asyncio.timeout(_OPENING):
                    await connection.connect()  # type: ignore[no-untyped-call]
            except TimeoutError as error:
                raise RetryableError("Slack's socket did not open") from error
            log.info("slack_socket_opened")
            # One after the other: the order of acceptance is the order in a conversation.
            while (request := await connection.requests.get()) is not None:
                await _take(connection, request, take)
            log.info("slack_socket_ended")
        finally:
            await connection.close()  # type: ignore[no-untyped-call]


async def _take(connection: SocketModeClient, request: SocketModeRequest, take: Take) -> None:
    try:
        answer = await take(request.payload)
    except Exception as error:  # unacknowledged, so Slack sends it again
        log.error("slack_envelope_not_accepted", error=type(error).__name__)
        return
    said = dict(answer) if answer and request.accepts_response_payload else None
    try:
        await connection.send_socket_mode_response(SocketModeResponse(request.envelope_id, said))
    except (OSError, ClientError) as error:
        # It comes again on the next connection and is known by then.
        log.info("slack_acknowledgement_lost", error=type(error).__name__)
