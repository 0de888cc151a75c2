"""Ticket numbers: the id of the row, for people."""

from desk.commerce.numbers import normalise_ticket_number

_LARGEST_ID = 2**63 - 1


def ticket_number(ticket_id: int) -> str:
    """Return ``T-000123`` for 123."""
    return f"T-{ticket_id:06d}"


def ticket_id(text: str) -> int | None:
    """Return 123 for ``T-000123`` in any spelling, or None when it is no ticket number."""
    number = normalise_ticket_number(text)
    value = int(number.removeprefix("T-")) if number else None
    return value if value is not None and value <= _LARGEST_ID else None
