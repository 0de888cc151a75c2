"""A process that dies at the k-th point of its work with the world outside, and what is left when it comes back.

A point lies before every statement that writes, and before and after every commit, call of the assistant and send.
Reads change nothing outside the process: dying before one leaves the same world behind as dying before the next
write, so they are no points of their own. From the crash on nothing of the old process happens any more: whatever it
tries raises again, and its connections are thrown away with what was not committed.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from app import up
from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import Person, Place, Post, Posted
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import ProcessHealth, Reply, Turn
from desk.message import OutboundMessage, Sent
from desk.settings import Settings
from tests.conftest import NOON
from tests.talk import settle


class SimulatedCrash(BaseException):
    """The process is dead; no handler of the product may catch this."""


class Fuse:
    """Counts points and blows at the k-th one; 0 never blows."""

    def __init__(self, blows_at: int = 0) -> None:
        self.points = 0
        self.blown = False
        self._blows_at = blows_at

    def point(self) -> None:
        """Go past a point, or die there."""
        if self.blown:
            raise SimulatedCrash
        self.points += 1
        if self.points == self._blows_at:
            self.blown = True
            raise SimulatedCrash

    def disarm(self) -> None:
        """Let whoever looks at the result do so in peace."""
        self.blown, self._blows_at = False, 0


@dataclass
class World:
    """What outlives the process: the database's file, the assistant's memory, the platform, the clock."""

    path: Path
    settings: Settings
    dialogue: MemoryDialogue = field(default_factory=MemoryDialogue)
    memory: MemoryChannel = field(default_factory=MemoryChannel)
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NOON))
    platform: MemoryDesk | None = None
    crashes: int = 0
    points: int = 0


_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")

type Step = Callable[[Desk, World], Awaitable[object]]
"""One thing that somebody outside does, and does again if it was not confirmed."""


def world(template: Path, folder: Path, settings: Settings) -> World:
    """Return a fresh world with a copy of a database that has all tables."""
    path = folder / "desk.sqlite"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    shutil.copy(template, path)
    return World(path, settings.model_copy(update={"database_url": f"sqlite:///{path}"}))


async def play(world: World, steps: Sequence[Step], fuse: Fuse) -> Desk:
    """Do the steps in a process that may die, start it again when it has, come to rest; return the desk."""
    desk = _start(world, fuse)
    for step in (*steps, _rest):
        try:
            await step(desk, world)
        except BaseException as error:
            if not _is_crash(error):
                raise
            world.crashes += 1
            await _bury(desk)
            desk = _start(world, Fuse())
            await up._recover(desk.database)
            await step(desk, world)
    fuse.disarm()
    return desk


async def _rest(desk: Desk, world: World) -> None:
    for _ in range(3):
        await work(desk)
        world.clock.advance(timedelta(seconds=20))
    await work(desk)


async def work(desk: Desk) -> None:
    """Work, send and show until nothing is due at this moment."""
    agents = desk.agents_desk
    while agents and await agents.worker.step():
        pass
    await settle(desk)
    while agents and await agents.relay.step():
        pass


def _start(world: World, fuse: Fuse) -> Desk:
    desk = build(
        world.settings,
        dialogue=_Dialogue(world.dialogue, fuse),
        channels={"memory": _Channel(world.memory, fuse)},
        platform=_Platform(world.platform, fuse) if world.platform else None,
        clock=world.clock,
    )
    for engine in {desk.database._writer.sync_engine, desk.database._reader.sync_engine}:
        _wire(engine, fuse)
    return desk


def _wire(engine: Any, fuse: Fuse) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def _before(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: Any) -> None:
        if statement.lstrip().startswith(_WRITES):
            fuse.point()

    commit = engine.dialect.do_commit

    def _commit(connection: Any) -> None:
        fuse.point()
        commit(connection)
        fuse.point()

    engine.dialect.do_commit = _commit


async def _bury(desk: Desk) -> None:
    """Let the dead process's tasks end, each at its next step, and drop its connections."""
    tasks = [*desk.router._running]
    if desk.agents_desk is not None:
        tasks += [
            *desk.agents_desk.worker._tasks.values(),
            *desk.agents_desk.relay._lanes.tasks.values(),
        ]
    await asyncio.gather(*tasks, return_exceptions=True)
    await desk.database.close()


def _is_crash(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.split(SimulatedCrash)[0] is not None
    return isinstance(error, SimulatedCrash)


class _Dialogue:
    def __init__(self, inner: MemoryDialogue, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def turn(self, turn: Turn) -> list[Reply]:
        self._fuse.point()
        replies = await self._inner.turn(turn)
        self._fuse.point()
        return replies

    async def health(self) -> list[ProcessHealth]:
        return await self._inner.health()

    async def close(self) -> None:
        """Stay: the assistant is another process."""


class _Channel:
    def __init__(self, inner: MemoryChannel, fuse: Fuse) -> None:
        self.name = inner.name
        self.features = inner.features
        self.pace = inner.pace
        self.account = inner.account
        self.limit = inner.limit
        self._inner = inner
        self._fuse = fuse

    async def send(self, message: OutboundMessage) -> Sent:
        self._fuse.point()
        sent = await self._inner.send(message)
        self._fuse.point()
        return sent


class _Platform:
    def __init__(self, inner: MemoryDesk, fuse: Fuse) -> None:
        self.name = inner.name
        self.channel = inner.channel
        self._inner = inner
        self._fuse = fuse

    async def post(self, post: Post, place: Place, *, key: str, again: bool) -> Posted:
        self._fuse.point()
        posted = await self._inner.post(post, place, key=key, again=again)
        self._fuse.point()
        return posted

    async def fetch(self, reference: str, most: int) -> bytes:
        return await self._inner.fetch(reference, most)

    async def person(self, external_id: str) -> Person:
        return await self._inner.person(external_id)

    async def may_act(self, external_id: str) -> bool:
        return await self._inner.may_act(external_id)
