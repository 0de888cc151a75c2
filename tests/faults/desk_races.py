"""Agents who take conversations over at their desk while the bot is at work in them."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from app.wiring import Desk
from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import (
    Action,
    Button,
    CardPost,
    Person,
    Place,
    Post,
    Posted,
    Pressed,
    WhisperPost,
    Wrote,
)
from desk.clock import now
from desk.conversations import repository as conversations
from desk.errors import ConflictError
from desk.ids import new_id
from desk.tables.conversation import Author, Owner
from tests.faults.races import SlowChannel, SlowDialogue, figures
from tests.talk import events, inbound

AT_ONCE = 40
_MOMENT = 0.0075
_AGENTS = ("Kim", "Lee")
_PATIENCE = 120
_GREETED = 4
"""In every so many-th race both agents write afterwards."""


class WatchedDesk(MemoryDesk):
    """A platform on which the moment is noted at which somebody reads that an agent has a conversation."""

    def __init__(self) -> None:
        super().__init__(people={name: Person(external_id=name, name=name) for name in _AGENTS})
        self.confirmed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.opened: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.places: dict[str, Place] = {}
        self.refused: Counter[str] = Counter()

    async def post(self, post: Post, place: Place, *, key: str, again: bool) -> Posted:
        """Show it; note who is told what."""
        posted = await super().post(post, place, key=key, again=again)
        if isinstance(post, CardPost):
            root = place.thread or posted.external_id or ""
            self.places[post.card.conversation_id] = Place(channel=place.channel, thread=root)
            self.opened[post.card.conversation_id].set()
            if post.card.owner is Owner.HUMAN:
                self.confirmed[post.card.conversation_id].set()
        elif isinstance(post, WhisperPost) and "has this conversation" in post.text:
            self.refused[post.person] += 1
        return posted


@dataclass
class DeskRaces:
    """What came of them."""

    run: int = 0
    struck: int = 0
    greeted: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    unheard: int = 0
    leaked: int = 0
    refused: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds from the presses to the card that says who has it."""

    def __str__(self) -> str:
        return (
            f"{self.run} races, {self.struck} with a turn or a send in flight, {self.leaked} bot messages after the "
            f"confirmation, {self.refused} agents told who has it, {self.unheard} unheard, {figures(self.waits)}"
        )


@dataclass
class Field:
    """Where the races are run."""

    desk: Desk
    platform: WatchedDesk
    channel: SlowChannel
    dialogue: SlowDialogue

    async def tell(self, *actions: Action) -> None:
        """Let the platform tell of actions."""
        assert self.desk.agents_desk is not None
        await self.desk.agents_desk.ingest.accept(actions)


@asynccontextmanager
async def _working(desk: Desk) -> AsyncIterator[None]:
    assert desk.agents_desk is not None
    loops = (
        desk.acceptor.run,
        desk.router.run,
        desk.relay.run,
        desk.agents_desk.relay.run,
        desk.agents_desk.worker.run,
    )
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def race(ground: Field, *, rounds: int, at_once: int = AT_ONCE) -> DeskRaces:
    """Run ``rounds`` times ``at_once`` races; every conversation is taken over once."""
    races = DeskRaces()
    ground.desk.router._concurrency = at_once
    for name in _AGENTS:
        await ground.desk.agents.add(name=name, external_id=name, capacity=rounds * at_once + 1)
    async with _working(ground.desk):
        for number in range(rounds):
            threads = [f"r{number}-{n}" for n in range(at_once)]
            talks = await _begin(ground.desk, threads)
            pairs = zip(threads, talks, strict=True)
            await asyncio.gather(*(_one(ground, races, thread, talk) for thread, talk in pairs))
        races.unheard = await _unheard(ground, races.greeted)
        await _told(ground, races.run)
    races.leaked = len(ground.channel.leaked)
    races.refused = ground.platform.refused.total()
    found = await events(ground.desk, "conversation.taken_over")
    races.taken = Counter(str(event.conversation_id) for event in found)
    return races


async def _begin(desk: Desk, threads: Sequence[str]) -> list[str]:
    """Return conversations that the bot owns, without the talk that would have led there."""
    at, talks = now(), []
    async with desk.database.write() as session:
        for thread in threads:
            contact_id = await conversations.add_contact(
                session,
                channel="memory",
                account="a",
                external_id=thread,
                name=None,
                language="en",
                now=at,
            )
            talk = await conversations.begin(
                session,
                contact_id=contact_id,
                channel="memory",
                account="a",
                thread=thread,
                handle=thread,
                language="en",
                now=at,
            )
            talks.append(talk.id)
    return talks


async def _one(ground: Field, races: DeskRaces, thread: str, talk: str) -> None:
    thinks, sends = ground.dialogue.began[talk], ground.channel.began[thread]
    await ground.desk.acceptor.accept([inbound("first", thread)])
    # Some agents come before the bot has begun, some while it thinks, some while its words are on their way.
    moment = random.choice([None, thinks, thinks, sends, sends, sends])
    if moment is not None:
        async with asyncio.timeout(_PATIENCE):
            await moment.wait()
    await asyncio.sleep(
        random.uniform(0, ground.dialogue.longest / 4 if moment is thinks else _MOMENT)
    )
    races.struck += bool(ground.dialogue.thinking[talk] or ground.channel.sending[thread])
    started = asyncio.get_running_loop().time()
    watch = asyncio.create_task(_confirm(ground, thread, talk))
    presses = [_pressed(agent, talk) for agent in _AGENTS]
    random.shuffle(presses)
    if random.random() < 0.3:
        # One of them sits at the console, and hears yes or no there.
        console = _at_the_console(ground, talk, presses.pop().person.name)
        await asyncio.gather(ground.tell(*presses), console)
    elif random.random() < 0.5:
        await ground.tell(*presses)
    else:
        await asyncio.gather(*(ground.tell(press) for press in presses))
    async with asyncio.timeout(_PATIENCE):
        await watch
        await ground.platform.opened[talk].wait()
    races.waits.append(asyncio.get_running_loop().time() - started)
    races.run += 1
    if races.run % _GREETED == 0:
        races.greeted += 1
        await ground.tell(*_greetings(ground, talk))


async def _confirm(ground: Field, thread: str, talk: str) -> None:
    """From the moment on at which the desk shows who has it, the bot must be silent."""
    await ground.platform.confirmed[talk].wait()
    ground.channel.confirmed.add(thread)


async def _at_the_console(ground: Field, talk: str, agent: str) -> None:
    try:
        await ground.desk.handoff.take_over(talk, agent=agent)
    except ConflictError:
        ground.platform.refused[agent] += 1
    else:
        ground.platform.confirmed[talk].set()


def _pressed(agent: str, talk: str) -> Action:
    person = Person(external_id=agent, name=agent)
    deed = Pressed(button=Button.TAKE_OVER, conversation_id=talk, epoch=0)
    return Action(external_id=new_id(), person=person, at=now(), deed=deed)


def _greetings(ground: Field, talk: str) -> list[Action]:
    """Return words of both agents in the thread: only those of the winner go out by themselves."""
    place = ground.platform.places[talk]
    return [
        Action(
            external_id=new_id(),
            person=Person(external_id=agent, name=agent),
            at=now(),
            deed=Wrote(place=place, message=new_id(), text="I am here"),
        )
        for agent in _AGENTS
    ]


async def _told(ground: Field, wanted: int) -> None:
    """Wait until every loser has been told."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while ground.platform.refused.total() < wanted:
                await asyncio.sleep(0.05)


async def _unheard(ground: Field, wanted: int) -> int:
    """Return how many customers have not heard their agent, after a while."""
    heard: set[str] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while len(heard) < wanted:
                await asyncio.sleep(0.05)
                heard = {m.thread for m in ground.channel.sent if m.author is Author.AGENT}
    return wanted - len(heard)
