"""What clocks tell the log."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.events import Event
from desk.tables.sla import TicketClockRow
from desk.tables.ticket import TicketRow
from desk.tickets.history import snapshot


def started(session: AsyncSession, ticket: TicketRow, clock: TicketClockRow, at: datetime) -> None:
    """A clock began to run."""
    _append(session, "sla.started", ticket, clock, at)


def warned(session: AsyncSession, ticket: TicketRow, clock: TicketClockRow, at: datetime) -> None:
    """Its time is running out."""
    _append(session, "sla.warned", ticket, clock, at)


def breached(session: AsyncSession, ticket: TicketRow, clock: TicketClockRow) -> None:
    """Its time is over, since it was due."""
    _append(session, "sla.breached", ticket, clock, clock.due_at)


def met(session: AsyncSession, ticket: TicketRow, clock: TicketClockRow, at: datetime) -> None:
    """What was promised was done in time."""
    _append(session, "sla.met", ticket, clock, at)


def _append(
    session: AsyncSession, name: str, ticket: TicketRow, clock: TicketClockRow, at: datetime
) -> None:
    data = {
        **snapshot(ticket),
        "clock_id": clock.id,
        "kind": clock.kind.value,
        "number": clock.number,
        "policy": clock.policy,
        "policy_id": clock.policy_id,
        "target_seconds": clock.target_seconds,
        "spent_seconds": clock.spent_seconds,
        "due_at": clock.due_at.isoformat(),
        "by": "system",
        "why": None,
    }
    events.append(
        session,
        Event(
            name=name,
            occurred_at=at,
            contact_id=ticket.contact_id,
            conversation_id=ticket.conversation_id,
            data=data,
        ),
    )
