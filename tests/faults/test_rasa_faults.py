"""The assistant fails in every way it can: customers are told once, and all is answered once when it is back."""

import shutil
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from app.wiring import Desk, build
from desk.clock import StoppedClock
from desk.phrases import Phrase, say
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.ticket import TicketRow
from tests.faults.assistant import Assistant, Fault, answer
from tests.faults.conftest import Visitor, visit
from tests.faults.verdict import judge
from tests.talk import events, rows

TIMEOUT = timedelta(milliseconds=300)
CUSTOMERS = 8
MINUTES = 4
STEPS = MINUTES * 60 // 5
"""How long the outage lasts, in how many looks; a message that fails five times on its own account is set aside."""


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> str:
    """Return SQLite's: the database is not the fault here."""
    return f"sqlite:///{shutil.copy(template, tmp_path / 'desk.sqlite')}"


@pytest.fixture
async def assistant() -> AsyncIterator[Assistant]:
    """Return the assistant's stand-in, which fails at every text with 'poison' in it."""
    async with Assistant(poison=lambda text: "poison" in text) as assistant:
        yield assistant


@pytest.fixture
async def desk(
    settings: Settings, database: Database, assistant: Assistant, clock: StoppedClock
) -> AsyncIterator[Desk]:
    """Return a desk with the real client of the assistant."""
    changes = {"rasa_url": assistant.url, "dialogue_timeout": TIMEOUT}
    desk = build(settings.model_copy(update=changes), clock=clock)
    yield desk
    await desk.close()


class Crowd:
    """Customers who write to one desk, and what they wrote."""

    def __init__(self, desk: Desk, clock: StoppedClock, people: list[Visitor]) -> None:
        self._desk = desk
        self._clock = clock
        self.people = people
        self.said: list[list[str]] = [[] for _ in people]

    async def write(self, word: str) -> None:
        """Let everybody write one message; each must be acknowledged."""
        for number, person in enumerate(self.people):
            text = f"{word} {number}"
            response = await person.post(str(uuid4()), text)
            assert response.status_code == 200
            self.said[number].append(text)

    async def work(self, *, seconds: int, step: int = 5) -> None:
        """Let the desk work for a time."""
        for _ in range(0, seconds, step):
            await self._desk.router.drain()
            self._clock.advance(timedelta(seconds=step))
        await self._desk.router.drain()


@pytest.fixture
async def crowd(desk: Desk, clock: StoppedClock, client: httpx.AsyncClient) -> Crowd:
    """Return customers who have been answered before."""
    crowd = Crowd(desk, clock, [await visit(client) for _ in range(CUSTOMERS)])
    await crowd.write("hello")
    await crowd.work(seconds=0)
    return crowd


async def _struck(desk: Desk, fault: Fault, assistant: Assistant) -> int:
    """Return how many turns met the fault; a closed port is seen by the caller alone."""
    if fault is not Fault.REFUSED:
        return assistant.struck
    waiting = await rows(desk, InboxRow, InboxRow.last_error.contains("cannot reach"))
    return len(waiting)


@pytest.mark.parametrize("fault", Fault)
async def test_an_outage_is_told_once_and_answered_once_when_it_is_over(
    desk: Desk, crowd: Crowd, assistant: Assistant, fault: Fault
) -> None:
    before = assistant.calls
    await assistant.strike(fault)
    started = time.monotonic()
    await crowd.write("during")
    await crowd.write("again")
    assert time.monotonic() - started < 5, "accepting does not wait for the assistant"
    await crowd.work(seconds=0)
    assert await _struck(desk, fault, assistant) > 0
    opened = assistant.calls
    assert opened - before <= CUSTOMERS
    await crowd.work(seconds=60 * MINUTES // 2)
    await crowd.write("later")
    await crowd.work(seconds=60 * MINUTES // 2)
    # Every message would have been tried dozens of times; the breaker lets a few calls through to look.
    assert assistant.calls - opened <= (STEPS if assistant.looks_well else 0)
    for person in crowd.people:
        authors = [author for author, _ in await person.shown()]
        assert authors == ["contact", "bot", "contact", "system"]
        assert (await person.shown())[-1][1] == say(Phrase.TROUBLE, "en")
    await assistant.mend()
    await crowd.work(seconds=60)
    for person, said in zip(crowd.people, crowd.said, strict=True):
        shown = await person.shown()
        verdict = judge(said, shown, answer)
        assert verdict.kept, verdict
        assert [author for author, _ in shown].count("system") == 1
    assert set(assistant.runs.values()) == {1}
    assert len(assistant.runs) == 4 * CUSTOMERS
    assert await rows(desk, TicketRow) == []
    states = {row.state for row in await rows(desk, InboxRow)}
    assert states == {InboxState.DONE}


async def test_each_outage_is_told_again(desk: Desk, crowd: Crowd, assistant: Assistant) -> None:
    for _ in range(3):
        await assistant.strike(Fault.ERROR_503)
        await crowd.write(uuid4().hex)
        await crowd.work(seconds=30)
        await assistant.mend()
        await crowd.work(seconds=60)
    assert assistant.struck > 0
    for person in crowd.people:
        assert [author for author, _ in await person.shown()].count("system") == 3


async def test_one_poisoned_message_becomes_a_ticket_and_the_others_go_on(
    desk: Desk, crowd: Crowd, assistant: Assistant
) -> None:
    victim = crowd.people[0]
    words = "poison in my parcel"
    assert (await victim.post(str(uuid4()), words)).status_code == 200
    for number in range(12):
        await crowd.write(f"round {number}")
        await crowd.work(seconds=5)
        for person, said in list(zip(crowd.people, crowd.said, strict=True))[1:]:
            assert (await person.shown())[-1] == ("bot", answer(said[-1])), (
                "the others wait for nothing"
            )
    assert assistant.struck == 5
    (ticket,) = await rows(desk, TicketRow)
    assert words in ticket.description
    shown = await victim.shown()
    notices = [text for author, text in shown if author == "system"]
    assert notices == [say(Phrase.TROUBLE, "en"), say(Phrase.GAVE_UP, "en", number="T-000001")]
    assert judge(crowd.said[0], shown, answer).kept, "what came after it was answered"
    assert len(await events(desk, "message.dead_lettered")) == 1


async def test_two_poisoned_messages_and_nobody_else(
    desk: Desk, clock: StoppedClock, client: httpx.AsyncClient, assistant: Assistant
) -> None:
    crowd = Crowd(desk, clock, [await visit(client) for _ in range(2)])
    await crowd.write("poison")
    await crowd.work(seconds=120)
    assert assistant.struck == 10
    assert len(await rows(desk, TicketRow)) == 2
    await crowd.write("and now?")
    await crowd.work(seconds=5)
    for person in crowd.people:
        assert (await person.shown())[-1][0] == "bot"
