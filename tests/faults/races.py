"""Agents who take conversations over while the bot is at work in them."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel import OutboundMessage, Pace, Sent
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import Reply, Turn
from desk.errors import ConflictError
from desk.tables.conversation import Author
from tests.talk import conversation, inbound

AT_ONCE = 20
_LONGEST = 0.03


class SlowChannel(MemoryChannel):
    """A platform that takes its time; a message counts as handed over when the platform has it."""

    def __init__(self, longest: float = _LONGEST) -> None:
        super().__init__("memory", Pace(at_once=AT_ONCE))
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
            await asyncio.sleep(random.uniform(0, self._longest))
            if message.author is Author.BOT and message.thread in self.confirmed:
                self.leaked.append(message)
            return await super().send(message)
        finally:
            self.sending[message.thread] -= 1


class SlowDialogue(MemoryDialogue):
    """An assistant that takes a random time and says two things."""

    def __init__(self) -> None:
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
            await asyncio.sleep(random.uniform(0, _LONGEST))
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

    def __str__(self) -> str:
        return (
            f"{self.run} races, {self.struck} with a turn or a send in flight, {self.leaked} bot messages after "
            f"the take-over, {self.undelivered} agents unheard"
        )


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


async def race(desk: Desk, channel: SlowChannel, dialogue: SlowDialogue, *, rounds: int) -> Races:
    """Run ``rounds`` times :data:`AT_ONCE` races; every conversation is taken over once."""
    races = Races()
    async with working(desk):
        for number in range(rounds):
            threads = [f"r{number}-{n}" for n in range(AT_ONCE)]
            await _say(desk, threads, "hello")
            await _quiet(channel, threads, 2)
            await asyncio.gather(*(_one(desk, channel, dialogue, races, t) for t in threads))
        heard = {m.thread for m in channel.sent if m.author is Author.AGENT}
        async with asyncio.timeout(30):
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
        async with asyncio.timeout(30):
            await moment.wait()
    await asyncio.sleep(random.uniform(0, _LONGEST / 4))
    races.struck += bool(dialogue.thinking[talk.id] or channel.sending[thread])
    tries = [
        _take_over(desk, channel, talk.id, thread, agent) for agent in ("Kim", "Kim", "Lee", "Lee")
    ]
    owners = [agent for agent in await asyncio.gather(*tries) if agent]
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
    async with asyncio.timeout(30):
        while sum(1 for m in channel.sent if m.thread in wanted) < each * len(wanted):
            await asyncio.sleep(0.01)
