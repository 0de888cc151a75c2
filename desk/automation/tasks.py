"""What is to be done by somebody, until a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from desk import events
from desk.clock import Clock
from desk.errors import NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.tables.automation import TaskRow
from desk.tickets.numbers import ticket_number

_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to do."""

    id: int
    title: str
    ticket: str | None
    contact_id: str | None
    assignee: str | None
    due_at: datetime
    by: str
    done_at: datetime | None
    done_by: str | None


class Tasks:
    """Shows tasks and takes note that they are done."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, *, assignee: str | None = None, limit: int = _MOST) -> Sequence[Task]:
        """Return what is not done yet, of everybody or of one agent; what is due first comes first."""
        query = select(TaskRow).where(TaskRow.done_at.is_(None))
        if assignee is not None:
            query = query.where(TaskRow.assignee == assignee)
        query = query.order_by(TaskRow.due_at, TaskRow.id).limit(max(1, min(limit, _MOST)))
        async with self._database.read() as session:
            return [_task(row) for row in await session.scalars(query)]

    async def done(self, task_id: int, *, by: str) -> None:
        """Take note that a task is done; once, whoever is first."""
        now = self._clock()
        async with self._database.write() as session:
            row = await session.scalar(
                select(TaskRow).where(TaskRow.id == task_id).with_for_update()
            )
            if row is None:
                raise NotFoundError(f"There is no task {task_id}.")
            if row.done_at is not None:
                return
            row.done_at, row.done_by = now, by
            data = {"task_id": row.id, "ticket_id": row.ticket_id, "by": by}
            events.append(
                session,
                Event(name="task.done", occurred_at=now, contact_id=row.contact_id, data=data),
            )


def _task(row: TaskRow) -> Task:
    return Task(
        id=row.id,
        title=row.title,
        ticket=ticket_number(row.ticket_id) if row.ticket_id else None,
        contact_id=row.contact_id,
        assignee=row.assignee,
        due_at=row.due_at,
        by=row.by,
        done_at=row.done_at,
        done_by=row.done_by,
    )
