"""Takes received messages to whoever owns the conversation: one at a time each, many side by side."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.agentdesk.rules import DeskRules
from desk.clock import Clock
from desk.conversations import repository as conversations_repository
from desk.conversations.incoming import Incoming, Received
from desk.conversations.service import Conversations
from desk.dialogue.port import Dialogue, DialogueUnavailableError, Reply
from desk.errors import RetryableError
from desk.events import Event
from desk.inbox import repository
from desk.inbox.answering import Answered, Answering
from desk.inbox.claims import LONGEST_WAIT, MOST_FAILURES, Claims
from desk.inbox.collected import collected
from desk.inbox.meanwhile import agent_spoke_after
from desk.outbox.retry import backoff
from desk.phrases import Phrase, say
from desk.signals import DESK, INBOX, OUTBOX, Signals, conversation_topic
from desk.store.database import Database
from desk.tables.conversation import Author, ConversationRow, Owner
from desk.tables.inbox import InboxRow, InboxState

log = structlog.get_logger()

_AFTER = {"handoff": (Owner.WAITING, "handoff_requested"), "resolve": (Owner.CLOSED, "resolved")}
"""What a reply's command does: the new owner and the name of the event."""


class TicketDesk(Protocol):
    """The one thing the router wants from tickets."""

    async def open_in(
        self,
        session: AsyncSession,
        *,
        key: str,
        conversation_id: str,
        topic: str,
        title: str,
        description: str,
        priority: str = "normal",
        author: str = "bot",
    ) -> "Numbered":
        """Open a ticket in the caller's transaction."""


class Numbered(Protocol):
    """Something with a number to tell the customer."""

    @property
    def number(self) -> str:
        """The number."""


class Router:
    """Claims the head of every conversation's line and works on up to ``concurrency`` at once."""

    def __init__(
        self,
        *,
        database: Database,
        conversations: Conversations,
        incoming: Incoming,
        dialogue: Dialogue,
        tickets: TicketDesk,
        signals: Signals,
        clock: Clock,
        concurrency: int = 32,
        poll: timedelta = timedelta(seconds=1),
        rules: Callable[[], DeskRules] | None = None,
    ) -> None:
        """``rules`` say when a person is called though nobody asked for one; without them never."""
        self._database = database
        self._claims = Claims(database, incoming)
        self._conversations = conversations
        self._answering = Answering(database=database, dialogue=dialogue, clock=clock, rules=rules)
        self._rules = rules
        self._tickets = tickets
        self._signals = signals
        self._clock = clock
        self._concurrency = concurrency
        self._poll = poll.total_seconds()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work for ever; wakes by signal, and by itself every second."""
        with self._signals.listen(INBOX) as wake:
            told: list[str] = []
            try:
                while True:
                    free = await self._free()
                    if await self._start(free, sure=bool(told)) < free:
                        told = await wake.get(self._poll)
            except asyncio.CancelledError:
                await self._stop()
                raise

    async def _stop(self) -> None:
        """End the turns in hand and give their messages back, for whoever works on after us."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._claims.give_back(self._clock())

    async def step(self) -> int:
        """Start work on what is due; return how many messages were claimed."""
        return await self._start(await self._free(), sure=False)

    async def _free(self) -> int:
        """Return how many more messages can be worked on, once there is room for one."""
        while len(self._running) >= self._concurrency:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        return self._concurrency - len(self._running)

    async def _start(self, free: int, *, sure: bool) -> int:
        claimed = await self._claims.take(free, now=self._clock(), sure=sure)
        for received, attempt in claimed:
            task = asyncio.create_task(self._work(received, attempt))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(claimed)

    async def drain(self) -> None:
        """Work until nothing is due; for tests and tools."""
        while await self.step() or self._running:
            await asyncio.gather(*self._running)

    async def _work(self, received: Received, attempt: int) -> None:
        structlog.contextvars.bind_contextvars(
            conversation_id=received.conversation_id, inbox_id=received.inbox_id
        )
        topic = conversation_topic(received.thread)
        await self._signals.publish(topic, "message")
        if received.owner is not Owner.BOT:
            await self._signals.publish(DESK)
        try:
            more = await self._turn(received, attempt, topic)
        except BaseException as error:
            # The database is away, or we are: without this the message would wait until its lease is over.
            self._claims.lose(received.inbox_id, attempt)
            if not isinstance(error, Exception):
                raise
            log.exception("turn_unfinished")
            return
        await self._signals.publish(topic, "message")
        if not self._conversations.is_local(received.channel):
            await self._signals.publish(OUTBOX)
        if more:
            await self._signals.publish(INBOX)

    async def _turn(self, received: Received, attempt: int, topic: str) -> bool:
        """Get an answer and store it, or postpone the message; return whether the next one may be due now."""
        try:
            answered = await self._answer(received, topic)
            more = await self._commit(received, attempt, answered)
            if any(reply.command for reply in answered.replies):
                await self._signals.publish(DESK)
            return more
        except RetryableError as error:
            return await self._postpone(received, attempt, error)
        except Exception as error:  # one poisoned message must not stop the others
            log.exception("turn_failed")
            return await self._postpone(received, attempt, RetryableError(type(error).__name__))

    async def _answer(self, received: Received, topic: str) -> Answered:
        """Return what the bot says, or nothing when a person owns the conversation."""
        if received.owner is not Owner.BOT:
            return Answered()
        replies = []
        if received.attachments:
            names = ", ".join(received.attachments)
            text = say(Phrase.ATTACHMENT, received.language, names=names)
            replies.append(Reply(text=text))
            if not received.text and received.payload is None:
                return Answered(replies=tuple(replies))
        elif received.unsupported and not received.text and received.payload is None:
            return Answered(replies=(Reply(text=say(Phrase.UNSUPPORTED, received.language)),))
        if received.shortened:
            replies.append(Reply(text=say(Phrase.TOO_LONG, received.language)))
        await self._signals.publish(topic, "typing")
        answered = await self._answering.answer(received)
        return replace(answered, replies=(*replies, *answered.replies))

    async def _commit(self, received: Received, attempt: int, answered: Answered) -> bool:
        """Store the turn's whole effect in one transaction, if the bot still owns the conversation.

        Return whether the customer's next message waits already.
        """
        now, replies = self._clock(), answered.replies
        async with self._database.write() as session:
            conversation = await self._owned(session, received)
            done = await repository.finish(
                session, received.inbox_id, attempt, InboxState.DONE, done_at=now
            )
            if not done:
                log.warning("inbox_claim_lost")
                return False
            more = await repository.another_waits(session, received.inbox_id)
            if answered.mood is not None:
                await conversations_repository.feel(session, received.message_id, answered.mood)
            if conversation.owner is not Owner.BOT or conversation.epoch != received.epoch:
                self._log(session, received, "reply.fenced", now, replies=len(replies))
                return more
            conversation.notice = None
            await self._remember(session, conversation, answered)
            conversation.collected = self._collected(conversation.collected, answered.learnt)
            for reply in replies:
                if reply.text:
                    await self._conversations.say(
                        session,
                        conversation,
                        reply.text,
                        author=Author.BOT,
                        now=now,
                        buttons=reply.buttons,
                    )
            for reply in replies:
                if reply.command:
                    await self._obey(session, conversation, reply.command, now)
            await conversations_repository.keep(session, conversation)
            self._log(
                session,
                received,
                "turn.answered",
                now,
                replies=len(replies),
                intent=answered.intent,
                confidence=answered.confidence,
            )
        return more

    def _collected(
        self, known: dict[str, object] | None, learnt: Mapping[str, object]
    ) -> dict[str, object] | None:
        """Return what the assistant was told so far, of what agents may see."""
        rules = self._rules() if self._rules else None
        return collected(known or {}, learnt, rules.collected if rules else ()) or None

    @staticmethod
    async def _remember(
        session: AsyncSession, conversation: ConversationRow, answered: Answered
    ) -> None:
        if answered.doubts is not None:
            conversation.doubts = answered.doubts.kept()
        through = answered.told_through
        if through is not None:
            missed = await agent_spoke_after(session, conversation.id, through)
            conversation.untold_after = through if missed else None

    async def _obey(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        command: dict[str, object],
        now: datetime,
    ) -> None:
        after = _AFTER.get(str(command.get("command")))
        if after is None:
            log.warning("unknown_command", command=command.get("command"))
            return
        reason = str(command.get("reason") or "asked")
        await self._conversations.change_owner(
            session, conversation, after[0], now=now, name=after[1], reason=reason
        )

    async def _postpone(self, received: Received, attempt: int, error: RetryableError) -> bool:
        """Put the message back for later, or give it up; return whether the next one may be due now."""
        now = self._clock()
        away = isinstance(error, DialogueUnavailableError)
        async with self._database.write() as session:
            row = await session.get(InboxRow, received.inbox_id)
            if row is None:
                return True
            failures = row.failures if away else row.failures + 1
            dead = failures >= MOST_FAILURES
            wait = error.retry_in or backoff(min(attempt, 10), ceiling=LONGEST_WAIT)
            moved = await repository.finish(
                session,
                received.inbox_id,
                attempt,
                InboxState.DEAD if dead else InboxState.NEW,
                failures=failures,
                not_before=now + wait,
                last_error=f"{type(error).__name__}: {error}"[:500],
                done_at=now if dead else None,
            )
            if not moved:
                return False
            conversation = await self._owned(session, received)
            if dead:
                await self._give_up(session, conversation, received, now)
            elif conversation.notice is None and conversation.owner is Owner.BOT:
                conversation.notice = Phrase.TROUBLE
                text = say(Phrase.TROUBLE, conversation.language)
                await self._conversations.say(
                    session, conversation, text, author=Author.SYSTEM, now=now
                )
            await conversations_repository.keep(session, conversation)
            self._log(session, received, "turn.failed", now, failures=failures, away=away)
        log.warning("turn_postponed", error=str(error), failures=failures, dead=dead)
        return dead

    async def _give_up(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        received: Received,
        now: datetime,
    ) -> None:
        """After the last failed turn a ticket keeps the customer's words, and the customer is told."""
        ticket = await self._tickets.open_in(
            session,
            key=f"dead:{received.inbox_id}",
            conversation_id=conversation.id,
            topic="error",
            title="A message could not be answered",
            description=received.text or received.payload or "",
            priority="high",
            author="system",
        )
        text = say(Phrase.GAVE_UP, conversation.language, number=ticket.number)
        await self._conversations.say(session, conversation, text, author=Author.SYSTEM, now=now)
        conversation.notice = None
        self._log(session, received, "message.dead_lettered", now)

    @staticmethod
    async def _owned(session: AsyncSession, received: Received) -> ConversationRow:
        conversation = await conversations_repository.held(session, received.conversation_id)
        if conversation is None:
            raise LookupError(f"conversation {received.conversation_id} is gone")
        return conversation

    @staticmethod
    def _log(
        session: AsyncSession, received: Received, name: str, now: datetime, **data: object
    ) -> None:
        events.append(
            session,
            Event(
                name=name,
                occurred_at=now,
                contact_id=received.contact_id,
                conversation_id=received.conversation_id,
                data={"inbox_id": received.inbox_id, **data},
            ),
        )
