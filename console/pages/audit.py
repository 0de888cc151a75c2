"""The record of what was seen and done, to look through and to take along."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.audit import Entry, Filter
from desk.access.policy import Deed

AUDIT = "/console/audit"
_PAGE = 50
_LONGEST = 200
_NAMES = ("who", "deed", "thing", "since", "until")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class AuditPages:
    """Shows the record."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._audit = services.access.audit
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show the newest rows, or those before a number."""
        before = visit.query("before")
        number = (
            int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
        )
        found = await self._audit.page(_filter(visit), before=number, limit=_PAGE + 1)
        asked = {name: visit.query(name)[:_LONGEST] for name in _NAMES}
        kept = {name: value for name, value in asked.items() if value}
        return self._render.page(
            visit,
            "audit.html",
            entries=found[:_PAGE],
            asked=asked,
            filtered=bool(kept),
            newest=f"{AUDIT}?{urlencode(kept)}" if number else "",
            older=f"{AUDIT}?{urlencode({**kept, 'before': found[_PAGE - 1].number})}"
            if len(found) > _PAGE
            else "",
            taken=f"{AUDIT}.csv?{urlencode(kept)}",
            waiting=await self._services.view.waiting(),
        )

    async def csv(self, visit: Visit) -> Response:
        """Give all rows that the filter names as a table for spreadsheets; taking it along is noted too."""
        await self._audit.add(by=visit.agent, deed="audit.exported", thing="audit")
        return StreamingResponse(
            _lines(self._audit.each(_filter(visit))),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="frontdesk-audit.csv"'},
        )


def _filter(visit: Visit) -> Filter:
    until = _day(visit.query("until"))
    return Filter(
        who=visit.query("who").strip()[:_LONGEST],
        deed=visit.query("deed").strip()[:_LONGEST],
        thing=visit.query("thing").strip()[:_LONGEST],
        since=_day(visit.query("since")),
        until=until + timedelta(days=1) if until else None,
    )


def _day(text: str) -> datetime | None:
    """Return the beginning of a day in UTC; None for what is no day."""
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) if day.year < 9999 else None
    except ValueError:
        return None


async def _lines(entries: AsyncIterator[Entry]) -> AsyncIterator[str]:
    yield _line(("number", "at", "who", "deed", "thing", "detail"))
    async for one in entries:
        detail = json.dumps(one.detail, ensure_ascii=False, sort_keys=True)
        yield _line((str(one.number), one.at.isoformat(), one.who, one.deed, one.thing, detail))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([plain(cell) for cell in cells])
    return out.getvalue()


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of the record."""
    pages = AuditPages(services, render)
    return [
        Route(AUDIT, gate.page(pages.show, Deed.AUDIT_SEE)),
        Route(f"{AUDIT}.csv", gate.page(pages.csv, Deed.AUDIT_SEE)),
    ]
