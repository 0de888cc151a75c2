"""Why a ticket was not changed, with what is true now."""

from desk.errors import ConflictError
from desk.tickets.model import Ticket


class StaleError(ConflictError):
    """Somebody else changed this ticket in the meantime; ``current`` is what it is now."""

    def __init__(self, current: Ticket) -> None:
        super().__init__(f"{current.number} was changed in the meantime; look at it again")
        self.current = current


class MergedError(ConflictError):
    """This ticket became part of another one, ``into``; change that one."""

    def __init__(self, number: str, into: str) -> None:
        super().__init__(f"{number} was merged into {into}; change that one")
        self.into = into
