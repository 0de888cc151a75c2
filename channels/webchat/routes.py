"""The web chat protocol over HTTP: see ``docs/webchat-protocol.md``."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from channels.webchat.adapter import ACCOUNT, WebChat, client_id
from channels.webchat.files import DOWNLOAD, ChatFiles
from channels.webchat.limits import RateLimit
from channels.webchat.token import VisitorTokens
from desk.clock import Clock
from desk.conversations.reader import Reader, Shown
from desk.errors import ForbiddenError, InvalidError
from desk.inbox.accept import Acceptor
from desk.message import WebhookRequest
from desk.signals import Listener, Signals, conversation_topic
from desk.tables.conversation import Author

LARGEST_BODY = 64 * 1024
HEARTBEAT = 15.0
PAGE = 100
_STATIC = Path(__file__).parent / "static"
_SCRIPTS = ("frontdesk-chat.js", "page.js")


class OriginError(ForbiddenError):
    """This web site may not use the chat; add it to FRONTDESK_CHAT_ORIGINS."""


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """Who may use the chat, and how fast."""

    origins: frozenset[str] = frozenset()
    visitor_rate: str = "120/minute"
    address_rate: str = "600/minute"


class ChatRoutes:
    """The routes of the web chat."""

    def __init__(
        self,
        *,
        channel: WebChat,
        tokens: VisitorTokens,
        acceptor: Acceptor,
        reader: Reader,
        files: ChatFiles,
        signals: Signals,
        clock: Clock,
        settings: ChatSettings,
    ) -> None:
        self.files = files
        self._channel = channel
        self._tokens = tokens
        self._acceptor = acceptor
        self._reader = reader
        self._signals = signals
        self._clock = clock
        self._origins = settings.origins
        self._visitor_limit = RateLimit(settings.visitor_rate)
        self._address_limit = RateLimit(settings.address_rate)
        self._is_stopping = False
        self._waiting: set[Listener] = set()

    def stop(self) -> None:
        """End the open streams at once; a server that stops would wait for them."""
        self._is_stopping = True
        for stream in self._waiting:
            stream.put("stop")

    def routes(self) -> list[BaseRoute]:
        """Return the routes: the page, the scripts and the protocol."""
        api = "/chat/v1"
        return [
            # In the order of how often they are asked for: each is tried until one fits.
            Route(
                f"{api}/messages", self.guard(self.messages), methods=["GET", "POST", "OPTIONS"]
            ),
            Route(f"{api}/events", self.guard(self.events), methods=["GET", "OPTIONS"]),
            Route(f"{api}/visitors", self.guard(self.visitors), methods=["POST", "OPTIONS"]),
            Route(f"{api}/files", self.guard(self.files.upload), methods=["POST", "OPTIONS"]),
            Route(DOWNLOAD, self.files.download, methods=["GET"]),
            Route("/", _file("index.html"), methods=["GET"]),
            *(Route(f"/chat/{name}", _file(name), methods=["GET"]) for name in _SCRIPTS),
        ]

    def guard(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap an endpoint in the check of the origin and its CORS answer."""

        async def checked(request: Request) -> Response:
            origin = self._origin(request)
            if request.method == "OPTIONS":
                response = Response(status_code=HTTPStatus.NO_CONTENT)
            else:
                response = await endpoint(request)
            if origin is not None:
                response.headers.update(_cors(origin))
            return response

        return checked

    def _origin(self, request: Request) -> str | None:
        """Return the other site's origin that is allowed to read the answer; None for our own."""
        origin = request.headers.get("origin")
        if origin is None or urlsplit(origin).netloc == request.headers.get("host"):
            return None
        if origin.rstrip("/") not in self._origins:
            raise OriginError
        return origin

    @staticmethod
    def _limit(limit: RateLimit, key: str) -> None:
        wait = limit.wait_for(key)
        if wait:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many messages; wait a moment",
                headers={"Retry-After": str(wait)},
            )

    async def visitors(self, request: Request) -> Response:
        """Give a new visitor an id and a token."""
        self._limit(self._address_limit, address_of(request))
        await body_of(request)
        visitor, token = self._tokens.issue(self._clock())
        return JSONResponse({"visitor_id": visitor, "token": token}, HTTPStatus.CREATED)

    async def messages(self, request: Request) -> Response:
        """Take a message, or give the history after one."""
        if request.method == "POST":
            return await self._post(request)
        visitor = self._channel.visitor(as_webhook(request, b""))
        shown = await self._shown(visitor, _after(request.query_params.get("after")))
        return JSONResponse({"messages": [self._as_json(message) for message in shown]})

    async def _post(self, request: Request) -> Response:
        self._limit(self._address_limit, address_of(request))
        plain = as_webhook(request, await body_of(request))
        visitor = self._channel.visitor(plain)
        self._limit(self._visitor_limit, visitor)
        message = await self.files.with_files(self._channel.message(plain, visitor))
        await self._acceptor.accept([message])
        return JSONResponse({"message_id": client_id(message.external_id)})

    async def events(self, request: Request) -> Response:
        """Stream messages and signs of life; ``Last-Event-ID`` resumes without a gap."""
        visitor = self._channel.visitor(as_webhook(request, b""))
        given = request.headers.get("last-event-id") or request.query_params.get("after")
        return StreamingResponse(
            self._stream(visitor, _after(given)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(self, visitor: str, after: int) -> AsyncIterator[bytes]:
        with self._listen(visitor) as wake:
            yield b": welcome\n\n"
            notes = ["message"]
            typing = False
            while not self._is_stopping:
                # A heartbeat also looks at the table: a wake-up call may come from another process.
                if set(notes) != {"typing"}:
                    shown = await self._shown(visitor, after)
                    for message in shown:
                        after = message.seq
                        yield _event("message", self._as_json(message), after)
                        if message.author is Author.CONTACT:
                            yield _event("seen", {"client_id": client_id(message.external_id)})
                    if len(shown) == PAGE:
                        continue
                if typing != (typing := _still_typing(notes, typing)):
                    yield _event("typing", {"typing": typing})
                notes = await wake.get(HEARTBEAT)
                if not notes:
                    yield b": alive\n\n"

    @contextmanager
    def _listen(self, visitor: str) -> Iterator[Listener]:
        with self._signals.listen(conversation_topic(visitor)) as wake:
            self._waiting.add(wake)
            try:
                yield wake
            finally:
                self._waiting.discard(wake)

    def _as_json(self, message: Shown) -> dict[str, object]:
        own = message.author is Author.CONTACT
        return {
            "id": message.seq,
            "author": message.author,
            "author_name": message.author_name,
            "text": message.text,
            "choices": [
                {"id": choice.id, "title": choice.title}
                | ({"url": choice.url} if choice.url else {})
                for choice in message.choices
            ],
            "attachments": self.files.as_json(message.attachments),
            "client_id": client_id(message.external_id) if own else None,
            "created_at": message.created_at.isoformat(),
        }

    async def _shown(self, visitor: str, after: int) -> list[Shown]:
        return await self._reader.shown_after(
            channel=self._channel.name, account=ACCOUNT, thread=visitor, after=after, limit=PAGE
        )


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        return FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})

    return endpoint


def _still_typing(notes: list[str], typing: bool) -> bool:
    """Return whether the assistant is at work after these notes; the last one decides."""
    states = [note == "typing" for note in notes if note in ("typing", "message")]
    return states[-1] if states else typing


def _cors(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
        "Access-Control-Expose-Headers": "Retry-After",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


async def body_of(request: Request) -> bytes:
    """Read at most 64 kB, counting what comes and not what the header promises."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 64 kB")
    return bytes(body)


def as_webhook(request: Request, body: bytes) -> WebhookRequest:
    return WebhookRequest(
        method=request.method,
        headers=request.headers,
        query=request.query_params,
        body=body,
    )


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _after(text: str | None) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidError("after: must be the id of a message")
    return int(text)


def _event(name: str, data: dict[str, object], event_id: int | None = None) -> bytes:
    number = f"id: {event_id}\n" if event_id is not None else ""
    return f"{number}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
