"""A web server that leaves signals to whoever runs it and takes an open socket."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Coroutine, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

from desk.errors import SettingsError


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process from its first to its last coroutine, on uvloop where there is one."""
    # What is imported by now lives as long as the process; looking for garbage in it again and again costs a
    # tenth of the time under load.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    asyncio.run(main, loop_factory=auto_loop_factory())


class Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the process has one place for them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the handlers alone."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises:
        SettingsError: the address cannot be used, and which option changes it.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Loops set this only on sockets that they opened; without it an answer sent in two parts (head and
        # body) waits 40 ms for the client's delayed acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --host and --port"
        ) from error


def server(app: ASGIApp, *, trusted_proxies: tuple[str, ...] = ()) -> Server:
    """Return a server for the application; run it with ``serve(sockets=[...])``."""
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=30,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
        )
    )
