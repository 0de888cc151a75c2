"""Which way a ticket may go."""

from datetime import datetime, timedelta

from desk.errors import ConflictError
from desk.tables.ticket import TicketStatus

_NEW, _OPEN, _PENDING = TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING
_ON_HOLD, _RESOLVED, _CLOSED = TicketStatus.ON_HOLD, TicketStatus.RESOLVED, TicketStatus.CLOSED

MOVES: dict[TicketStatus, tuple[TicketStatus, ...]] = {
    _NEW: (_OPEN, _PENDING, _ON_HOLD, _RESOLVED, _CLOSED),
    _OPEN: (_PENDING, _ON_HOLD, _RESOLVED, _CLOSED),
    _PENDING: (_OPEN, _ON_HOLD, _RESOLVED, _CLOSED),
    _ON_HOLD: (_OPEN, _PENDING, _RESOLVED, _CLOSED),
    _RESOLVED: (_OPEN, _CLOSED),
    _CLOSED: (),
}

DONE = frozenset({_RESOLVED, _CLOSED})

AFTER_CUSTOMER_COMMENT: dict[TicketStatus, TicketStatus] = {_PENDING: _OPEN, _RESOLVED: _OPEN}
"""A ticket that waited for the customer, or was thought settled, needs somebody again."""


def check_move(number: str, old: TicketStatus, new: TicketStatus) -> None:
    """Raise ConflictError, naming the allowed moves, when a ticket cannot go from ``old`` to ``new``."""
    if new in MOVES[old]:
        return
    allowed = ", ".join(MOVES[old])
    way_out = (
        f"Allowed from here: {allowed}." if allowed else "Nothing follows; open a new ticket."
    )
    raise ConflictError(f"Ticket {number} is {old} and cannot become {new}. {way_out}")


def goes_on_as_another(
    status: TicketStatus, resolved_at: datetime | None, now: datetime, reopen_within: timedelta
) -> bool:
    """Say whether a customer's comment opens a new ticket, because this one is closed or was settled long ago."""
    if status is _CLOSED:
        return True
    return status is _RESOLVED and resolved_at is not None and now - resolved_at >= reopen_within
