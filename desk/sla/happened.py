"""What an event means for clocks. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from desk.tables.ticket import TicketStatus
from desk.tickets.status import DONE

PAUSING = frozenset({TicketStatus.PENDING, TicketStatus.ON_HOLD})
"""While a ticket waits for the customer, or for somebody else, no clock of it runs."""


class Move(StrEnum):
    """What is done with a ticket's clocks."""

    START = "start"
    ANSWERED = "answered"
    ASKED = "asked"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    REOPEN = "reopen"
    RECOMPUTE = "recompute"
    DROP = "drop"


type Data = Mapping[str, Any]


def _replied(data: Data) -> Move | None:
    return Move.ANSWERED if data.get("by") == "agent" else None


def _commented(data: Data) -> Move | None:
    if data.get("public") is not True:
        return None
    return {"agent": Move.ANSWERED, "contact": Move.ASKED}.get(str(data.get("author")))


def _said(data: Data) -> Move | None:
    return Move.ANSWERED if data.get("author") == "agent" else None


def _received(data: Data) -> Move | None:
    # With the bot they may talk of anything; who waits for a person, or has one, waits for an answer.
    return Move.ASKED if data.get("owner") in ("waiting", "human") else None


def _status(data: Data) -> Move | None:
    old, new = data.get("old"), data.get("new")
    if new not in tuple(TicketStatus):
        return None
    if new in DONE:
        return Move.FINISH
    if old in DONE:
        return Move.REOPEN
    return Move.PAUSE if new in PAUSING else Move.RESUME


_MOVES: dict[str, Callable[[Data], Move | None]] = {
    "ticket.opened": lambda _: Move.START,
    "ticket.replied": _replied,
    "ticket.commented": _commented,
    "ticket.status_changed": _status,
    "ticket.reopened": lambda _: Move.REOPEN,
    "ticket.priority_changed": lambda _: Move.RECOMPUTE,
    "ticket.merged": lambda _: Move.DROP,
    "ticket.unmerged": lambda _: Move.REOPEN,
    # Only where they are stored: when a platform has them, they have been an answer for a while.
    "message.queued": _said,
    "message.sent": _said,
    "message.received": _received,
}
EVENTS = frozenset(_MOVES)


def move(name: str, data: Data) -> Move | None:
    """Return what an event does to the clocks of its ticket, or of all tickets of its conversation."""
    ask = _MOVES.get(name)
    return ask(data) if ask else None
