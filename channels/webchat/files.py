"""Files of the web chat over HTTP: uploads before their message, and what links lead to."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from channels.webchat.adapter import WebChat
from channels.webchat.limits import RateLimit
from desk.errors import NotFoundError, RetryableError
from desk.media.links import PATH, MediaLinks
from desk.media.policy import headers, is_shown
from desk.media.service import Media
from desk.media.shown import ShownFile
from desk.media.sniff import sniff
from desk.message import InboundMessage, WebhookRequest

DOWNLOAD = f"{PATH}/{{token}}/{{name}}"
_AT_ONCE = 8
"""Uploads that are held in memory at the same time."""
_PATIENCE = timedelta(minutes=5)
_SOON = timedelta(seconds=2)
_KEPT_BY_BROWSERS = timedelta(days=1)


class ChatFiles:
    """Takes files from visitors and hands files out."""

    def __init__(self, *, channel: WebChat, media: Media, links: MediaLinks, rate: str) -> None:
        self._channel = channel
        self._media = media
        self._links = links
        self._visitor_limit = RateLimit(rate)
        self._address_limit = RateLimit(rate)
        self._under_way = 0

    async def upload(self, request: Request) -> Response:
        """Keep the body as a file of the visitor's, to be named in a message within a day."""
        visitor = self._channel.visitor(_plain(request))
        wait = max(
            self._address_limit.wait_for(request.client.host if request.client else ""),
            self._visitor_limit.wait_for(visitor),
        )
        if wait:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many files; wait a moment",
                headers={"Retry-After": str(wait)},
            )
        name = request.query_params.get("name", "")
        made = await self._media.upload(self._uploader(visitor), name, await self._body(request))
        answer = {"file_id": made.id, "name": made.name, "size": made.size}
        return JSONResponse(answer | {"content_type": made.content_type}, HTTPStatus.CREATED)

    async def download(self, request: Request) -> Response:
        """Hand out what a link leads to; pictures are shown, everything else is saved."""
        path = request.path_params
        try:
            linked = self._links.read(str(path["token"]), str(path["name"]))
            content = await self._media.open(linked.key)
        except NotFoundError as error:
            raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error
        age = int(_KEPT_BY_BROWSERS.total_seconds())
        return Response(
            content,
            headers={
                **headers(linked.name, sniff(content)),
                # The widget shows pictures on pages of other sites.
                "Cross-Origin-Resource-Policy": "cross-origin",
                "Cache-Control": f"private, max-age={age}, immutable",
            },
        )

    async def with_files(self, message: InboundMessage) -> InboundMessage:
        """Return the message with the uploads that it names, and with its own contents in the store.

        Raises:
            InvalidError: an upload is not the visitor's, or too old.
            RetryableError: the media store does not answer.
        """
        if not message.attachments:
            return message
        names = [file.reference for file in message.attachments if file.reference is not None]
        own = [file for file in message.attachments if file.reference is None]
        uploads = await self._media.named(self._uploader(message.sender), names)
        return replace(message, attachments=(*await self._media.keep_all(own), *uploads))

    def as_json(self, files: Sequence[ShownFile]) -> list[dict[str, object]]:
        """Return files as the protocol shows them; ``url`` is there once the file is."""
        return [
            {
                "name": file.name,
                "size": file.size,
                "content_type": file.content_type,
                "state": file.state,
                "image": is_shown(file.content_type),
                "url": self._links.path(file.key, file.name) if file.key else None,
            }
            for file in files
        ]

    async def _body(self, request: Request) -> bytes:
        """Read the body, counting what comes and not what the header promises."""
        if self._under_way >= _AT_ONCE:
            raise RetryableError("many files are coming in; send it again", retry_in=_SOON)
        self._under_way += 1
        body = bytearray()
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > self._media.largest:
                        raise HTTPException(
                            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "this file is too large"
                        )
        except ClientDisconnect as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "the connection broke off") from error
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "this took too long") from error
        finally:
            self._under_way -= 1
        return bytes(body)

    def _uploader(self, visitor: str) -> str:
        return f"{self._channel.name}:{visitor}"


def _plain(request: Request) -> WebhookRequest:
    return WebhookRequest(
        method=request.method, headers=request.headers, query=request.query_params, body=b""
    )
