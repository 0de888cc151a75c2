"""Users as agents: who answers customers is known to the desk, and whoever leaves leaves nothing behind."""

from datetime import datetime

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.access.granting import answers
from desk.agentdesk.agents import change_status
from desk.errors import ConflictError, FrontdeskError
from desk.events import Event
from desk.handoff.service import Handoff
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.access import UserRow
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.ticket import TicketRow, TicketStatus
from desk.tickets.numbers import ticket_number
from desk.tickets.service import Tickets

log = structlog.get_logger()

_SETTLED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


async def employ(session: AsyncSession, user: UserRow, now: datetime) -> None:
    """Let the desk know a user who answers customers; an agent of that address or name is they.

    Raises:
        ConflictError: the name is that of another agent.
    """
    if not answers(user.role):
        return
    row = await _agent(session, user)
    if row is None:
        row = _new_agent(user, now)
        session.add(row)
    row.email, row.team, row.removed_at = user.email, user.team or row.team, None


async def readdress(session: AsyncSession, user: UserRow, email: str) -> None:
    """Let the desk know a user by another address.

    Raises:
        ConflictError: it is another agent's.
    """
    row = await session.scalar(_named(user.name))
    if row is None or row.email != user.email:
        return
    if await known_name(session, email):
        raise ConflictError(f"{email} is another agent's address")
    row.email = email


async def known_name(session: AsyncSession, email: str) -> str | None:
    """Return the name under which an address is an agent already."""
    query = select(AgentRow.name).where(AgentRow.email == email)
    found: str | None = await session.scalar(query)
    return found


async def is_agent(session: AsyncSession, name: str) -> bool:
    """Say whether an agent has this name."""
    return await session.scalar(_named(name)) is not None


async def leave(session: AsyncSession, user: UserRow, now: datetime, *, by: str, why: str) -> None:
    """Note that a user answers customers no more; call :meth:`Leaving.hand_back` after the transaction."""
    row = await session.scalar(_named(user.name))
    if row is None:
        return
    change_status(session, row, AgentStatus.OFFLINE, now)
    row.removed_at = now
    data = {"agent": row.name, "by": by, "why": why}
    events.append(session, Event(name="agent.removed", occurred_at=now, data=data))


async def arrive(session: AsyncSession, user: UserRow, now: datetime) -> None:
    """Note that a user is at work for the first time."""
    row = await session.scalar(_named(user.name))
    if row is not None and answers(user.role):
        change_status(session, row, AgentStatus.ONLINE, now)


async def _agent(session: AsyncSession, user: UserRow) -> AgentRow | None:
    row = await session.scalar(select(AgentRow).where(AgentRow.email == user.email))
    named = await session.scalar(_named(user.name))
    if named is not None and row is None and named.email in (None, user.email):
        return named
    if named is not row:
        raise ConflictError(f"{user.name} is another agent's name")
    found: AgentRow | None = row
    return found


def _named(name: str) -> Select[AgentRow]:
    query = select(AgentRow).where(func.lower(AgentRow.name) == func.lower(name))
    return query.order_by(AgentRow.id).limit(1)


def _new_agent(user: UserRow, now: datetime) -> AgentRow:
    return AgentRow(
        id=new_id(),
        name=user.name,
        email=user.email,
        team=user.team,
        # They are not at work before they have signed in.
        status=AgentStatus.OFFLINE,
        capacity=5,
        status_since=now,
        skills=[],
        languages=[],
        regions=[],
    )


class Leaving:
    """Gives back what somebody has who leaves: conversations to the queue, tickets to nobody; twice is harmless."""

    def __init__(self, *, database: Database, handoff: Handoff, tickets: Tickets) -> None:
        self._database = database
        self._handoff = handoff
        self._tickets = tickets

    async def hand_back(self, name: str, *, by: str, now: datetime) -> int:
        """Give everything back; return how many things. What fails is logged and keeps nobody else waiting."""
        conversations = (
            select(ConversationRow.id)
            .where(ConversationRow.owner == Owner.HUMAN, ConversationRow.agent == name)
            .order_by(ConversationRow.id)
        )
        tickets = (
            select(TicketRow.id)
            .where(TicketRow.assignee == name, TicketRow.status.not_in(_SETTLED))
            .order_by(TicketRow.id)
        )
        async with self._database.read() as session:
            talks = (await session.scalars(conversations)).all()
            numbers = (await session.scalars(tickets)).all()
        done = 0
        for id_ in talks:
            done += await self._requeue(id_, name, now)
        for number in numbers:
            done += await self._unassign(ticket_number(number), by)
        return done

    async def _requeue(self, conversation_id: str, name: str, now: datetime) -> bool:
        try:
            async with self._handoff.change(conversation_id) as (session, conversation):
                if conversation.owner is not Owner.HUMAN or conversation.agent != name:
                    return False
                await self._handoff.moves.requeue(
                    session, conversation, now, name="agent_lost", reason="agent_removed"
                )
        except FrontdeskError as error:
            log.warning(
                "conversation_not_requeued",
                conversation_id=conversation_id,
                error=type(error).__name__,
            )
            return False
        return True

    async def _unassign(self, number: str, by: str) -> bool:
        try:
            await self._tickets.set(number=number, assignee="", by=by)
        except FrontdeskError as error:
            log.warning("ticket_not_unassigned", ticket=number, error=type(error).__name__)
            return False
        return True
