"""What the pages of tickets need besides the tickets."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from desk.assignment.rules import TicketRules
from desk.assignment.skills import Skills
from desk.tickets.listing import Clocked
from desk.tickets.merging import TicketMerging
from desk.tickets.views import Views


class Clocks(Protocol):
    """Tells how long tickets have left."""

    async def clocks(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[Any]]:
        """Return the clocks of tickets, oldest first."""


@dataclass(frozen=True, kw_only=True)
class TicketDesk:
    """Collaborators of the pages; without ``clocks`` no time is shown, without ``overdue`` there is no such filter."""

    views: Views
    merging: TicketMerging
    rules: TicketRules
    skills: Skills
    clocks: Clocks | None = None
    overdue: Clocked | None = None
    teams: Callable[[], Sequence[str]] = tuple
