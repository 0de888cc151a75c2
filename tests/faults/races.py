"""Agents who take conversations over while the bot is at work in them."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from app.wiring import Desk
from bench.figures import percentile
from channels.memory.adapter import MemoryChannel
from desk.channel import Pace
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import Reply, Turn
from desk.errors import ConflictError
from desk.message import OutboundMessage, Sent
from desk.tables.conversation import Author
from tests.talk import conversation, inbound

AT_ONCE = 100
TURN = 3.0
"""Seconds that a turn of the bot takes at most."""
SEND = 0.1
"""Seconds that a platform takes for a message at most."""
_MOMENT = 0.01
_PATIENCE = 120


class SlowChannel(MemoryChannel):
    """A platform that takes its time; a message counts as handed over when the platform has it."""

    def __init__(self, longest: float = SEND, at_once: int = AT_ONCE) -> None:
        super().__init__("memory", Pace(at_once=at_once))
        self._longest = longest
        self.sending: defaultdict[str, int] = defaultdict(int)
        self.began: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.confirmed: set[str] = set()
        self.leaked: list[OutboundMessage] = []

    async def send(self, message: OutboundMessage) -> Sent:
        """Take the message after a while; note it if its conversation belonged to an agent by then."""
        self.sending[message.thread] += 1
        if message.author is Author.BOT:
            self.began[message.thread].set()
        try:
            await self._take(message)
            if message.author is Author.BOT and message.thread in self.confirmed:
                self.leaked.append(message)
            return await super().send(message)
        finally:
            self.sending[message.thread] -= 1

    async def _take(self, message: OutboundMessage) -> None:
        await asyncio.sleep(random.uniform(0, self._longest))


class HesitantChannel(SlowChannel):
    """A platform that keeps each word of the bot until somebody is told that the bot is silent, at most a moment.

    Who is told while a send is on its way is told too early, on a machine of any speed; who waits for the send to
    end waits it out here.
    """

    _PATIENCE = 2.0

    async def _take(self, message: OutboundMessage) -> None:
        # The first words before each race have nobody to wait for.
        if message.author is not Author.BOT or message.text.endswith("hello"):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._PATIENCE):
                while message.thread not in self.confirmed:
                    await asyncio.sleep(0.01)


class SlowDialogue(MemoryDialogue):
    """An assistant that takes a random time and says two things. A greeting takes it no time."""

    def __init__(self, longest: float = TURN) -> None:
        self.longest = longest
        super().__init__(
            lambda turn: [Reply(text=f"one {turn.text}"), Reply(text=f"two {turn.text}")]
        )
        self.thinking: defaultdict[str, int] = defaultdict(int)
        self.began: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def turn(self, turn: Turn) -> list[Reply]:
        """Answer after a while."""
        self.thinking[turn.conversation_id] += 1
        self.began[turn.conversation_id].set()
        try:
            if turn.text != "hello":
                await asyncio.sleep(random.uniform(0, self.longest))
            return await super().turn(turn)
        finally:
            self.thinking[turn.conversation_id] -= 1


@dataclass
class Races:
    """What came of them."""

    run: int = 0
    struck: int = 0
    winners: list[int] = field(default_factory=list)
    leaked: int = 0
    undelivered: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds from a winner's wish to the confirmation."""

    def __str__(self) -> str:
        return (
            f"{self.run} races, {self.struck} with a turn or a send in flight, {self.leaked} bot messages after "
            f"the take-over, {self.undelivered} agents unheard, {figures(self.waits)}"
        )


def figures(waits: Sequence[float]) -> str:
    """Return how long take-overs took."""
    half, most = percentile(waits, 50), percentile(waits, 99)
    return f"taken over in {half:.2f} s (p50), {most:.2f} s (p99), {max(waits):.2f} s at most"


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    """Let the desk work beside the block."""
    loops = (desk.acceptor.run, desk.router.run, desk.relay.run)
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def race(
    desk: Desk,
    channel: SlowChannel,
    dialogue: SlowDialogue,
    *,
    rounds: int,
    at_once: int = AT_ONCE,
) -> Races:
    """Run ``rounds`` times ``at_once`` races; every conversation is taken over once."""
    races = Races()
    desk.router._concurrency = 2 * at_once
    async with working(desk):
        for number in range(rounds):
            threads = [f"r{number}-{n}" for n in range(at_once)]
            await _say(desk, threads, "hello")
            await _quiet(channel, threads, 2)
            await asyncio.gather(*(_one(desk, channel, dialogue, races, t) for t in threads))
        heard = {m.thread for m in channel.sent if m.author is Author.AGENT}
        async with asyncio.timeout(_PATIENCE):
            while len(heard) < races.run:
                await asyncio.sleep(0.05)
                heard = {m.thread for m in channel.sent if m.author is Author.AGENT}
    races.undelivered = races.run - len(heard)
    races.leaked = len(channel.leaked)
    return races


async def _one(
    desk: Desk, channel: SlowChannel, dialogue: SlowDialogue, races: Races, thread: str
) -> None:
    talk = await conversation(desk, thread)
    thinks, sends = dialogue.began[talk.id], channel.began[thread]
    thinks.clear()
    sends.clear()
    await _say(desk, [thread], "first")
    await _say(desk, [thread], "second")
    # Some agents come before the bot has begun, some while it thinks, some while its words are on their way.
    moment = random.choice([None, thinks, thinks, sends, sends])
    if moment is not None:
        async with asyncio.timeout(_PATIENCE):
            await moment.wait()
    # A turn may take seconds, a send some milliseconds: both are met at any moment.
    await asyncio.sleep(random.uniform(0, dialogue.longest / 4 if moment is thinks else _MOMENT))
    races.struck += bool(dialogue.thinking[talk.id] or channel.sending[thread])
    tries = [
        _take_over(desk, channel, talk.id, thread, agent) for agent in ("Kim", "Kim", "Lee", "Lee")
    ]
    began = time.perf_counter()
    owners = [agent for agent in await asyncio.gather(*tries) if agent]
    races.waits.append(time.perf_counter() - began)
    races.run += 1
    races.winners.append(len(set(owners)))
    await desk.handoff.reply(talk.id, agent=owners[0], text="I am here")


async def _take_over(
    desk: Desk, channel: SlowChannel, conversation_id: str, thread: str, agent: str
) -> str | None:
    """Try it as one of two windows of one of two agents; whoever is told yes first fixes the moment."""
    try:
        await desk.handoff.take_over(conversation_id, agent=agent)
    except ConflictError:
        return None
    channel.confirmed.add(thread)
    return agent


async def _say(desk: Desk, threads: Sequence[str], text: str) -> None:
    await asyncio.gather(*(desk.acceptor.accept([inbound(text, thread)]) for thread in threads))


async def _quiet(channel: SlowChannel, threads: Sequence[str], each: int) -> None:
    """Wait until everybody has heard ``each`` messages."""
    wanted = set(threads)
    async with asyncio.timeout(_PATIENCE):
        while sum(1 for m in channel.sent if m.thread in wanted) < each * len(wanted):
            await asyncio.sleep(0.01)
