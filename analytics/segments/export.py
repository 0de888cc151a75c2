"""Everybody who belongs to a segment, as lines of CSV: page by page, so a million take no more room than a few."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from analytics.segments.service import MemberPage, Segments
from desk.tickets.export import guarded

COLUMNS = ("person_id", "contact_id", "name", "email", "since")
_PAGE = 5_000
"""Each page opens the engine once, which takes longer than to ask it."""


async def csv_of(segments: Segments, segment_id: int) -> AsyncIterator[str]:
    """Return the lines, the head first, in parts; no cell is taken for a formula.

    Who they are is asked of the engine before anything is given, so that it can still be said if that fails.

    Raises:
        NotFoundError: there is no such segment, or no engine yet.
        ConflictError, RetryableError: the engine cannot say who they are.
    """
    first = await segments.members(segment_id, limit=_PAGE, most=_PAGE)
    return _parts(segments, segment_id, first)


async def _parts(segments: Segments, segment_id: int, page: MemberPage) -> AsyncIterator[str]:
    yield _text([COLUMNS])
    while True:
        yield _text(_rows(page))
        if page.after is None:
            return
        page = await segments.members(segment_id, after=page.after, limit=_PAGE, most=_PAGE)


def _rows(page: MemberPage) -> Iterable[tuple[str, ...]]:
    for one, known in page.members:
        told = (one.person_id, known.contact_id, known.name, known.email)
        yield (*(guarded(text or "") for text in told), one.since.isoformat(timespec="seconds"))


def _text(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
