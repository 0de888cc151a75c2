"""Questions about policies and clocks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.sla.model import Policy
from desk.tables.cursor import EventCursorRow
from desk.tables.event import EventRow
from desk.tables.sla import ClockKind, SlaPolicyRow, TicketClockRow
from desk.tables.ticket import TicketRow


async def policy_rows(session: AsyncSession) -> Sequence[SlaPolicyRow]:
    """Return all policies in order, those that are off too."""
    query = select(SlaPolicyRow).order_by(SlaPolicyRow.position, SlaPolicyRow.id)
    return (await session.scalars(query)).all()


async def policies(session: AsyncSession) -> tuple[Policy, ...]:
    """Return all policies in order as values."""
    return tuple(policy(row) for row in await policy_rows(session))


def policy(row: SlaPolicyRow) -> Policy:
    """Return a row as a value."""
    return Policy.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "enabled": row.enabled,
            "priorities": row.priorities,
            "segments": row.segments,
            "targets": {
                kind: {"within": f"{one['seconds']}s", "calendar": one["calendar"]}
                for kind, one in row.targets.items()
            },
            "warn_percent": row.warn_percent,
        }
    )


def targets_json(given: Policy) -> dict[str, Any]:
    """Return a policy's targets as they are kept."""
    return {
        kind.value: {"seconds": round(one.within.total_seconds()), "calendar": one.calendar}
        for kind, one in given.targets.items()
    }


async def ticket(session: AsyncSession, ticket_id: int) -> TicketRow | None:
    """Return a ticket."""
    return await session.get(TicketRow, ticket_id)


async def tickets_of(session: AsyncSession, conversation_id: str) -> Sequence[TicketRow]:
    """Return the tickets of a conversation on which a clock has run and not been dropped with the ticket."""
    query = select(TicketRow).where(
        TicketRow.conversation_id == conversation_id,
        exists().where(TicketClockRow.ticket_id == TicketRow.id),
    )
    return (await session.scalars(query.order_by(TicketRow.id))).all()


async def open_clocks(session: AsyncSession, ticket_id: int) -> Sequence[TicketClockRow]:
    """Return the clocks of a ticket that are not stopped, locked."""
    query = (
        select(TicketClockRow)
        .where(TicketClockRow.ticket_id == ticket_id, TicketClockRow.stopped_at.is_(None))
        .order_by(TicketClockRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def open_clocks_of_policy(session: AsyncSession, policy_id: int) -> Sequence[TicketClockRow]:
    """Return the clocks that run, or stand still, under a policy, locked."""
    query = (
        select(TicketClockRow)
        .where(TicketClockRow.policy_id == policy_id, TicketClockRow.stopped_at.is_(None))
        .order_by(TicketClockRow.id)
        .with_for_update()
    )
    return (await session.scalars(query)).all()


async def next_number(session: AsyncSession, ticket_id: int, kind: ClockKind) -> int:
    """Return the number that the next clock of a kind gets on a ticket."""
    query = select(func.max(TicketClockRow.number)).where(
        TicketClockRow.ticket_id == ticket_id, TicketClockRow.kind == kind
    )
    return (await session.scalar(query) or 0) + 1


async def due_ids(session: AsyncSession, now: datetime, most: int) -> Sequence[int]:
    """Return the clocks that are to be looked at, the most urgent first."""
    query = (
        select(TicketClockRow.id)
        .where(TicketClockRow.next_at.is_not(None), TicketClockRow.next_at < now)
        .order_by(TicketClockRow.next_at, TicketClockRow.id)
        .limit(most)
    )
    return (await session.scalars(query)).all()


async def locked(session: AsyncSession, clock_id: int) -> TicketClockRow | None:
    """Return a clock, locked; None when another process holds it."""
    query = select(TicketClockRow).where(TicketClockRow.id == clock_id)
    return await session.scalar(query.with_for_update(skip_locked=True))


async def has_news(session: AsyncSession, reader: str, conversation_id: str) -> bool:
    """Say whether the log holds something about a conversation that a reader has not come to."""
    place = select(EventCursorRow.last_id).where(EventCursorRow.name == reader).scalar_subquery()
    query = select(EventRow.id).where(
        EventRow.conversation_id == conversation_id, EventRow.id > place
    )
    return await session.scalar(query.limit(1)) is not None


async def clocks_of(session: AsyncSession, ticket_ids: Collection[int]) -> list[TicketClockRow]:
    """Return the clocks of tickets, oldest first."""
    query = select(TicketClockRow).where(TicketClockRow.ticket_id.in_(ticket_ids))
    return list(await session.scalars(query.order_by(TicketClockRow.id)))


async def running(session: AsyncSession, most: int) -> list[tuple[TicketClockRow, TicketRow]]:
    """Return the clocks that run, breached ones too, with their tickets; those due first come first."""
    rows = await session.execute(
        select(TicketClockRow, TicketRow)
        .join(TicketRow, TicketRow.id == TicketClockRow.ticket_id)
        .where(TicketClockRow.stopped_at.is_(None), TicketClockRow.paused_at.is_(None))
        .order_by(TicketClockRow.due_at, TicketClockRow.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def overdue() -> Select[int]:
    """Ask for the ids of the tickets that wait for something whose time is over."""
    return select(TicketClockRow.ticket_id).where(
        TicketClockRow.stopped_at.is_(None), TicketClockRow.breached_at.is_not(None)
    )
