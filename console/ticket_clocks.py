"""Which clocks of a ticket its page shows. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from desk.sla.happened import PAUSING
from desk.sla.model import Clock
from desk.tables.sla import ClockKind
from desk.tables.ticket import EntryAuthor
from desk.tickets.model import EntryKind, Ticket
from desk.tickets.status import DONE


def still_due(clocks: Sequence[Clock], ticket: Ticket) -> list[Clock]:
    """Return the clocks that run as far as the ticket itself tells.

    They are stopped by whoever reads the event log, a moment later; until then a page that shows an answer would
    show its clock running below it.
    """
    if ticket.status in DONE:
        return []
    answers = [
        entry.created_at
        for entry in ticket.entries
        if entry.kind is EntryKind.COMMENT and entry.public and entry.author is EntryAuthor.AGENT
    ]
    found = [
        clock
        for clock in clocks
        if clock.kind is ClockKind.RESOLUTION or not any(at >= clock.started_at for at in answers)
    ]
    if ticket.status not in PAUSING:
        return found
    return [replace(clock, paused_at=clock.paused_at or ticket.updated_at) for clock in found]
