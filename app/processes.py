"""What runs: loops that come back after a failure, servers, and one orderly end."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from starlette.types import ASGIApp

from app import actions, imports, serve, web
from app.analytics_loop import AnalyticsLoop
from app.served import api_services, console_services
from app.starting import hear_agents, start, start_desk
from app.wiring import Desk
from console import routes as console
from console.api import application
from console.pages import followed

log = structlog.get_logger()

Loop = Callable[[], Awaitable[object]]
_PAUSE = 1.0


async def forever(name: str, loop: Loop) -> None:
    """Run a loop; when it fails, say so and start it again."""
    while True:
        try:
            await loop()
        except Exception:  # a database that is away must not end the process
            log.exception("loop_failed", loop=name)
        await asyncio.sleep(_PAUSE)


async def tick(desk: Desk) -> None:
    """Wake the work that waits for a time. The rows decide what is due, so waking twice is harmless."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    done = asyncio.Event()
    scheduler.add_job(
        desk.handoff.expire,
        IntervalTrigger(seconds=5, timezone="UTC"),
        id="handoff.expire",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        await done.wait()
    finally:
        scheduler.shutdown(wait=False)


def loops(desk: Desk, *, web_: bool, worker: bool, clock: bool) -> dict[str, Loop]:
    """Return the loops of a process by name."""
    chosen: dict[str, Loop] = {}
    if web_:
        chosen |= {"accept": desk.acceptor.run, "watch": desk.watcher.run}
        chosen["start"] = lambda: start(desk)
        if desk.slack_desk is not None:
            chosen["start_desk"] = lambda: start_desk(desk)
    if worker:
        chosen |= {"router": desk.router.run, "relay": desk.relay.run, "again": desk.again.run}
        # What is heard on a connection of our own is accepted as in a web process.
        chosen |= {"readers": desk.readers.run, "accept": desk.acceptor.run}
        chosen |= {"files": desk.fetcher.run, **desk.service.work, **desk.campaigns.work}
        chosen |= desk.posts.work
        if desk.agents_desk is not None:
            chosen |= {"desk": desk.agents_desk.relay.run, "agents": desk.agents_desk.worker.run}
        if desk.slack_desk is not None:
            chosen["slack_desk"] = lambda: hear_agents(desk)
    if clock:
        chosen |= {"clock": lambda: tick(desk), "sweep": desk.sweep.run, **desk.service.time}
        chosen |= {"analytics": AnalyticsLoop(desk.settings).run, **desk.insight.time}
        chosen |= desk.campaigns.time
        chosen |= desk.surveys.loops(
            conversations=desk.conversations, reads=desk.dialogue, signals=desk.signals
        )
        if desk.agents_desk is not None:
            chosen |= {"desk_sweep": desk.agents_desk.sweep.run}
    return chosen


class Process:
    """Runs loops and servers until it is told to stop."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._stop = asyncio.Event()
        self._servers: list[tuple[serve.Server, socket.socket]] = []

    def stop(self) -> None:
        """Ask for the orderly end."""
        self._stop.set()

    def add_server(self, app: ASGIApp, sock: socket.socket) -> None:
        """Serve an application on an open socket."""
        proxies = self.desk.settings.trusted_proxies
        self._servers.append((serve.server(app, trusted_proxies=proxies), sock))

    def add_web(self, sock: socket.socket) -> None:
        """Serve the chat, the console, imports, health and figures."""
        for_customers = [
            *self.desk.service.public(),
            *self.desk.surveys.routes(),
            *self.desk.opting.routes(),
            *followed.routes(self.desk.campaigns.clicks),
        ]
        pages = [*console.routes(console_services(self.desk)), *for_customers]
        # Imports stand under the API's address, and go first.
        api = [*imports.routes(self.desk), *application.mount(api_services(self.desk))]
        self.add_server(web.build(self.desk, *pages, *api), sock)

    def add_actions(self, sock: socket.socket) -> None:
        """Serve the actions to Rasa."""
        self.add_server(actions.build(self.desk), sock)

    async def run(self, chosen: dict[str, Loop], *more: Loop) -> None:
        """Run until SIGINT, SIGTERM or ``stop``; then finish what is in hand and close."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            running.add_signal_handler(number, self.stop)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.desk.close)
            tasks = [asyncio.create_task(forever(name, loop)) for name, loop in chosen.items()]
            serving = [
                asyncio.create_task(server.serve(sockets=[sock])) for server, sock in self._servers
            ]
            others = [asyncio.ensure_future(loop()) for loop in more]
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait([stop, *serving, *others], return_when=asyncio.FIRST_COMPLETED)
            self.desk.chat.stop()
            for server, _ in self._servers:
                server.should_exit = True
            await _finish(serving, grace=5)
            await _finish([stop, *others, *tasks], grace=0)
            for task in (*serving, *others):
                if task.done() and not task.cancelled() and task.exception():
                    raise task.exception() or RuntimeError


async def _finish(tasks: "Sequence[asyncio.Future[Any]]", *, grace: float) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
