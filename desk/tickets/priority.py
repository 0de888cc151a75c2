"""How urgent a ticket is, by rules. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.tables.ticket import TicketPriority
from desk.tickets.matching import TicketFacts, When


@dataclass(frozen=True, kw_only=True)
class PriorityRule:
    """The priority of tickets that fit."""

    id: int = 0
    name: str
    when: When
    priority: TicketPriority


def priority_of(ticket: TicketFacts, rules: Sequence[PriorityRule]) -> PriorityRule | None:
    """Return the first rule that fits, None when none has anything to say."""
    return next((rule for rule in rules if rule.when.fits(ticket)), None)
