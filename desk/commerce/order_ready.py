"""Orders as they are about to be kept: checked, and in the values that the columns of the tables take."""

from datetime import datetime
from typing import NamedTuple

from desk.commerce.records import OrderRecord
from desk.store.bulk import stored

HEAD = (
    "number",
    "customer_id",
    "status",
    "placed_at",
    "shipped_at",
    "expected_at",
    "delivered_at",
    "carrier",
    "tracking_number",
    "total_cents",
    "currency",
    "ship_name",
    "ship_address",
    "email",
    "phone",
)
"""The columns of an order, in the order of :attr:`ReadyOrder.head`."""
LINE = ("order_number", "position", "sku", "name_en", "name_zh", "quantity", "price_cents")
"""The columns of a line, in the order of one of :attr:`ReadyOrder.lines`."""
MOMENTS = ("placed_at", "shipped_at", "expected_at", "delivered_at")
"""Those of ``HEAD`` that are times: UTC, written as SQLite keeps them."""

type Value = str | int | None
type Values = tuple[Value, ...]


class ReadyOrder(NamedTuple):
    """An order and its lines."""

    head: Values
    lines: tuple[Values, ...]

    @property
    def number(self) -> str:
        """What it is known by."""
        return str(self.head[0])

    @property
    def customer_id(self) -> str:
        """Whose it is."""
        return str(self.head[1])


def ready(record: OrderRecord) -> ReadyOrder:
    """Return a record that was checked by itself."""
    head = tuple(
        stored(value) if isinstance(value, datetime) else value
        for value in (getattr(record, name) for name in HEAD)
    )
    lines = tuple(
        (record.number, place, *(getattr(line, name) for name in LINE[2:]))
        for place, line in enumerate(record.lines, start=1)
    )
    return ReadyOrder(head, lines)
