"""From the bot to a person and back: asking, taking over, answering, giving back, and nobody coming."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.agentdesk import facts
from desk.agentdesk.rules import OpenTimes, Rulebook
from desk.clock import Clock
from desk.conversations import repository
from desk.conversations.service import Conversations
from desk.errors import FrontdeskError, InvalidError, NotFoundError
from desk.handoff.capacity import FullError
from desk.handoff.moves import Ending, Moves, Survey, Tickets, must_own
from desk.handoff.watch import Watch
from desk.message import Attachment
from desk.outbox.relay import SEND_TIMEOUT
from desk.signals import DESK, OUTBOX, Signals, conversation_topic
from desk.store.database import Database
from desk.tables.conversation import ConversationRow, Owner

log = structlog.get_logger()

type Also = Callable[[AsyncSession], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is true about waiting for a person."""

    open_now: bool
    waiting: int
    opens_at: datetime | None
    answer_within: timedelta


class Handoff:
    """Everything that changes hands. Every method but :meth:`ask` commits; a lost race is a ConflictError."""

    def __init__(
        self,
        *,
        database: Database,
        conversations: Conversations,
        tickets: Tickets,
        feedback: Survey,
        hours: OpenTimes,
        signals: Signals,
        clock: Clock,
        patience: timedelta = timedelta(minutes=10),
        rules: Rulebook | None = None,
    ) -> None:
        self._database = database
        self._signals = signals
        self._clock = clock
        self._patience = patience
        self.moves = Moves(conversations=conversations, tickets=tickets, feedback=feedback)
        self._rules = rules or Rulebook(None, hours)
        self._watch = Watch(moves=self.moves, rules=self._rules, patience=patience)

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams to which a conversation can be given."""
        return tuple(self._rules.rules.teams)

    async def outlook(self, *, conversation_id: str, language: str) -> Outlook:
        """Return what a customer who asks for a person may be told."""
        now = self._clock()
        async with self._database.read() as session:
            rows = await repository.by_owner(session, [Owner.WAITING], 1_000)
            team = await self._team(session, conversation_id)
        open_now = self._rules.is_open(team, now)
        return Outlook(
            open_now=open_now,
            waiting=sum(1 for row, _ in rows if row.id != conversation_id),
            opens_at=None if open_now else self._rules.next_opening(team, now),
            answer_within=self._patience,
        )

    async def _team(self, session: AsyncSession, conversation_id: str) -> str | None:
        """Return the team to which a conversation would go now."""
        row = await session.get(ConversationRow, conversation_id)
        if row is None:
            return None
        return self._rules.route(await facts.matter(session, row, self._rules.rules)).team

    async def ask(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        reason: str,
        *,
        by: str | None = None,
    ) -> bool:
        """Call a person in the caller's transaction, which holds the conversation's lock.

        Return False when one is wanted or there already. Whoever holds a copy of the row keeps it afterwards.
        """
        return await self.moves.ask(session, conversation, reason, self._clock(), by=by)

    async def take_over(
        self, conversation_id: str, *, agent: str, also: Also | None = None
    ) -> int:
        """Give the conversation to an agent; return the new epoch once no bot message can go out any more.

        ``also`` is done in the same transaction.

        Raises:
            ConflictError: another agent has it, or this one has enough (FullError: a second try goes over it).
            NotFoundError: there is no such conversation.
        """
        try:
            async with self.change(conversation_id) as (session, conversation):
                await self.moves.take(session, conversation, agent, self._clock())
                epoch = conversation.epoch
                if also is not None:
                    await also(session)
        except FullError as error:
            async with self._database.write() as session:
                events.append(session, error.event)
            raise
        # Also when the agent asks twice: the second answer must be as true as the first.
        await self._wait_for_sends(conversation_id, epoch)
        return epoch

    async def _wait_for_sends(self, conversation_id: str, epoch: int) -> None:
        # New sends are fenced by the epoch; those that had passed the fence end within the send time-out.
        deadline = asyncio.get_running_loop().time() + SEND_TIMEOUT.total_seconds() + 0.5
        while asyncio.get_running_loop().time() < deadline:
            async with self._database.read() as session:
                if not await repository.sending_before(session, conversation_id, epoch):
                    return
            await asyncio.sleep(0.05)

    async def reply(
        self,
        conversation_id: str,
        *,
        agent: str,
        text: str,
        attachments: Sequence[Attachment] = (),
    ) -> int:
        """Send an agent's words and files to the customer; return the message's id.

        Raises:
            ConflictError: the agent does not own the conversation.
            InvalidError: there are no words.
        """
        async with self.change(conversation_id) as (session, conversation):
            must_own(conversation, agent)
            return await self.moves.send(
                session, conversation, agent, text, self._clock(), attachments
            )

    async def send_once(self, conversation_id: str, *, agent: str, text: str) -> int:
        """Send an agent's words without changing who has the conversation; return the message's id."""
        async with self.change(conversation_id) as (session, conversation):
            return await self.moves.send(session, conversation, agent, text, self._clock())

    async def note(self, conversation_id: str, *, agent: str, text: str) -> int:
        """Keep a note that the customer never sees."""
        async with self.change(conversation_id) as (session, conversation):
            return await self.moves.note(session, conversation, agent, text, self._clock())

    async def transfer(
        self, conversation_id: str, *, by: str, agent: str | None = None, team: str | None = None
    ) -> None:
        """Give the conversation to another agent or to a team.

        Raises:
            ConflictError: it is somebody else's, or nobody wants a person there.
            InvalidError: there is no such team.
        """
        if team is not None and team not in self.teams:
            raise InvalidError(f"there is no team {team}")
        async with self.change(conversation_id) as (session, conversation):
            now = self._clock()
            await self.moves.transfer(session, conversation, by, now, agent=agent, team=team)

    async def snooze(self, conversation_id: str, *, agent: str, until: datetime) -> None:
        """Put the conversation off until a time, or until the customer writes."""
        async with self.change(conversation_id) as (session, conversation):
            await self.moves.snooze(session, conversation, agent, until, self._clock())

    async def release(
        self, conversation_id: str, *, agent: str, follow_on: bool = False, note: str = ""
    ) -> None:
        """Give the conversation back to the bot; with ``follow_on`` the customer is asked how it went.

        ``note`` is what the bot should know.
        """
        async with self.change(conversation_id) as (session, conversation):
            await self.moves.release(
                session, conversation, agent, self._clock(), follow_on=follow_on, note=note
            )

    async def resolve(
        self, conversation_id: str, *, agent: str, ending: Ending | None = None
    ) -> None:
        """Close the conversation as solved; the customer's next message opens it again with the bot."""
        async with self.change(conversation_id) as (session, conversation):
            await self.moves.resolve(session, conversation, agent, self._clock(), ending)

    async def expire(self) -> int:
        """Do what the time asks for: call others, remind, ask, give up; return in how many conversations."""
        now = self._clock()
        done = 0
        async with self._database.read() as session:
            due = await self._watch.due(session, now)
        for conversation_id in due:
            try:
                async with self.change(conversation_id) as (session, conversation):
                    step = await self._watch.advance(session, conversation, now)
            except (
                FrontdeskError,
                SQLAlchemyError,
            ):  # one that fails must not keep the others waiting
                log.exception("handoff_step_failed", conversation_id=conversation_id)
            else:
                done += step is not None
        return done

    @asynccontextmanager
    async def change(
        self, conversation_id: str
    ) -> AsyncIterator[tuple[AsyncSession, ConversationRow]]:
        """Open a transaction that holds a conversation's lock, and wake whoever waits for its end.

        Raises:
            NotFoundError: there is no such conversation.
        """
        async with self._database.write() as session:
            conversation = await repository.locked(session, conversation_id)
            if conversation is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            yield session, conversation
            topic = conversation_topic(conversation.thread)
        for signal in (topic, OUTBOX, DESK):
            await self._signals.publish(signal, "message" if signal is topic else "")
