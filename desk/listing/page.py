"""A page of rows by their growing or falling key: new rows move nothing, and no row comes twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.errors import InvalidError
from desk.tables.base import Base
from desk.tickets.words import one_line

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Page[R]:
    """Some rows, and the place from which the next ones come; None at the end."""

    rows: tuple[R, ...]
    next: str | None


async def page_of[R: Base](
    session: AsyncSession,
    query: Select[R],
    key: InstrumentedAttribute[Any],
    *,
    after: str | None,
    limit: int,
    newest_first: bool = True,
) -> Page[R]:
    """Return at most ``limit`` rows that come after the place ``after``, in the order of ``key``."""
    if after is not None:
        place = _place(key, after)
        query = query.where(key < place if newest_first else key > place)
    query = query.order_by(key.desc() if newest_first else key).limit(limit + 1)
    rows: Sequence[R] = (await session.scalars(query)).all()
    more = len(rows) > limit
    return Page(
        rows=tuple(rows[:limit]), next=str(getattr(rows[limit - 1], key.key)) if more else None
    )


def _place(key: InstrumentedAttribute[Any], text: str) -> str | int:
    if key.type.python_type is str:
        return text
    if not (text.isascii() and text.isdigit()) or int(text) > _LARGEST_ID:
        raise InvalidError(f"{one_line(text, longest=60)!r} is no place in this list")
    return int(text)
