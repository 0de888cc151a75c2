"""Rows as the values that agents see."""

from collections.abc import Sequence
from dataclasses import replace

from desk.agentdesk.queue import Waiting, is_angry
from desk.conversations.desk_model import File, Hit, Line, Person, Reason, Said, TicketLine
from desk.conversations.desk_repository import LineRow
from desk.conversations.search import PersonRow
from desk.tables.conversation import AttachmentRow, Direction, MessageRow
from desk.tables.outbox import OutboxState
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number


def waiting(line: Line, wait: Waiting) -> Line:
    """Return a line with what its place among those who wait depends on."""
    reasons = (
        (Reason.ANGRY, is_angry(wait.mood)),
        (Reason.VIP, wait.vip),
        (Reason.COMPLAINT, wait.complaint),
    )
    return replace(
        line, due_at=wait.due_at, reasons=tuple(reason for reason, holds in reasons if holds)
    )


def line(found: LineRow) -> Line:
    """Return a conversation as a line of the inbox."""
    row, name, text, author = found
    return Line(
        id=row.id,
        name=name,
        thread=row.thread,
        channel=row.channel,
        owner=row.owner,
        agent=row.agent,
        language=row.language,
        waiting_since=row.waiting_since,
        updated_at=row.updated_at,
        last_text=text or "",
        last_author=author,
        snoozed_until=row.snoozed_until,
    )


def hit(row: LineRow, said: Sequence[MessageRow]) -> Hit:
    """Return a conversation that was found, by the newest of the messages that are its own."""
    found = line(row)
    here = [message for message in said if message.conversation_id == found.id]
    if not here:
        return Hit(line=found)
    newest = here[0]
    return Hit(
        line=found,
        text=newest.text,
        message_id=newest.id,
        at=newest.created_at,
        author=newest.author,
        note=newest.direction is Direction.NOTE,
        found=len(here),
    )


def person(found: PersonRow) -> Person:
    """Return a contact as a line."""
    row, name, thread = found
    return Person(
        id=row.id,
        name=name,
        thread=thread or row.id,
        email=row.email,
        phone=row.phone,
        language=row.language,
        verified=row.customer_id is not None,
        created_at=row.created_at,
    )


def ticket(row: TicketRow) -> TicketLine:
    """Return a ticket as a line."""
    return TicketLine(
        number=ticket_number(row.id), title=row.title, status=row.status, priority=row.priority
    )


def file(row: AttachmentRow) -> File:
    """Return a file as agents see it."""
    return File(
        id=row.id,
        name=row.name,
        size=row.size,
        content_type=row.content_type,
        state=row.state,
        reason=row.reason,
    )


def said(row: MessageRow, files: Sequence[File], state: OutboxState | None) -> Said:
    """Return a message as agents see it."""
    return Said(
        id=row.id,
        direction=row.direction,
        author=row.author,
        author_name=row.author_name,
        text=row.text,
        choices=tuple(str(choice["title"]) for choice in row.choices),
        files=tuple(files),
        state=state,
        created_at=row.created_at,
    )
