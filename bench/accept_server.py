"""One web process for :mod:`bench.accept`: the real application, with or without a database behind its acceptor.

It is called with a kind (``real``, ``ceiling`` or ``hello``), a database URL and the secret of visitor tokens.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app import logs, serve, web
from app.rasa import ROOT
from app.wiring import Desk, build
from channels.webchat.adapter import WebChat
from channels.webchat.routes import ChatRoutes, ChatSettings
from channels.webchat.token import VisitorTokens
from desk.inbox.accept import Acceptor
from desk.message import InboundMessage
from desk.settings import LogFormat, Settings

_RATE = "100000000/minute"


class Ceiling(Acceptor):
    """Says that a message is accepted and does nothing with it."""

    async def accept(self, messages: Sequence[InboundMessage]) -> None:
        """Return at once."""


def _desk(database_url: str, secret: str) -> Desk:
    return build(
        Settings(
            _env_file=None,
            database_url=database_url,
            secret_key=secret,
            rasa_token=secret,
            policies=ROOT / "policies.yml",
            chat_rate_visitor=_RATE,
            chat_rate_address=_RATE,
        )
    )


def _ceiling(desk: Desk, secret: str) -> Desk:
    tokens = VisitorTokens(secret)
    chat = ChatRoutes(
        channel=WebChat(tokens, desk.clock),
        tokens=tokens,
        acceptor=Ceiling(database=desk.database, signals=desk.signals, clock=desk.clock),
        reader=desk.reader,
        files=desk.chat.files,
        signals=desk.signals,
        clock=desk.clock,
        settings=ChatSettings(visitor_rate=_RATE, address_rate=_RATE),
    )
    return replace(desk, chat=chat)


async def _hello(request: Request) -> Response:
    await request.body()
    return JSONResponse({"message_id": "hello"})


def _application(kind: str, desk: Desk, secret: str) -> ASGIApp:
    if kind == "hello":
        return Starlette(routes=[Route("/chat/v1/messages", _hello, methods=["POST"])])
    return web.build(_ceiling(desk, secret) if kind == "ceiling" else desk)


async def _run(kind: str, database_url: str, secret: str) -> None:
    desk = _desk(database_url, secret)
    server = serve.server(_application(kind, desk, secret))
    sock = serve.listen("127.0.0.1", 0)
    accepting = asyncio.create_task(desk.acceptor.run())
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, lambda: setattr(server, "should_exit", True)
    )
    print(f"PORT {sock.getsockname()[1]}", flush=True)
    await server.serve(sockets=[sock])
    accepting.cancel()
    await asyncio.gather(accepting, return_exceptions=True)
    await desk.close()


if __name__ == "__main__":
    logs.configure(LogFormat.JSON, "WARNING")
    serve.run(_run(*sys.argv[1:4]))
