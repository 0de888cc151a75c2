"""What is changed on a ticket, and the history it leaves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desk.tables.ticket import URGENCY, TicketRow
from desk.tickets.model import (
    Entry,
    EntryAuthor,
    EntryKind,
    TicketPriority,
    TicketStatus,
    TicketTopic,
)
from desk.tickets.numbers import ticket_number
from desk.tickets.status import DONE, check_move

BY_AGENT, BY_RULE, BY_CLASSIFIER = "agent", "rule", "classifier"


@dataclass(frozen=True, kw_only=True)
class Change:
    """New values; None leaves one as it is, an empty ``assignee``, ``team`` or ``product`` means none.

    ``chosen_by`` is kept with a new priority or topic. ``assigned_why`` explains the assignee. ``caused_by`` names
    the rules that led to this.
    """

    status: TicketStatus | None = None
    priority: TicketPriority | None = None
    topic: TicketTopic | None = None
    topic_confidence: float | None = None
    assignee: str | None = None
    assigned_why: Mapping[str, Any] | None = None
    team: str | None = None
    product: str | None = None
    tags: tuple[str, ...] | None = None
    author: EntryAuthor
    author_name: str | None
    chosen_by: str = BY_AGENT
    why: str | None = None
    caused_by: tuple[int, ...] = ()
    #: Whether the customer hears of it in another way.
    is_told: bool = False

    @property
    def by(self) -> str:
        """Who did it: a name, else what kind of author."""
        return self.author_name or self.author.value


@dataclass(frozen=True, kw_only=True)
class Done:
    """One value that became another: the name of the event, its own data, and a line of the history if it has one."""

    event: str
    entry: Entry | None
    data: Mapping[str, Any] = field(default_factory=dict)


def apply(row: TicketRow, change: Change, now: datetime) -> list[Done]:
    """Change a ticket; return what became of it, nothing when all is as it was.

    Raises:
        ConflictError: the status cannot follow; nothing is changed then.
    """
    if change.status is not None and change.status is not row.status:
        check_move(ticket_number(row.id), row.status, change.status)
    done = [
        *_status(row, change, now),
        *_priority(row, change, now),
        *_topic(row, change, now),
        *_assignee(row, change, now),
        *_plain(row, change, now),
        *_tags(row, change, now),
    ]
    if done:
        row.updated_at = now
        row.version += 1
    return done


def _status(row: TicketRow, change: Change, now: datetime) -> Iterator[Done]:
    new, old = change.status, row.status
    if new is None or new is old:
        return
    yield _done("ticket.status_changed", EntryKind.STATUS, old, new, change, now)
    row.status = new
    if (old in DONE) is not (new in DONE):
        row.resolved_at = now if new in DONE else None
    if old in DONE and new not in DONE:
        row.reopened += 1
        yield Done(event="ticket.reopened", entry=None, data={"old": old.value})


def _priority(row: TicketRow, change: Change, now: datetime) -> Iterator[Done]:
    new = change.priority
    if new is None or new is row.priority:
        return
    yield _done("ticket.priority_changed", EntryKind.PRIORITY, row.priority, new, change, now)
    row.priority, row.urgency, row.priority_by = new, URGENCY[new], change.chosen_by


def _topic(row: TicketRow, change: Change, now: datetime) -> Iterator[Done]:
    new = change.topic
    if new is None or new is row.topic:
        return
    yield _done("ticket.topic_changed", EntryKind.TOPIC, row.topic, new, change, now)
    row.topic, row.topic_by = new, change.chosen_by
    row.topic_confidence = change.topic_confidence


def _assignee(row: TicketRow, change: Change, now: datetime) -> Iterator[Done]:
    new = change.assignee
    if new is None or (new or None) == row.assignee:
        return
    old, row.assignee = row.assignee, new or None
    why = dict(change.assigned_why or {"by": change.by})
    if not row.assignee and change.author is EntryAuthor.AGENT:
        # Whoever gave it back does not get it again by a rule.
        why["not"] = old
    row.assigned_why, row.assigned_at = why, now
    done = _done("ticket.assigned", EntryKind.ASSIGNEE, old, row.assignee, change, now)
    yield Done(event=done.event, entry=done.entry, data={**done.data, "why": why})


def _plain(row: TicketRow, change: Change, now: datetime) -> Iterator[Done]:
    for name, kind in (("team", EntryKind.TEAM), ("product", EntryKind.PRODUCT)):
        new, old = getattr(change, name), getattr(row, name)
        if new is not None and (new or None) != old:
            setattr(row, name, new or None)
            yield _done(f"ticket.{name}_changed", kind, old, new or None, change, now)


def _tags(row: TicketRow, change: Change, now: datetime) -> Iterator[Done]:
    old = row.tags or []
    if change.tags is None or set(change.tags) == set(old):
        return
    new = list(dict.fromkeys(change.tags))
    added, removed = [t for t in new if t not in old], [t for t in old if t not in new]
    row.tags = new
    text = [one[:128] if one else None for one in (", ".join(removed), ", ".join(added))]
    done = _done("ticket.tagged", EntryKind.TAGS, text[0], text[1], change, now)
    yield Done(event=done.event, entry=done.entry, data={"added": added, "removed": removed})


def _done(
    event: str, kind: EntryKind, old: str | None, new: str | None, change: Change, now: datetime
) -> Done:
    values = [str(one) if one is not None else None for one in (old, new)]
    entry = Entry(
        kind=kind,
        author=change.author,
        author_name=change.author_name,
        text=change.why,
        old=values[0],
        new=values[1],
        # Customers may see where their ticket is, not who was given it nor how urgent it seemed.
        public=kind is EntryKind.STATUS,
        created_at=now,
    )
    return Done(event=event, entry=entry, data={"old": values[0], "new": values[1]})
