"""Orders of a file read in columns: those of which every cell is plain are ready at once, the others go to the record.

What is taken here is what :class:`desk.commerce.records.OrderRecord` would have made of it; ``tests/imports`` compares
both on whatever hypothesis thinks of.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from desk.commerce.model import OrderStatus
from desk.commerce.order_file import OrderFile, RawOrder
from desk.commerce.order_ready import MOMENTS, ReadyOrder, Value
from desk.commerce.records import MOST_LINES
from desk.commerce.table_file import Numbered
from desk.imports import plain
from desk.imports.cleaning import EARLIEST
from desk.imports.plain import Good

_STATUSES = tuple(OrderStatus)
_ADDRESS, _NAME, _SHORT = 1000, 200, 64
_MOST_QUANTITY = 1_000_000
_LONGEST_EMAIL = 254


class _Read(NamedTuple):
    """Values of orders or lines, column by column, and which rows are plain."""

    values: Sequence[Sequence[Value]]
    good: Good


class _Columns:
    """Rows of cells as columns; cells of a column that is not there are empty."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._cells = dict(zip(names, zip(*rows, strict=True), strict=True))
        self._none = ("",) * len(rows)
        self._made: dict[str, pa.Array] = {}

    def cells(self, name: str) -> Sequence[str]:
        return self._cells.get(name, self._none)

    def column(self, name: str) -> pa.Array:
        if name not in self._made:
            self._made[name] = plain.column(self.cells(name))
        return self._made[name]

    def told(self, name: str) -> pa.Array | None:
        return self.column(name) if name in self._cells else None


def reader(
    file: OrderFile,
) -> Callable[
    [Sequence[RawOrder], Mapping[str, Any]], tuple[dict[int, ReadyOrder], list[Numbered]]
]:
    """Return what reads some orders of a file: those that are ready by their line, and the others."""

    def read(
        orders: Sequence[RawOrder], context: Mapping[str, Any]
    ) -> tuple[dict[int, ReadyOrder], list[Numbered]]:
        whole = [one for one in orders if one.is_whole and len(one.rows) <= MOST_LINES]
        found: dict[int, ReadyOrder] = {}
        try:
            if whole:
                found = dict(_ready(file.columns, whole, context["zone"], context["now"]))
        except UnicodeEncodeError:
            # Half a character, as some encodings can say; the record tells which row it is.
            found = {}
        odd = [file.numbered(order) for order in orders if order.lines[0] not in found]
        return found, odd

    return read


def _ready(
    names: Sequence[str], orders: Sequence[RawOrder], zone: tzinfo, now: datetime
) -> Iterator[tuple[int, ReadyOrder]]:
    counts = np.array([len(order.rows) for order in orders])
    stops = np.cumsum(counts)
    starts = stops - counts
    heads = _Columns(names, [order.rows[0] for order in orders])
    head = _heads(heads, zone, now)
    rows = _Columns(names, [cells for order in orders for cells in order.rows])
    line = _lines(rows, _repeated(heads.column("currency"), counts))
    good = head.good & np.logical_and.reduceat(line.good, starts)
    numbers = _repeated(plain.order_numbers(heads.column("number")), counts).to_pylist()
    places = (np.arange(len(numbers)) - np.repeat(starts, counts) + 1).tolist()
    lines = list(zip(numbers, places, *line.values, strict=True))
    every = zip(
        orders,
        zip(*head.values, strict=True),
        *(one.tolist() for one in (good, starts, stops)),
        strict=True,
    )
    for order, values, is_good, start, stop in every:
        if is_good:
            yield order.lines[0], ReadyOrder(values, tuple(lines[start:stop]))


def _repeated(column: pa.Array, counts: "np.ndarray[Any, Any]") -> pa.Array:
    return column.take(pa.array(np.repeat(np.arange(len(column)), counts)))


def _heads(rows: _Columns, zone: tzinfo, now: datetime) -> _Read:
    number = rows.column("number")
    customer = rows.column("customer_id")
    status, good = plain.words(rows.column("status"), _STATUSES)
    currency = pc.ascii_upper(rows.column("currency"))
    total, is_amount = plain.cents(rows.told("total_cents"), rows.told("total"), currency)
    good = good & plain.like(number, plain.ORDER_NUMBER) & is_amount
    good &= plain.like(currency, plain.CURRENCY) & plain.text(customer, _SHORT)
    good &= plain.text(rows.column("ship_name"), _NAME)
    good &= plain.text(rows.column("ship_address"), _ADDRESS)
    times, fits = _moments(rows, zone, now)
    reach, reached = _reach(rows)
    words = [_optional(rows, name, _SHORT) for name in ("carrier", "tracking_number")]
    for more in (fits, reached, *(one.good for one in words)):
        good &= more
    values: list[Sequence[Value]] = [
        plain.order_numbers(number).to_pylist(),
        rows.cells("customer_id"),
        status.to_pylist(),
        *times,
        *(one.values[0] for one in words),
        total.tolist(),
        currency.to_pylist(),
        rows.cells("ship_name"),
        rows.cells("ship_address"),
        *reach,
    ]
    return _Read(values, good)


def _moments(rows: _Columns, zone: tzinfo, now: datetime) -> tuple[list[Sequence[Value]], Good]:
    """Return the times of orders as they are kept; the first is needed and has to be believed."""
    values: list[Sequence[Value]] = []
    good = np.ones(len(rows.column("number")), np.bool_)
    for name in MOMENTS:
        cells = rows.told(name)
        if cells is None:
            values.append([None] * len(good))
            continue
        times = plain.moments(cells, zone)
        read = times.is_valid().to_numpy(zero_copy_only=False)
        needed = name == MOMENTS[0]
        good &= plain.happened(times, now, EARLIEST) if needed else read | plain.missing(cells)
        values.append(pc.strftime(pc.cast(times, pa.timestamp("us")), plain.STORED).to_pylist())
    return values, good & (rows.told(MOMENTS[0]) is not None)


def _reach(rows: _Columns) -> tuple[list[Sequence[Value]], Good]:
    """Return e-mail and phone; one of them is needed."""
    values: list[Sequence[Value]] = []
    good = np.ones(len(rows.column("number")), np.bool_)
    without = good.copy()
    for name, pattern in (("email", plain.EMAIL), ("phone", plain.PHONE)):
        cells = rows.column(name)
        absent = plain.missing(cells)
        short = pc.less_equal(pc.utf8_length(cells), _LONGEST_EMAIL)
        fits = plain.like(cells, pattern) & short.to_numpy(zero_copy_only=False)
        good &= absent | fits
        without &= absent
        values.append([cell or None for cell in rows.cells(name)])
    return values, good & ~without


def _optional(rows: _Columns, name: str, longest: int) -> _Read:
    cells = rows.told(name)
    size = len(rows.column("number"))
    if cells is None:
        return _Read([[None] * size], np.ones(size, np.bool_))
    good = plain.missing(cells) | plain.text(cells, longest)
    return _Read([[cell or None for cell in rows.cells(name)]], good)


def _lines(rows: _Columns, currencies: pa.Array) -> _Read:
    sku, quantity = rows.column("sku"), rows.column("quantity")
    price, good = plain.cents(
        rows.told("price_cents"), rows.told("price"), pc.ascii_upper(currencies)
    )
    good &= plain.text(sku, _SHORT)
    is_number = plain.like(quantity, plain.WHOLE)
    pieces = plain.numbers(quantity, is_number)
    good &= is_number & (pieces >= 1) & (pieces <= _MOST_QUANTITY)
    english, chinese = (rows.column(name) for name in ("name_en", "name_zh"))
    absent = plain.missing(english) & plain.missing(chinese)
    for cells in (english, chinese):
        good &= plain.missing(cells) | plain.text(cells, _NAME)
    names = list(zip(rows.cells("name_en"), rows.cells("name_zh"), strict=True))
    values: list[Sequence[Value]] = [
        rows.cells("sku"),
        [one or other for one, other in names],
        [other or one for one, other in names],
        pieces.tolist(),
        price.tolist(),
    ]
    return _Read(values, good & ~absent)
