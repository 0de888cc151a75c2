"""Tickets as a table for other programs. Pure."""

import csv
import io
from collections.abc import Iterable

from desk.tickets.model import Ticket

COLUMNS = (
    "number", "status", "priority", "topic", "title", "assignee", "team", "tags", "product", "channel", "language",
    "region", "segment", "order_number", "contact_detail", "created_at", "first_replied_at", "updated_at",
    "resolved_at", "reopened", "merged_into",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_of(tickets: Iterable[Ticket]) -> str:
    """Return tickets as CSV with a head; no cell is taken for a formula by a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for ticket in tickets:
        writer.writerow([guarded(_cell(getattr(ticket, name))) for name in COLUMNS])
    return out.getvalue()


def guarded(text: str) -> str:
    """Return a cell as text: an apostrophe goes before what a spreadsheet would run (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_FORMULA) else text


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)
