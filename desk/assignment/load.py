"""How much somebody has to do. Pure.

A talk that an agent has in hand wants them now; a ticket can be looked at between two messages, so four tickets weigh
as much as one talk. What waits for the customer or for somebody else weighs nothing. An agent's ``capacity`` is how
many talks they want to have at once: one with a capacity of 5 gets at most 5 talks, or 4 talks and 4 tickets, or 20
tickets. Rules never give anybody more; people may, and a ticket that comes back from its customer stays where it is.
"""

from collections.abc import Mapping

from desk.tables.ticket import TicketStatus

TALK = 4
TICKET: dict[TicketStatus, int] = {TicketStatus.NEW: 1, TicketStatus.OPEN: 1}


def load_of(talks: int, tickets: Mapping[TicketStatus, int]) -> int:
    """Return what talks in hand and tickets by status weigh, in quarters of a talk."""
    return talks * TALK + sum(TICKET.get(status, 0) * n for status, n in tickets.items())


def room_of(capacity: int) -> int:
    """Return what somebody can carry, in quarters of a talk."""
    return max(0, capacity) * TALK
