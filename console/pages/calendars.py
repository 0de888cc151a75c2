"""Calendars: when people are at work, and when something begun now would be due."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from zoneinfo import available_timezones

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer, go
from console.rule_desk import RuleDesk
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.automation.model import short
from desk.calendars import timing
from desk.calendars.model import Calendar, countries
from desk.calendars.service import SHOP, TEAM
from desk.calendars.spec import CalendarSpec, read
from desk.clock import Clock
from desk.commerce.rules import Week
from desk.errors import FrontdeskError
from desk.sla.service import due_with

CALENDARS = "/console/calendars"
DAYS = tuple(Week.model_fields)
_SPANS = tuple(timedelta(hours=hours) for hours in (1, 4, 8, 24))
_HOURS = re.compile(r"\d{1,2}:\d\d\s*[-–]\s*\d{1,2}:\d\d")
_OFFICE = "9:00-17:00"


class CalendarPages:
    """Shows and changes calendars."""

    def __init__(
        self, desk: RuleDesk, services: ConsoleServices, render: Renderer, clock: Clock
    ) -> None:
        self._calendars = desk.calendars
        self._services = services
        self._render = render
        self._clock = clock

    async def list(self, visit: Visit) -> Response:
        """List all calendars with what they would make due."""
        now, known = self._clock(), await self._calendars.all()
        own = {spec.name for spec in await self._calendars.own()}
        rows = [(known.get(name), name in own, _preview(known.get(name), now)) for name in known]
        # The shop's first, then those of people, of teams, and the one that never closes.
        rows.sort(key=lambda row: (row[0].name != SHOP, not row[1], not _is_team(row[0])))
        return await self._page(visit, "calendars.html", rows=rows, spans=_SPANS)

    async def show(self, visit: Visit) -> Response:
        """Show a calendar's form."""
        spec = await self._calendars.spec(visit.path("name"))
        return await self._form(visit, _fields(spec), name=spec.name, calendar=spec.calendar())

    async def begin(self, visit: Visit) -> Response:
        """Show an empty form."""
        week = dict.fromkeys(DAYS[:5], _OFFICE) | dict.fromkeys(DAYS[5:], "")
        zone = (await self._calendars.all()).get(SHOP).zone.key
        return await self._form(visit, {"zone": zone, **week})

    async def save(self, visit: Visit) -> Response:
        """Keep a calendar, or show what it would make due."""
        form, name = visit.form, str(visit.request.path_params.get("name", ""))
        try:
            given = _given(form, name)
            if form.get("do") == "preview":
                return await self._form(visit, form, name=name, calendar=read(given).calendar())
            spec = await self._calendars.save(given, by=visit.agent, new=not name)
        except FrontdeskError as error:
            return await self._form(visit, form, name=name, why=error)
        return go(f"{CALENDARS}/{quote(spec.name)}?saved=1")

    async def delete(self, visit: Visit) -> Response:
        """Forget a calendar."""
        name = visit.path("name")
        try:
            await self._calendars.delete(name, by=visit.agent)
        except FrontdeskError as error:
            spec = await self._calendars.spec(name)
            return await self._form(visit, _fields(spec), name=name, why=error)
        return go(CALENDARS)

    async def _form(
        self,
        visit: Visit,
        fields: Mapping[str, str],
        *,
        name: str = "",
        calendar: Calendar | None = None,
        why: FrontdeskError | None = None,
    ) -> Response:
        return await self._page(
            visit,
            "calendar.html",
            why.status_code if why else HTTPStatus.OK,
            fields=fields,
            name=name,
            days=DAYS,
            zones=sorted(available_timezones()),
            countries=countries(),
            preview=_preview(calendar, self._clock()) if calendar else None,
            why=str(why) if why else "",
            saved=visit.query("saved") == "1",
        )

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, status, waiting=waiting, short=short, **known)


def _is_team(calendar: Calendar) -> bool:
    return calendar.name.startswith(TEAM)


def _preview(calendar: Calendar, now: datetime) -> dict[str, Any]:
    """Return whether a calendar is open and when things begun now would be due, in its own zone."""
    try:
        due = [(s, at.astimezone(calendar.zone)) for s, at in due_with(calendar, now, _SPANS)]
    except FrontdeskError:
        due = []
    return {"open": timing.is_open(calendar, now), "due": due}


def _given(form: Mapping[str, str], name: str) -> dict[str, Any]:
    return {
        "name": name or form.get("name", ""),
        "zone": form.get("zone", ""),
        "week": {day: _spans(form.get(day, "")) for day in DAYS},
        "country": form.get("country") or None,
        "subdivision": form.get("subdivision") or None,
        "days": [_day(line) for line in form.get("days", "").splitlines() if line.strip()],
    }


def _spans(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[,;，；]", text) if one.strip()]


def _day(line: str) -> dict[str, Any]:
    """Return a line such as ``12-24 9:00-13:00 Christmas Eve``: a date, hours if it is not closed, a name."""
    day, _, rest = line.strip().partition(" ")
    hours = _HOURS.findall(rest)
    return {
        "date": day,
        "hours": hours,
        "name": " ".join(_HOURS.sub("", rest).split(" ,")).strip(" ,"),
    }


def _fields(spec: CalendarSpec) -> dict[str, str]:
    week = {day: ", ".join(spans) for day, spans in spec.week_text().items()}
    days = [" ".join((d["date"], *d["hours"], d["name"])).strip() for d in spec.days_text()]
    return {
        "name": spec.name,
        "zone": spec.zone,
        "country": spec.country or "",
        "subdivision": spec.subdivision or "",
        "days": "\n".join(days),
        **week,
    }


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of calendars; what is done is noted by the service."""
    if services.rule_desk is None:
        return []
    pages = CalendarPages(services.rule_desk, services, render, services.clock)
    see, change = Deed.SLA_SEE, Deed.SLA_CHANGE
    one = f"{CALENDARS}/{{name}}"
    return [
        Route(CALENDARS, gate.page(pages.list, see), methods=["GET"]),
        Route(CALENDARS, gate.action(pages.save, change, noted=True), methods=["POST"]),
        Route(f"{CALENDARS}/new", gate.page(pages.begin, change), methods=["GET"]),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        Route(one, gate.action(pages.save, change, noted=True), methods=["POST"]),
        Route(f"{one}/delete", gate.action(pages.delete, change, noted=True), methods=["POST"]),
    ]
