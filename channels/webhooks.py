"""Where platforms call us: ``/channels/NAME`` and below. 200 means that it is on disk; on any doubt 503."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from desk.channel import Channel, PreparingChannel, WebhookChannel
from desk.errors import ForbiddenError
from desk.inbox.ingest import Ingest
from desk.message import Unread, Update, WebhookRequest

log = structlog.get_logger()

LARGEST_BODY = 10 * 2**20
_LONGEST_KEPT = 100_000
"""Characters of a body that could not be taken apart."""


class Webhooks:
    """The routes of all channels whose platforms call."""

    def __init__(self, channels: Mapping[str, Channel], ingest: Ingest) -> None:
        self._channels = {
            name: channel
            for name, channel in channels.items()
            if isinstance(channel, WebhookChannel)
        }
        self._ingest = ingest

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        methods = ["GET", "POST", "PUT"]
        return [
            Route("/channels/{name}", self.receive, methods=methods),
            Route("/channels/{name}/{path:path}", self.receive, methods=methods),
        ]

    async def receive(self, request: Request) -> Response:
        """Check who calls, store what they say, then say so."""
        channel = self._channels.get(request.path_params["name"])
        if channel is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "this channel is not set up")
        path = {"path": str(request.path_params.get("path", ""))}
        return await self.take(
            channel,
            WebhookRequest(
                method=request.method,
                headers=request.headers,
                query={**request.query_params, **path},
                body=await _body(request),
            ),
        )

    async def take(self, channel: WebhookChannel, request: WebhookRequest) -> Response:
        """Do the same with a request in our words."""
        try:
            channel.verify(request)
        except ForbiddenError:
            log.warning("webhook_refused", channel=channel.name, bytes=len(request.body))
            raise
        answer = channel.answer(request)
        if answer is not None:
            return Response(answer.body, answer.status, media_type=answer.content_type)
        if isinstance(channel, PreparingChannel):
            await channel.prepare(request)
        await self._ingest.accept(_parsed(channel, request))
        return JSONResponse({})


def _parsed(channel: WebhookChannel, request: WebhookRequest) -> "list[Update | Unread]":
    try:
        return list(channel.parse(request))
    except (
        Exception
    ) as error:  # it is the platform's, whatever it says: set aside, for us to look at
        raw = {"body": request.body.decode(errors="replace")[:_LONGEST_KEPT]}
        reason = f"{type(error).__name__}: {error}"[:500]
        unread = Unread(channel=channel.name, account=channel.account, raw=raw, error=reason)
        return [unread]


async def _body(request: Request) -> bytes:
    """Read the body, counting what comes and not what the header promises."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 10 MB")
    except ClientDisconnect as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the connection broke off") from error
    return bytes(body)
