"""What happens in conversations as posts for the agents' desk, in the transaction in which it happens."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import facts, repository
from desk.agentdesk.port import Place, Tick
from desk.agentdesk.repository import ALIVE
from desk.agentdesk.rules import Rulebook
from desk.conversations.mirror import is_from_desk
from desk.tables.agent import DeskThreadRow, PostKind
from desk.tables.conversation import Author, ConversationRow, Owner
from desk.tables.outbox import OutboxRow, OutboxState

_SOON = timedelta(seconds=3)
"""Words come in bursts; the card need not follow each."""
_TICKS = {
    OutboxState.SENT: Tick.SENT,
    OutboxState.DELIVERED: Tick.DELIVERED,
    OutboxState.READ: Tick.READ,
    OutboxState.FAILED: Tick.FAILED,
    OutboxState.DEAD: Tick.FAILED,
    OutboxState.UNKNOWN: Tick.FAILED,
}
_ORDER = (Tick.SENT, Tick.DELIVERED, Tick.READ)
_OWNERS = {
    Owner.BOT: "The bot has the conversation again",
    Owner.WAITING: "Somebody is wanted here",
    Owner.HUMAN: "{agent} has the conversation; the bot is silent now",
    Owner.CLOSED: "The conversation is closed",
}


class DeskMirror:
    """Queues posts. Whoever calls it holds the conversation's lock; so at most one is at work for each."""

    def __init__(self, rules: Rulebook) -> None:
        self._rules = rules

    async def said(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        message_id: int,
        *,
        author: Author,
        now: datetime,
    ) -> None:
        """Show a message or a note, unless the bot is on its own again."""
        if author is not Author.AGENT and conversation.owner not in ALIVE:
            return
        thread = await repository.current(session, conversation.id)
        if thread is None:
            return
        if is_from_desk(session) and author is Author.AGENT:
            thread.last_message_id = max(thread.last_message_id, message_id)
        else:
            await self._line(session, thread, message_id, now)
        await repository.add_card(session, conversation.id, now + _SOON)

    async def owner_changed(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        *,
        by: str | None,
        now: datetime,
    ) -> None:
        """Open a thread when a person is wanted, with what was said before; tell it who has the conversation."""
        thread = await repository.current(session, conversation.id)
        is_new = thread is None
        if conversation.owner in ALIVE:
            wanted = await self._channel(session, conversation)
            if thread is None:
                thread = await self._open(session, conversation, wanted, now)
            elif thread.channel != wanted and conversation.owner is Owner.WAITING:
                thread = await self.move(session, conversation, thread, wanted, now)
            await self._catch_up(session, conversation, thread, now)
        if thread is None:
            return
        if is_new and conversation.owner is Owner.WAITING:
            return  # the first card says it
        text = _in_words(conversation, by)
        key = f"owner:{conversation.id}:{conversation.epoch}"
        await self._notice(session, conversation, text, (), key, now)
        if not is_new:
            await repository.add_card(session, conversation.id, now)

    async def changed(
        self, session: AsyncSession, conversation: ConversationRow, now: datetime
    ) -> None:
        """Bring the card up to date."""
        if await repository.current(session, conversation.id) is not None:
            await repository.add_card(session, conversation.id, now)

    async def tell(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        key: str,
        now: datetime,
        mention: Sequence[str] = (),
        opens: bool = False,
    ) -> None:
        """Say something once for each ``key``, in the thread; where there is none, only what ``opens`` makes one."""
        thread = await repository.current(session, conversation.id)
        if thread is None:
            if not opens:
                return
            wanted = await self._channel(session, conversation)
            thread = await self._open(session, conversation, wanted, now)
            await self._catch_up(session, conversation, thread, now)
        await self._notice(session, conversation, text, mention, key, now)
        await repository.add_card(session, conversation.id, now)

    async def alert(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        key: str,
        now: datetime,
    ) -> None:
        """Call the team's people to a conversation, once for each ``key``."""
        await self._channel(session, conversation)  # finds the team, too
        mention = self._rules.mention(conversation.team)
        await self.tell(session, conversation, text, key=key, now=now, mention=mention, opens=True)

    async def delivered(
        self, session: AsyncSession, conversation: ConversationRow, row: OutboxRow, now: datetime
    ) -> None:
        """Mark an agent's message; one that failed is shown again, to be sent once more."""
        tick = _TICKS.get(row.state)
        # What the bot says has an epoch. Nobody at the desk can do anything about that.
        if tick is None or row.epoch is not None:
            return
        thread = await repository.current(session, conversation.id)
        if thread is None:
            return
        if tick is Tick.FAILED:
            key = f"failed:{_turn(row)}"
            await self._line(session, thread, row.message_id, now, key=key, retry=row.message_id)
        await self._mark(session, conversation, row, now)

    async def _mark(
        self, session: AsyncSession, conversation: ConversationRow, row: OutboxRow, now: datetime
    ) -> None:
        """Mark the words of which a message is a part with what became of all the parts."""
        written = await repository.written_as(session, row.message_id)
        if written is None:
            return
        place, last = written
        rows = await repository.parts(session, last)
        tick = together([one.state for one in rows])
        if tick is not None:
            newest = max(rows, key=lambda one: (one.created_at, one.id))
            key = f"{_turn(newest)}:{tick}"
            await self.tick(session, conversation.id, place, tick, key, now)

    async def tick(
        self,
        session: AsyncSession,
        conversation_id: str,
        written: Place,
        tick: Tick,
        key: str,
        now: datetime,
    ) -> None:
        """Mark an agent's message with what became of it."""
        await repository.add_post(
            session,
            key=f"tick:{key}",
            kind=PostKind.TICK,
            lane=f"tick:{conversation_id}",
            now=now,
            payload={"message": written.thread, "tick": tick, "channel": written.channel},
        )

    async def move(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        thread: DeskThreadRow,
        channel: str,
        now: datetime,
    ) -> DeskThreadRow:
        """Leave a thread and begin anew, with what had been shown there; what was on its way goes to the new one."""
        thread.left_at = now
        await session.flush()
        await repository.drop_opening(session, conversation.id)
        new = await self._open(session, conversation, channel, now)
        coming = await repository.unposted(session, conversation.id)
        shown = await repository.after(
            session, conversation.id, 0, self._rules.rules.history + len(coming)
        )
        for message_id in shown:
            if message_id <= thread.last_message_id and message_id not in coming:
                # Before what is on its way: that is younger.
                await self._line(session, new, message_id, now, rank=0)
        new.last_message_id = thread.last_message_id
        await repository.add_card(session, conversation.id, now)
        return new

    async def elsewhere(
        self, session: AsyncSession, conversation: ConversationRow, lost: str
    ) -> str:
        """Return a channel to begin anew in when one is lost; the same when there is no other."""
        wanted = await self._channel(session, conversation)
        default = self._rules.rules.channel or self._rules.default_channel
        return wanted if wanted != lost else default or lost

    async def _channel(self, session: AsyncSession, conversation: ConversationRow) -> str:
        matter = await facts.matter(session, conversation, self._rules.rules)
        routed = self._rules.route(matter)
        conversation.team = conversation.team or routed.team
        return routed.channel

    async def _open(
        self, session: AsyncSession, conversation: ConversationRow, channel: str, now: datetime
    ) -> DeskThreadRow:
        thread = DeskThreadRow(
            conversation_id=conversation.id,
            channel=channel,
            version=0,
            last_message_id=0,
            opened_at=now,
        )
        session.add(thread)
        await session.flush()
        await repository.add_post(
            session,
            key=f"root:{thread.id}",
            kind=PostKind.ROOT,
            lane=conversation.id,
            rank=0,
            now=now,
            conversation_id=conversation.id,
            thread_id=thread.id,
        )
        return thread

    async def _catch_up(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        thread: DeskThreadRow,
        now: datetime,
    ) -> None:
        """Show what was said while the bot was on its own, the last lines of it."""
        missed = await repository.after(
            session, conversation.id, thread.last_message_id, self._rules.rules.history
        )
        for message_id in missed:
            await self._line(session, thread, message_id, now)

    async def _line(
        self,
        session: AsyncSession,
        thread: DeskThreadRow,
        message_id: int,
        now: datetime,
        *,
        key: str | None = None,
        retry: int | None = None,
        rank: int = 1,
    ) -> None:
        await repository.add_post(
            session,
            key=key or f"line:{thread.id}:{message_id}",
            kind=PostKind.LINE,
            lane=thread.conversation_id,
            rank=rank,
            now=now,
            conversation_id=thread.conversation_id,
            message_id=message_id,
            payload={"retry": retry} if retry else {},
        )
        thread.last_message_id = max(thread.last_message_id, message_id)

    async def _notice(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        mention: Sequence[str],
        key: str,
        now: datetime,
    ) -> None:
        await repository.add_post(
            session,
            key=key,
            kind=PostKind.NOTICE,
            lane=conversation.id,
            now=now,
            conversation_id=conversation.id,
            payload={"text": text, "mention": list(mention)},
        )


def together(states: Sequence[OutboxState]) -> Tick | None:
    """Return the mark of words that went out in parts: of the part that is furthest behind, or that one failed."""
    marks = [_TICKS.get(state) for state in states]
    if Tick.FAILED in marks:
        return Tick.FAILED
    reached = [mark for mark in marks if mark is not None]
    return min(reached, key=_ORDER.index) if reached and len(reached) == len(marks) else None


def _turn(row: OutboxRow) -> str:
    """Return a name for this message's way out: one that is sent once more begins anew."""
    return f"{row.id}:{round(row.created_at.timestamp())}"


def _in_words(conversation: ConversationRow, by: str | None) -> str:
    """Return who has a conversation now, why, and who did that."""
    who = _OWNERS[conversation.owner].format(agent=conversation.agent)
    doer = f"by {by}" if by and by != conversation.agent else None
    reasons = ", ".join(one for one in (conversation.waiting_reason, doer) if one)
    return f"{who} ({reasons})." if reasons else f"{who}."
