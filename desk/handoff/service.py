"""From the bot to a person and back: asking, taking over, answering, giving back, and nobody coming."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.conversations import repository
from desk.conversations.service import Conversations
from desk.dialogue.port import Button
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.inbox.router import TicketDesk
from desk.outbox.relay import SEND_TIMEOUT
from desk.phrases import Phrase, say
from desk.signals import OUTBOX, Signals, conversation_topic
from desk.store.database import Database
from desk.tables.conversation import Author, ConversationRow, Owner

log = structlog.get_logger()


class OpeningHours(Protocol):
    """When people are at their desks."""

    def is_open(self, at: datetime) -> bool:
        """Say whether somebody is there."""

    def next_opening(self, at: datetime) -> datetime | None:
        """Return when somebody will be there next."""


class Survey(Protocol):
    """The one thing the handoff wants from feedback."""

    async def survey_in(
        self, session: AsyncSession, *, conversation_id: str, key: str, agent: str | None = None
    ) -> bool:
        """Say whether the customer may be asked how it went, and take note of asking."""


_SCORES = tuple(
    Button(title=str(score), payload=f'/give_feedback{{"score": "{score}"}}')
    for score in range(1, 6)
)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is true about waiting for a person."""

    open_now: bool
    waiting: int
    opens_at: datetime | None
    answer_within: timedelta


class Handoff:
    """Everything that changes hands. Every method commits; a lost race is a ConflictError."""

    def __init__(
        self,
        *,
        database: Database,
        conversations: Conversations,
        tickets: TicketDesk,
        feedback: Survey,
        hours: OpeningHours,
        signals: Signals,
        clock: Clock,
        patience: timedelta = timedelta(minutes=10),
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._tickets = tickets
        self._feedback = feedback
        self._hours = hours
        self._signals = signals
        self._clock = clock
        self._patience = patience

    async def outlook(self, *, conversation_id: str, language: str) -> Outlook:
        """Return what a customer who asks for a person may be told."""
        now = self._clock()
        hours = self._hours
        async with self._database.read() as session:
            rows = await repository.by_owner(session, [Owner.WAITING], 1_000)
        open_now = hours.is_open(now)
        return Outlook(
            open_now=open_now,
            waiting=sum(1 for row, _ in rows if row.id != conversation_id),
            opens_at=None if open_now else hours.next_opening(now),
            answer_within=self._patience,
        )

    async def take_over(self, conversation_id: str, *, agent: str) -> int:
        """Give the conversation to an agent; return the new epoch once no bot message can go out any more.

        Raises:
            ConflictError: another agent has it.
            NotFoundError: there is no such conversation.
        """
        async with self._change(conversation_id) as (session, conversation):
            if conversation.owner is not Owner.HUMAN:
                await self._give_to(session, conversation, agent)
            elif conversation.agent != agent:
                raise ConflictError(f"{conversation.agent} has this conversation already")
            epoch = conversation.epoch
        # Also when the agent asks twice: the second answer must be as true as the first.
        await self._wait_for_sends(conversation_id, epoch)
        return epoch

    async def _give_to(
        self, session: AsyncSession, conversation: ConversationRow, agent: str
    ) -> None:
        now = self._clock()
        await self._conversations.change_owner(
            session,
            conversation,
            Owner.HUMAN,
            now=now,
            name="taken_over",
            agent=agent,
            carry=False,
        )
        text = say(Phrase.AGENT_JOINED, conversation.language, name=agent)
        await self._conversations.say(session, conversation, text, author=Author.SYSTEM, now=now)

    async def _wait_for_sends(self, conversation_id: str, epoch: int) -> None:
        # New sends are fenced by the epoch; those that had passed the fence end within the send time-out.
        deadline = asyncio.get_running_loop().time() + SEND_TIMEOUT.total_seconds() + 0.5
        while asyncio.get_running_loop().time() < deadline:
            async with self._database.read() as session:
                if not await repository.sending_before(session, conversation_id, epoch):
                    return
            await asyncio.sleep(0.05)

    async def reply(self, conversation_id: str, *, agent: str, text: str) -> int:
        """Send an agent's words to the customer; return the message's id.

        Raises:
            ConflictError: the agent does not own the conversation.
            InvalidError: there are no words.
        """
        if not text.strip():
            raise InvalidError("write something to send")
        async with self._change(conversation_id) as (session, conversation):
            _must_own(conversation, agent)
            return await self._conversations.say(
                session,
                conversation,
                text.strip(),
                author=Author.AGENT,
                author_name=agent,
                now=self._clock(),
            )

    async def note(self, conversation_id: str, *, agent: str, text: str) -> int:
        """Keep a note that the customer never sees."""
        async with self._change(conversation_id) as (session, conversation):
            return await self._conversations.note(
                session, conversation, text, author_name=agent, now=self._clock()
            )

    async def release(self, conversation_id: str, *, agent: str) -> None:
        """Give the conversation back to the bot."""
        async with self._change(conversation_id) as (session, conversation):
            _must_own(conversation, agent)
            now = self._clock()
            await self._conversations.change_owner(
                session, conversation, Owner.BOT, now=now, name="released", reason=agent
            )
            text = say(Phrase.AGENT_LEFT, conversation.language, name=agent)
            await self._conversations.say(
                session, conversation, text, author=Author.SYSTEM, now=now
            )

    async def resolve(self, conversation_id: str, *, agent: str) -> None:
        """Close the conversation as solved; the customer's next message opens it again with the bot."""
        async with self._change(conversation_id) as (session, conversation):
            if conversation.owner is Owner.HUMAN:
                _must_own(conversation, agent)
            if conversation.owner is Owner.CLOSED:
                return
            await self._conversations.change_owner(
                session,
                conversation,
                Owner.CLOSED,
                now=self._clock(),
                name="resolved",
                reason=agent,
            )
            await self._survey(session, conversation, agent)

    async def _survey(
        self, session: AsyncSession, conversation: ConversationRow, agent: str
    ) -> None:
        key = f"resolved:{conversation.id}:{conversation.resolution}"
        asked = await self._feedback.survey_in(
            session, conversation_id=conversation.id, key=key, agent=agent
        )
        if asked:
            await self._conversations.say(
                session,
                conversation,
                say(Phrase.SURVEY, conversation.language, name=agent),
                author=Author.SYSTEM,
                now=self._clock(),
                buttons=_SCORES,
            )

    async def expire(self) -> int:
        """Return conversations nobody took to the bot, each with a ticket; return how many."""
        now = self._clock()
        async with self._database.read() as session:
            rows = await repository.by_owner(session, [Owner.WAITING], 1_000)
        late = [
            row.id
            for row, _ in rows
            if row.waiting_since and row.waiting_since + self._patience <= now
        ]
        for conversation_id in late:
            await self._give_up(conversation_id, now)
        return len(late)

    async def _give_up(self, conversation_id: str, now: datetime) -> None:
        async with self._change(conversation_id) as (session, conversation):
            if conversation.owner is not Owner.WAITING:
                return
            ticket = await self._tickets.open_in(
                session,
                key=f"handoff:{conversation.id}:{conversation.epoch}",
                conversation_id=conversation.id,
                topic="handoff",
                title="Asked for a person, nobody was free",
                description=await repository.last_words(session, conversation.id),
                priority="high",
                author="system",
            )
            await self._conversations.change_owner(
                session, conversation, Owner.BOT, now=now, name="handoff_expired"
            )
            text = say(Phrase.NOBODY_CAME, conversation.language, number=ticket.number)
            await self._conversations.say(
                session, conversation, text, author=Author.SYSTEM, now=now
            )

    @asynccontextmanager
    async def _change(
        self, conversation_id: str
    ) -> AsyncIterator[tuple[AsyncSession, ConversationRow]]:
        async with self._database.write() as session:
            conversation = await repository.locked(session, conversation_id)
            if conversation is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            yield session, conversation
            topic = conversation_topic(conversation.thread)
        await self._signals.publish(topic, "message")
        await self._signals.publish(OUTBOX)


def _must_own(conversation: ConversationRow, agent: str) -> None:
    if conversation.owner is not Owner.HUMAN:
        raise ConflictError("take the conversation over first")
    if conversation.agent != agent:
        raise ConflictError(f"{conversation.agent} has this conversation")
