"""Tickets and the conversation they came from: the customer hears of answers there, and answers there.

It follows the log, so it does not matter in which process somebody commented, and each comment is said once.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.conversations import repository as conversations
from desk.conversations.service import Conversations
from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.event import EventRow
from desk.tables.ticket import TicketEntryRow, TicketRow, TicketStatus
from desk.tickets import history, repository
from desk.tickets.change import Change
from desk.tickets.links import TicketLinks
from desk.tickets.model import EntryAuthor
from desk.tickets.numbers import ticket_number
from desk.tickets.service import Tickets
from desk.tickets.thanks import is_thanks

log = structlog.get_logger()

_REPLY = {"en": "{text}\n\nTicket {number}{link}", "zh": "{text}\n\n工单 {number}{link}"}
_RESOLVED = {
    "en": "Your ticket {number} ({title}) is settled. If something is still open, just answer here and we will look "
    "at it again.{link}",
    "zh": "您的工单 {number}（{title}）已处理完毕。如果还有问题，直接在这里回复，我们会继续跟进。{link}",
}
_SEE = {"en": "\nSee it here: {url}", "zh": "\n查看工单：{url}"}


class TicketTalk:
    """Handles events: ``ticket.commented`` and ``ticket.status_changed`` outwards, messages inwards."""

    def __init__(
        self, *, tickets: Tickets, conversations: Conversations, links: TicketLinks, clock: Clock
    ) -> None:
        self._tickets = tickets
        self._conversations = conversations
        self._links = links
        self._clock = clock
        self._ways: dict[str, Callable[[AsyncSession, EventRow], Awaitable[None]]] = {
            "ticket.commented": self._tell_comment,
            "ticket.status_changed": self._tell_settled,
            "message.queued": self._note_reply,
            "message.sent": self._note_reply,
            "message.received": self._hear,
        }

    async def handle(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """React to events, in the transaction of the reader of the log."""
        talks = {row.conversation_id for row in rows if row.name.startswith("message.")}
        concerned = await _with_tickets(session, [one for one in talks if one])
        for row in rows:
            way = self._ways.get(row.name)
            if way is None or (
                row.name.startswith("message.") and row.conversation_id not in concerned
            ):
                continue
            with events.because_of(row):
                await way(session, row)
                await session.flush()

    async def _tell_comment(self, session: AsyncSession, event: EventRow) -> None:
        """Say a public comment of ours to the customer, on the channel the ticket came from."""
        data = event.data
        if not data.get("public") or data.get("author") == EntryAuthor.CONTACT:
            return
        entry = await session.get(TicketEntryRow, int(data.get("entry_id") or 0))
        if entry is None or entry.message_id is not None or not entry.text:
            return
        is_agent = entry.author is EntryAuthor.AGENT
        entry.message_id = await self._say(
            session,
            event,
            _REPLY,
            author=Author.AGENT if is_agent else Author.SYSTEM,
            name=entry.author_name if is_agent else None,
            text=entry.text,
        )

    async def _tell_settled(self, session: AsyncSession, event: EventRow) -> None:
        """Say that somebody thinks the matter settled, with the way to say that it is not."""
        data = event.data
        resolved = data.get("new") == TicketStatus.RESOLVED
        if not resolved or data.get("author") != EntryAuthor.AGENT or data.get("is_told"):
            return
        message_id = await self._say(session, event, _RESOLVED, author=Author.SYSTEM)
        entry = await session.scalar(
            select(TicketEntryRow)
            .where(
                TicketEntryRow.ticket_id == int(data["ticket_id"]),
                TicketEntryRow.new == TicketStatus.RESOLVED,
                TicketEntryRow.message_id.is_(None),
            )
            .order_by(TicketEntryRow.id.desc())
            .limit(1)
        )
        if entry is not None:
            entry.message_id = message_id

    async def _say(
        self,
        session: AsyncSession,
        event: EventRow,
        texts: dict[str, str],
        *,
        author: Author,
        name: str | None = None,
        text: str = "",
    ) -> int | None:
        ticket = await session.get(TicketRow, int(event.data["ticket_id"]))
        talk = (
            await conversations.locked(session, ticket.conversation_id)
            if ticket is not None
            else None
        )
        if ticket is None or talk is None:
            log.warning("ticket_without_conversation", ticket_id=event.data["ticket_id"])
            return None
        url, see = self._links.url(ticket.id), _in(talk.language, _SEE)
        words = _in(talk.language, texts).format(
            text=text,
            number=ticket_number(ticket.id),
            title=ticket.title,
            link=see.format(url=url) if url else "",
        )
        return await self._conversations.say(
            session, talk, words, author=author, author_name=name, now=self._clock()
        )

    async def _note_reply(self, session: AsyncSession, event: EventRow) -> None:
        """An agent's message in the conversation answers the tickets that came from it."""
        message_id = int(event.data.get("message_id") or 0)
        if event.data.get("author") != Author.AGENT or await _is_said(session, message_id):
            return
        message = await session.get(MessageRow, message_id)
        agent = message.author_name if message else None
        for row in await repository.active_of(session, event.conversation_id or ""):
            at: datetime = event.occurred_at
            if row.created_at <= at:
                history.replied(session, row, EntryAuthor.AGENT, agent, at)
                if row.status is TicketStatus.NEW:
                    opened = Change(
                        status=TicketStatus.OPEN, author=EntryAuthor.SYSTEM, author_name=None
                    )
                    await history.changed(session, row, opened, self._clock())

    async def _hear(self, session: AsyncSession, event: EventRow) -> None:
        """Keep a customer's answer to what we said about a ticket as a comment on it."""
        if event.data.get("survey") is not None:
            return
        message_id = int(event.data.get("message_id") or 0)
        message = await session.get(MessageRow, message_id)
        ticket = await _answered(session, event.conversation_id or "", message_id)
        if message is None or ticket is None or not message.text.strip():
            return
        await self._tickets.comment_in(
            session,
            number=ticket_number(ticket),
            text=message.text,
            author=EntryAuthor.CONTACT,
            author_name=message.author_name,
            key=f"message:{message_id}",
            message_id=message_id,
            reopens=not is_thanks(message.text),
        )


def _in(language: str, texts: dict[str, str]) -> str:
    return texts.get(language, texts["en"])


async def _with_tickets(session: AsyncSession, talks: Sequence[str]) -> set[str]:
    """Return which conversations have tickets: most have none, and then there is nothing to look for."""
    if not talks:
        return set()
    query = select(TicketRow.conversation_id).where(TicketRow.conversation_id.in_(talks))
    return set(await session.scalars(query.distinct()))


async def _is_said(session: AsyncSession, message_id: int) -> bool:
    """Say whether a message was made from a comment, which counted as the reply."""
    query = select(TicketEntryRow.id).where(TicketEntryRow.message_id == message_id)
    return await session.scalar(query.limit(1)) is not None


async def _answered(session: AsyncSession, conversation_id: str, message_id: int) -> int | None:
    """Return the ticket that the last thing we said before a message was about.

    What the desk says besides, such as who has come or how it went, leaves it what we talk about.
    """
    of_ticket = select(TicketEntryRow.message_id).where(TicketEntryRow.message_id == MessageRow.id)
    last = (
        select(func.max(MessageRow.id))
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.id < message_id,
            MessageRow.direction == Direction.OUTBOUND,
            or_(MessageRow.author != Author.SYSTEM, of_ticket.exists()),
        )
        .scalar_subquery()
    )
    return await session.scalar(
        select(TicketEntryRow.ticket_id).where(TicketEntryRow.message_id == last).limit(1)
    )
