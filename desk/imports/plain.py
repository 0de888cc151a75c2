"""Cells that are plainly right, told for whole columns at once.

A cell is plain when the record's own field would take it and there is no doubt how. Whatever is not plain is for the
record to read, to clean or to refuse with a reason: nothing is refused here, so being careful costs time and no rows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from desk.commerce.money import decimals, decimals_told

type Cells = Sequence[str]
type Good = NDArray[np.bool_]

_EDGE = r"[^\x00-\x20\x7f-\xa0\p{Z}]"
TEXT = rf"\A{_EDGE}(?:[^\x00]*{_EDGE})?\z"
"""Begins and ends with something that nobody strips, and has no NUL."""
ORDER_NUMBER = r"\A#?(?:FD-|fd-)?0{0,9}[1-9][0-9]{0,19}\z"
_BEFORE_NUMBER = r"\A#?(?:FD-|fd-)?0*"
EMAIL = r"\A[A-Za-z0-9_%+\-]+(?:\.[A-Za-z0-9_%+\-]+)*@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+\z"
PHONE = r"\A\+[1-9][0-9]{6,14}\z"
CURRENCY = r"\A[A-Za-z]{3}\z"
WHOLE = r"\A(?:0|[1-9][0-9]{0,9})\z"
_AMOUNT = r"\A[0-9]{1,9}(?:\.[0-9]{1,3})?\z"
_MOMENT = (
    r"\A(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3}|\.[0-9]{6})?(?:Z|[+\-][01][0-9]:[0-5][0-9])?)?\z"
)
_ZONED = r"(?:Z|[+\-][0-9]{2}:[0-9]{2})\z"
_MOST_CENTS = 2**31 - 1
_NEARLY = 1e-6
STORED = "%Y-%m-%d %H:%M:%S"
_WORD_SIGNS = {" ": "_", "-": "_"}


def column(cells: Cells) -> pa.Array:
    """Return cells as Arrow has them."""
    return pa.array(cells, pa.string())


def like(cells: pa.Array, pattern: str) -> Good:
    """Say which cells are of a pattern from beginning to end."""
    return _bools(pc.match_substring_regex(cells, pattern))


def text(cells: pa.Array, longest: int) -> Good:
    """Say which cells are texts that stay as they are, of at most so many characters."""
    return like(cells, TEXT) & _bools(pc.less_equal(pc.utf8_length(cells), longest))


def missing(cells: pa.Array) -> Good:
    """Say which cells are empty."""
    return _bools(pc.equal(cells, ""))


def order_numbers(cells: pa.Array) -> pa.Array:
    """Return the digits of plain order numbers."""
    return pc.replace_substring_regex(cells, _BEFORE_NUMBER, "")


def words(cells: pa.Array, allowed: Sequence[str]) -> tuple[pa.Array, Good]:
    """Return words as our enums spell them, and which are allowed."""
    spelt = pc.ascii_lower(cells)
    for sign, instead in _WORD_SIGNS.items():
        spelt = pc.replace_substring(spelt, sign, instead)
    return spelt, _bools(pc.is_in(spelt, pa.array(allowed, pa.string())))


def cents(
    whole: pa.Array | None, amounts: pa.Array | None, currencies: pa.Array
) -> tuple[NDArray[np.int64], Good]:
    """Return amounts in the smallest unit, and which are plain: given so, or as decimals of a currency."""
    size = len(currencies)
    found, good = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    absent = np.ones(size, np.bool_)
    if whole is not None:
        absent = missing(whole)
        good = like(whole, WHOLE)
        found = numbers(whole, good)
    if amounts is not None:
        decimal = absent & like(amounts, _AMOUNT)
        value = _filled(amounts, decimal, pa.float64()) * _units(currencies)
        rounded = np.rint(value)
        # At most three decimals: what is no whole number of units is a tenth of one away from it at least.
        exact = decimal & (np.abs(value - rounded) < _NEARLY)
        found, good = np.where(exact, rounded.astype(np.int64), found), good | exact
    return found, good & (found <= _MOST_CENTS)


def numbers(cells: pa.Array, good: Good) -> NDArray[np.int64]:
    """Return cells as whole numbers, 0 where they are not good."""
    return _filled(cells, good, pa.int64())


def moments(cells: pa.Array, zone: tzinfo) -> pa.Array:
    """Return times in UTC, null where they are not plain; those without a zone are in ``zone``."""
    plain = like(cells, _MOMENT)
    held = pc.if_else(pa.array(plain), cells, pa.scalar(None, pa.string()))
    zoned = like(pc.fill_null(held, ""), _ZONED)
    kind = pa.timestamp("us", "UTC")
    try:
        if np.array_equal(zoned, plain):
            return pc.cast(held, kind)
        if zone is UTC and not zoned.any():
            return pc.cast(pc.cast(held, pa.timestamp("us")), kind)
    except pa.ArrowInvalid:
        # The 30th of February: one of them spoils the column.
        pass
    return pa.array([_moment(cell, zone) for cell in held.to_pylist()], kind)


def _moment(cell: str | None, zone: tzinfo) -> datetime | None:
    try:
        at = datetime.fromisoformat(cell) if cell else None
    except ValueError:
        return None
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def happened(times: pa.Array, now: datetime, earliest: datetime) -> Good:
    """Say which times are believed: not before the earliest, not in the future."""
    latest = now + timedelta(days=1)
    kind = times.type
    fits = pc.and_(
        pc.greater_equal(times, pa.scalar(earliest, kind)),
        pc.less_equal(times, pa.scalar(latest, kind)),
    )
    return _bools(pc.fill_null(fits, False))


def _units(currencies: pa.Array) -> NDArray[np.int64]:
    """Return how many of the smallest unit one of each currency has."""
    size = np.full(len(currencies), 10 ** decimals(""), np.int64)
    for code in decimals_told():
        size[_bools(pc.equal(currencies, code))] = 10 ** decimals(code)
    return size


def _filled(cells: pa.Array, good: Good, kind: pa.DataType) -> NDArray[np.int64]:
    held = pc.cast(pc.if_else(pa.array(good), cells, "0"), kind)
    found: NDArray[np.int64] = held.to_numpy(zero_copy_only=False)
    return found


def _bools(found: pa.Array) -> Good:
    told: Good = found.to_numpy(zero_copy_only=False)
    return told
