"""The web process: the chat, health and figures."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import migrate
from app.metrics import Metrics
from app.wiring import Desk
from channels.slack.desk.routes import SlackDeskRoutes
from desk.errors import FrontdeskError, RetryableError
from desk.inbox import repository as inbox
from desk.outbox import repository as outbox
from desk.tables.channel import ChannelState

log = structlog.get_logger()

_HEADERS = {
    b"content-security-policy": (
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        b"img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}


class Headers:
    """Adds the security headers and counts requests; plain ASGI, so that streams stay streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def start(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in _HEADERS.items() if name not in known),
                ]
                status = str(message["status"])
                self._metrics.requests.labels(scope["method"][:16], status).inc()
            await send(message)

        await self._app(scope, receive, start)


def build(desk: Desk, *extra: BaseRoute) -> ASGIApp:
    """Return the web application."""
    health = Health(desk)
    app = Starlette(
        routes=[
            *desk.chat.routes(),
            *desk.links.routes(),
            *desk.webhooks.routes(),
            *_agents_desk(desk),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            Route("/metrics", health.metrics),
            *extra,
        ],
        exception_handlers={
            FrontdeskError: _failed,
            HTTPException: _http_failed,
            Exception: _crashed,
        },
    )
    return Headers(app, desk.metrics)


def _agents_desk(desk: Desk) -> list[BaseRoute]:
    """Return where the platform calls on which agents work, if one does."""
    slack, working = desk.slack_desk, desk.agents_desk
    if slack is None or slack.ingress is None or working is None:
        return []
    return SlackDeskRoutes(slack.ingress, working.ingest.accept).routes()


def _word(error: Exception) -> str:
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


async def _failed(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = {}
    if isinstance(error, RetryableError):
        headers["Retry-After"] = str(int(error.retry_in.total_seconds()) if error.retry_in else 2)
    return JSONResponse({"error": _word(error), "detail": str(error)}, status, headers)


async def _http_failed(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    word = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return JSONResponse({"error": word, "detail": error.detail}, error.status_code, error.headers)


async def _crashed(_: Request, error: Exception) -> Response:
    log.error("request_crashed", error=type(error).__name__)
    body = {"error": "internal", "detail": "something went wrong here; try again"}
    return JSONResponse(body, HTTPStatus.INTERNAL_SERVER_ERROR)


class Health:
    """Says whether the process lives, whether it can work, and how far behind it is."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def live(self, _: Request) -> Response:
        """Answer while the process runs."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Say what is ready: 503 when customers would not be answered, 200 otherwise."""
        body = await self.check()
        away = body["status"] == "unavailable"
        return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.OK)

    async def check(self) -> dict[str, object]:
        """Look at the database, its schema, the assistant and the queues."""
        desk = self._desk
        database = await _works(desk.database.ping)
        migrated = database and await migrate.current(desk.database) == migrate.head()
        processes = {one.name: one.ready for one in await desk.dialogue.health()}
        assistant = any(processes.values())
        ages = await self._ages() if migrated else {}
        channels = await self._channels() if migrated else {}
        works = database and migrated and assistant
        degraded = not all(processes.values()) or not all(up == "up" for up in channels.values())
        return {
            "status": ("degraded" if degraded else "ok") if works else "unavailable",
            "database": database,
            "migrations": migrated,
            "assistant": assistant,
            "assistant_processes": processes,
            "channels": channels,
            **ages,
        }

    async def _channels(self) -> dict[str, str]:
        """Say of every channel that is set up whether its account works; what is not known is not down."""
        found = {(row.channel, row.account): row for row in await self._desk.states.all()}
        health = {}
        for name, channel in self._desk.channels.items():
            row = found.get((name, channel.account))
            up = row is None or row.state is ChannelState.UP
            health[name] = "up" if up or row is None else f"down: {row.reason}"
            self._desk.metrics.channel(name, channel.account, up)
        return health

    async def _ages(self) -> dict[str, float]:
        now = self._desk.clock()
        async with self._desk.database.read() as session:
            oldest = {
                "inbox": await inbox.oldest_open(session),
                "outbox": await outbox.oldest_open(session),
            }
        for queue, at in oldest.items():
            self._desk.metrics.age(queue, at, now)
        return {
            f"{queue}_oldest_seconds": round((now - at).total_seconds(), 3) if at else 0.0
            for queue, at in oldest.items()
        }

    async def metrics(self, _: Request) -> Response:
        """Give all figures in Prometheus's text format."""
        checks = (self._ages, self._channels, self._desk.dialogue.health)
        await asyncio.gather(*map(_works, checks))
        return Response(self._desk.metrics.text(), media_type="text/plain; version=0.0.4")


async def _works(check: Callable[[], Awaitable[object]]) -> bool:
    try:
        await check()
    except Exception as error:  # any failure of a check is its answer
        log.warning("health_check_failed", error=type(error).__name__)
        return False
    return True
