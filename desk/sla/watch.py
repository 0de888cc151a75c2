"""Warns before a promise is broken, and says when it is. Any number of processes may watch."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk.queue import spell
from desk.clock import Clock
from desk.conversations.mirror import Mirror
from desk.conversations.repository import locked as locked_conversation
from desk.sla import news, repository, running
from desk.sla.keeper import READER, late
from desk.store.database import Database
from desk.tables.conversation import ConversationRow
from desk.tables.sla import ClockKind, TicketClockRow
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number

log = structlog.get_logger()

type Mention = Callable[[str | None], Sequence[str]]
"""Whom to call of a team, by their ids on the agents' platform."""

_POLL = 5.0
_BATCH = 200
_WHAT = {
    ClockKind.FIRST_RESPONSE: "The first answer to",
    ClockKind.NEXT_RESPONSE: "The next answer to",
    ClockKind.RESOLUTION: "The solution of",
}


class SlaWatch:
    """Looks at clocks when they are due to be looked at."""

    def __init__(
        self,
        *,
        database: Database,
        mirror: Mirror,
        clock: Clock,
        mention: Mention = lambda team: (),
    ) -> None:
        self._database = database
        self._mirror = mirror
        self._clock = clock
        self._mention = mention

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            while await self.step():
                pass
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Look at the clocks that are due; return about how many something was said."""
        async with self._database.read() as session:
            ids = await repository.due_ids(session, self._clock(), _BATCH)
        return sum([await self._look(clock_id) for clock_id in ids])

    async def _look(self, clock_id: int) -> bool:
        now = self._clock()
        async with self._database.write() as session:
            found = await _held(session, clock_id)
            if found is None:
                return False
            clock, ticket, conversation = found
            if clock.next_at is None or clock.next_at >= now:
                return False
            # An answer that stands in the log has been given, though its reader may not have come to it.
            if await repository.has_news(session, READER, ticket.conversation_id):
                return False
            if running.is_late(clock, now):
                late(session, ticket, clock, now)
            else:
                running.warn(clock, now)
                news.warned(session, ticket, clock, now)
            await self._tell(session, clock, ticket, conversation, now)
        log.info("sla_told", clock_id=clock_id, ticket_id=ticket.id, late=bool(clock.breached_at))
        return True

    async def _tell(
        self,
        session: AsyncSession,
        clock: TicketClockRow,
        ticket: TicketRow,
        conversation: ConversationRow,
        now: datetime,
    ) -> None:
        # The due time is in the key: whoever moves it is warned of the new one, too.
        word = "late" if clock.breached_at else "soon"
        await self._mirror.tell(
            session,
            conversation,
            words(clock, ticket, now),
            key=f"sla:{clock.id}:{word}:{round(clock.due_at.timestamp())}",
            now=now,
            mention=self._mention(ticket.team),
            # Most tickets are of conversations that the bot has: nobody has seen them at the desk.
            opens=True,
        )


async def _held(
    session: AsyncSession, clock_id: int
) -> tuple[TicketClockRow, TicketRow, ConversationRow] | None:
    """Return a clock with its ticket and conversation, the latter locked first, as everywhere."""
    known = await session.get(TicketClockRow, clock_id)
    ticket = await repository.ticket(session, known.ticket_id) if known else None
    if ticket is None:
        return None
    conversation = await locked_conversation(session, ticket.conversation_id)
    clock = await repository.locked(session, clock_id)
    if conversation is None or clock is None:
        return None
    await session.refresh(clock)
    return clock, ticket, conversation


def words(clock: TicketClockRow, ticket: TicketRow, now: datetime) -> str:
    """Return what agents are told about a clock: ``... is due in 12 min (16:00 UTC)``."""
    due = f"{clock.due_at:%Y-%m-%d %H:%M} UTC"
    what = f"{_WHAT[clock.kind]} {ticket_number(ticket.id)} ({ticket.priority})"
    if clock.breached_at is not None:
        return f"{what} is late: it was due {due}, {spell(now - clock.due_at)} ago."
    return f"{what} is due in {spell(clock.due_at - now)} ({due})."
