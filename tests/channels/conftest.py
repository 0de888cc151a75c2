"""A desk with one real adapter, against the platform that stands in for the real one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.inbox.readers import Readers
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.outbox import UNFINISHED, OutboxRow
from tests.channels.subjects import SUBJECTS, Subject, open_subject
from tests.talk import rows

_MOST_ROUNDS = 400
_MOMENT = timedelta(milliseconds=100)


class Rig:
    """A desk with one channel; time stands still unless a test moves it."""

    def __init__(
        self, desk: Desk, subject: Subject, clock: StoppedClock, dialogue: MemoryDialogue
    ) -> None:
        self.desk = desk
        self.subject = subject
        self.channel = subject.channel
        self.clock = clock
        self.dialogue = dialogue
        self._number = 0

    def text(self, words: str, chat: int = 1) -> dict[str, Any]:
        """Return the next update: a customer's text."""
        self._number += 1
        return self.subject.text(n=self._number, chat=chat, words=words)

    async def give(self, *raws: dict[str, Any]) -> None:
        """Let the platform hand over updates: all at once where it calls us."""
        if "webhook" in self.subject.kinds:
            requests = [self.subject.signed(raw) for raw in raws]
            take = self.desk.webhooks.take
            answers = await asyncio.gather(*(take(self.channel, one) for one in requests))
            assert [answer.status_code for answer in answers] == [200] * len(raws)
            return
        for raw in raws:
            await self.subject.put(raw)
        await self.read()

    async def read(self, readers: Readers | None = None) -> None:
        """Fetch what the platform has for us."""
        readers = readers or self.desk.readers
        if "polling" in self.subject.kinds:
            await readers.poll(self.channel)
            return
        listening = asyncio.create_task(readers.listen(self.channel))
        await self.subject.platform.idle()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    async def settle(self, longest: timedelta = timedelta(minutes=10)) -> None:
        """Answer what came and send what is due, moving the clock on to whatever waits within a time."""
        await self.desk.router.drain()
        until = self.clock() + longest
        for _ in range(_MOST_ROUNDS):
            while await self.desk.relay.step():
                pass
            due = await self.next_due()
            if due is None or due > until:
                return
            # What is due and not sent waits for its account's pace, which only the relay knows.
            self.clock.advance(max(due - self.clock(), _MOMENT))
        raise AssertionError("the outbox does not become empty")

    async def next_due(self) -> datetime | None:
        """Return when the next message is to be sent."""
        query = select(func.min(OutboxRow.not_before)).where(OutboxRow.state.in_(UNFINISHED))
        async with self.desk.database.read() as session:
            found: datetime | None = await session.scalar(query)
        return found

    async def converse(self, words: str, chat: int = 1) -> None:
        """Let a customer write and be answered."""
        await self.give(self.text(words, chat))
        await self.settle()

    async def said(self, *where: Any) -> Sequence[MessageRow]:
        """Return messages."""
        return await rows(self.desk, MessageRow, *where)

    async def conversations(self) -> Sequence[ConversationRow]:
        """Return conversations."""
        return await rows(self.desk, ConversationRow)

    def second_reader(self) -> Readers:
        """Return what reads in another process."""
        return Readers(
            database=self.desk.database,
            channels=self.desk.channels,
            ingest=self.desk.ingest,
            states=self.desk.states,
            clock=self.clock,
        )

    def texts(self, chat: int = 1) -> list[str]:
        """Return what the platform accepted for a chat."""
        thread = self.subject.thread_of(chat)
        return [text for place, text, _ in self.subject.delivered() if place == thread]


@pytest.fixture(params=SUBJECTS)
async def subject(request: pytest.FixtureRequest, clock: StoppedClock) -> AsyncIterator[Subject]:
    """Return every channel in turn; at the end it has kept all of its platform's rules."""
    async with open_subject(request.param, clock) as subject:
        yield subject
        assert subject.platform.violations == []


@pytest.fixture
async def rig(
    subject: Subject,
    settings: Settings,
    database: Database,
    dialogue: MemoryDialogue,
    memory: MemoryChannel,
    clock: StoppedClock,
) -> AsyncIterator[Rig]:
    """Return a desk with the channel and, beside it, the one in memory."""
    channels = {subject.channel.name: subject.channel, memory.name: memory}
    desk = build(settings, dialogue=dialogue, channels=channels, clock=clock)
    accepting = asyncio.create_task(desk.acceptor.run())
    yield Rig(desk, subject, clock, dialogue)
    accepting.cancel()
    with suppress(asyncio.CancelledError):
        await accepting
    await desk.close()
