"""What can be done with a conversation, each in the caller's transaction, which holds the conversation's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.mirror import Mirror
from desk.conversations.service import Conversations
from desk.dialogue.port import Button
from desk.errors import ConflictError, InvalidError
from desk.handoff import capacity
from desk.inbox.router import TicketDesk
from desk.message import Attachment
from desk.phrases import Phrase, say
from desk.tables.conversation import Author, ConversationRow, Outcome, Owner
from desk.tables.ticket import TicketStatus
from desk.tickets.words import one_line

LONGEST_SNOOZE = timedelta(days=30)


class Survey(Protocol):
    """The one thing the handoff wants from feedback."""

    async def survey_in(
        self, session: AsyncSession, *, conversation_id: str, key: str, agent: str | None = None
    ) -> bool:
        """Say whether the customer may be asked how it went, and take note of asking."""


class Tickets(TicketDesk, Protocol):
    """What the handoff wants from tickets."""

    async def settle_in(
        self, session: AsyncSession, *, conversation_id: str, status: TicketStatus, by: str
    ) -> None:
        """Move on the tickets that a handoff has opened for a conversation and nobody has settled."""


_SCORES = tuple(
    Button(title=str(score), payload=f'/give_feedback{{"score": "{score}"}}')
    for score in range(1, 6)
)
_TICKET_AFTER = {Outcome.FOLLOW_UP: TicketStatus.PENDING, Outcome.UNSOLVED: TicketStatus.PENDING}
"""What becomes of a handoff's ticket; after any other outcome it is resolved."""
_UNSURVEYED = frozenset({Outcome.SPAM, Outcome.SILENT})


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a conversation ended; ``note`` is in the agent's words, for colleagues and the bot."""

    outcome: Outcome | None = None
    topic: str | None = None
    note: str = ""


class Moves:
    """Changes hands and says so to the customer. A move that does not fit the state is a ConflictError."""

    def __init__(
        self, *, conversations: Conversations, tickets: Tickets, feedback: Survey
    ) -> None:
        self._conversations = conversations
        self._tickets = tickets
        self._feedback = feedback

    @property
    def mirror(self) -> Mirror:
        """Who else is told."""
        return self._conversations.mirror

    async def ask(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        reason: str,
        now: datetime,
        *,
        by: str | None = None,
    ) -> bool:
        """Call a person; False when one is wanted or there already."""
        if conversation.owner in (Owner.WAITING, Owner.HUMAN):
            return False
        await self._conversations.change_owner(
            session,
            conversation,
            Owner.WAITING,
            now=now,
            name="handoff_requested",
            reason=reason[:64],
            by=by,
        )
        return True

    async def take(
        self, session: AsyncSession, conversation: ConversationRow, agent: str, now: datetime
    ) -> bool:
        """Give the conversation to an agent who has it from now on; False when they have it already.

        Raises:
            ConflictError: another agent has it.
            FullError: the agent has enough, and this is the first try.
        """
        if conversation.owner is Owner.HUMAN:
            if conversation.agent != agent:
                raise ConflictError(f"{conversation.agent} has this conversation already")
            return False
        await capacity.check(session, conversation, agent, now)
        await self._conversations.change_owner(
            session,
            conversation,
            Owner.HUMAN,
            now=now,
            name="taken_over",
            agent=agent,
            by=agent,
            reason=conversation.waiting_reason,
            carry=False,
        )
        await self._say(session, conversation, Phrase.AGENT_JOINED, now, name=agent)
        return True

    async def send(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        text: str,
        now: datetime,
        attachments: Sequence[Attachment] = (),
    ) -> int:
        """Send an agent's words to the customer, whoever has the conversation; return the message's id."""
        if not text.strip() and not attachments:
            raise InvalidError("write something to send")
        return await self._conversations.say(
            session,
            conversation,
            text.strip(),
            author=Author.AGENT,
            author_name=agent,
            attachments=attachments,
            now=now,
        )

    async def note(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        text: str,
        now: datetime,
    ) -> int:
        """Keep a note that the customer never sees."""
        if not text.strip():
            raise InvalidError("write something first")
        return await self._conversations.note(
            session, conversation, text, author_name=agent, now=now
        )

    async def transfer(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        by: str,
        now: datetime,
        *,
        agent: str | None = None,
        team: str | None = None,
    ) -> None:
        """Give the conversation to another agent, who has it at once, or to a team, of whom one must come."""
        if conversation.owner is Owner.HUMAN:
            must_own(conversation, by)
        elif conversation.owner is not Owner.WAITING:
            raise ConflictError("nobody has asked for a person here; take it over first")
        load = await capacity.load(session, agent) if agent else None
        if load is not None and load.is_full:
            raise ConflictError(f"{agent} has {load}; nothing was done")
        since, reason = conversation.waiting_since, conversation.waiting_reason
        conversation.team = team or conversation.team
        await self._conversations.change_owner(
            session,
            conversation,
            Owner.HUMAN if agent else Owner.WAITING,
            now=now,
            name="transferred",
            agent=agent,
            reason=reason or "transferred",
            by=by,
            carry=agent is None,
        )
        if agent:
            await self._say(session, conversation, Phrase.AGENT_JOINED, now, name=agent)
        else:
            # The customer's wait goes on, the team's patience begins.
            conversation.waiting_since = since or now
            conversation.reminded_at = now
            await self._say(session, conversation, Phrase.TRANSFERRED, now)

    async def snooze(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        until: datetime,
        now: datetime,
        *,
        why: str = "",
    ) -> None:
        """Put the conversation off; the customer's next message, or the time, brings it back."""
        if conversation.owner is Owner.HUMAN:
            must_own(conversation, agent)
        elif conversation.owner is not Owner.WAITING:
            raise ConflictError("there is nothing to put off: nobody waits here")
        if not now < until <= now + LONGEST_SNOOZE:
            raise InvalidError("choose a time within the next 30 days")
        conversation.snoozed_until = until
        await self.mirror.tell(
            session,
            conversation,
            f"{agent} has put this off until {until:%Y-%m-%d %H:%M} UTC. {why}".strip(),
            key=f"snooze:{conversation.id}:{conversation.epoch}:{round(until.timestamp())}",
            now=now,
        )

    async def release(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        now: datetime,
        *,
        follow_on: bool = False,
        note: str = "",
    ) -> None:
        """Give the conversation back to the bot, with a question how it went if one is wanted and allowed.

        ``note`` is what the bot should know besides what was said.
        """
        must_own(conversation, agent)
        noted = await self._noted(session, conversation, agent, note, now)
        await self._conversations.change_owner(
            session,
            conversation,
            Owner.BOT,
            now=now,
            name="released",
            reason=agent,
            by=agent,
            note=noted,
        )
        await self._say(session, conversation, Phrase.AGENT_LEFT, now, name=agent)
        if follow_on:
            key = f"released:{conversation.id}:{conversation.epoch}"
            await self._survey(session, conversation, agent, key, now)

    async def resolve(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        now: datetime,
        ending: Ending | None = None,
    ) -> bool:
        """Close the conversation; the customer's next message opens it again with the bot. False if it was closed."""
        if conversation.owner is Owner.HUMAN:
            must_own(conversation, agent)
        if conversation.owner is Owner.CLOSED:
            return False
        ending = ending or Ending()
        outcome = ending.outcome
        conversation.outcome = outcome
        conversation.topic = one_line(ending.topic or "", longest=64) or conversation.topic
        noted = await self._noted(session, conversation, agent, ending.note, now)
        await self._conversations.change_owner(
            session,
            conversation,
            Owner.CLOSED,
            now=now,
            name="resolved",
            reason=agent,
            by=agent,
            outcome=outcome,
            topic=conversation.topic,
            note=noted,
        )
        after = _TICKET_AFTER.get(outcome, TicketStatus.RESOLVED) if outcome else None
        if after is not None:
            await self._tickets.settle_in(
                session, conversation_id=conversation.id, status=after, by=agent
            )
        if outcome not in _UNSURVEYED:
            key = f"resolved:{conversation.id}:{conversation.resolution}"
            await self._survey(session, conversation, agent, key, now)
        return True

    async def requeue(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        now: datetime,
        *,
        name: str,
        reason: str,
    ) -> None:
        """Take the conversation from an agent who is not there, and call for another."""
        await self._conversations.change_owner(
            session, conversation, Owner.WAITING, now=now, name=name, reason=reason, carry=False
        )
        await self._say(session, conversation, Phrase.AGENT_AWAY, now)

    async def give_up(
        self, session: AsyncSession, conversation: ConversationRow, words: str, now: datetime
    ) -> None:
        """Nobody came: leave a ticket, tell the customer the truth, and let the bot go on."""
        ticket = await self._tickets.open_in(
            session,
            key=f"handoff:{conversation.id}:{conversation.epoch}",
            conversation_id=conversation.id,
            topic="handoff",
            title="Asked for a person, nobody was free",
            description=words,
            priority="high",
            author="system",
        )
        await self._conversations.change_owner(
            session, conversation, Owner.BOT, now=now, name="handoff_expired"
        )
        await self._say(session, conversation, Phrase.NOBODY_CAME, now, number=ticket.number)

    async def tell_customer(
        self, session: AsyncSession, conversation: ConversationRow, phrase: Phrase, now: datetime
    ) -> None:
        """Say something of the desk's own to the customer."""
        await self._say(session, conversation, phrase, now)

    async def _noted(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        text: str,
        now: datetime,
    ) -> int | None:
        """Keep what an agent wrote beside a move as a note; return its id for the record."""
        if not text.strip():
            return None
        return await self.note(session, conversation, agent, text.strip(), now)

    async def _survey(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        agent: str,
        key: str,
        now: datetime,
    ) -> None:
        asked = await self._feedback.survey_in(
            session, conversation_id=conversation.id, key=key, agent=agent
        )
        if asked:
            text = say(Phrase.SURVEY, conversation.language, name=agent)
            await self._conversations.say(
                session, conversation, text, author=Author.SYSTEM, now=now, buttons=_SCORES
            )

    async def _say(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        phrase: Phrase,
        now: datetime,
        **values: str,
    ) -> None:
        text = say(phrase, conversation.language, **values)
        await self._conversations.say(session, conversation, text, author=Author.SYSTEM, now=now)


def must_own(conversation: ConversationRow, agent: str) -> None:
    """Raise ConflictError, saying who has the conversation, unless this agent has."""
    if conversation.owner is not Owner.HUMAN:
        raise ConflictError("take the conversation over first")
    if conversation.agent != agent:
        raise ConflictError(f"{conversation.agent} has this conversation")
