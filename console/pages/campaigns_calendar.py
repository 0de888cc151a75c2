"""The calendar of campaigns: a month with what was sent and what is due."""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from textwrap import shorten
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.local import zone_of
from analytics.campaigns.monthly import Entry
from analytics.posts.model import SocialPost
from console.campaign_pages import CampaignPages
from console.gate import Gate
from console.pages.campaigns import CAMPAIGNS
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed

_DAY = timedelta(days=1)
_YEARS = range(2001, 2199)
_LONGEST = 60
_SHOWN = 6
"""So many lines of a day are seen at once, the others when it is opened."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something on a day. ``kind`` is how it looks, ``told`` the key of the words for where it stands."""

    day: date
    clock: time
    name: str
    address: str
    kind: str
    told: str
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of the month: what is seen of it at once, and the rest."""

    date: date
    shown: tuple[Line, ...]
    more: tuple[Line, ...]
    is_today: bool


class CalendarPages:
    """Shows months."""

    def __init__(self, desk: CampaignPages, services: ConsoleServices, render: Renderer) -> None:
        self._monthly = desk.monthly
        self._services = services
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show a month: the one that is asked for, or this one."""
        reports = self._services.reports
        zone = zone_of(reports.zone() if reports else "UTC")
        today = self._services.clock().astimezone(zone).date()
        first = month_of(visit.query("month"), today)
        last = last_of(first)
        found = await self._monthly.between(first, last, zone)
        lines = [campaign_line(one) for one in found.entries]
        lines += [post_line(one, zone) for one in await self._posts(visit, first, last, zone)]
        by_day: defaultdict[date, list[Line]] = defaultdict(list)
        for line in sorted(lines, key=lambda line: (line.clock, line.name)):
            by_day[line.day].append(line)
        return self._render.page(
            visit,
            "campaign_calendar.html",
            first=first,
            days=[
                Day(
                    date=day,
                    shown=tuple(by_day[day][:_SHOWN]),
                    more=tuple(by_day[day][_SHOWN:]),
                    is_today=day == today,
                )
                for day in (first + n * _DAY for n in range(last.day))
            ],
            on_events=found.on_events,
            posts=any("post" in line.kind for line in lines),
            zone=zone.key,
            before=named(first - _DAY),
            after=named(last + _DAY),
            now=named(today),
            waiting=await self._services.view.waiting(),
        )

    async def _posts(
        self, visit: Visit, first: date, last: date, zone: ZoneInfo
    ) -> Sequence[SocialPost]:
        """Return the posts that have a time, for who may see them."""
        desk = self._services.posts
        if desk is None or not visit.may(Deed.POST_SEE):
            return ()
        begin, end = (datetime.combine(day, time(), zone) for day in (first, last + _DAY))
        return await desk.posts.between(begin, end)


def campaign_line(one: Entry) -> Line:
    """Return how a campaign stands in a calendar."""
    run = f"?run={one.run_id}" if one.run_id else ""
    return Line(
        day=one.day,
        clock=one.clock,
        name=one.name,
        address=f"{CAMPAIGNS}/{one.campaign_id}{run}",
        kind=f"{one.state} past" if run else str(one.state),
        told="campaigns.calendar_sent" if run else f"campaigns.state.{one.state}",
        own=one.own,
    )


def post_line(one: SocialPost, zone: ZoneInfo) -> Line:
    """Return how a post stands in a calendar."""
    at = (one.due_at or one.created_at).astimezone(zone)
    return Line(
        day=at.date(),
        clock=at.time(),
        name=shorten(one.text, _LONGEST, placeholder="…"),
        address=f"/console/posts/{one.id}",
        kind="post past" if one.published_at else "post",
        told="campaigns.calendar_post",
    )


def month_of(text: str, today: date) -> date:
    """Return the first day of the month of an address, such as ``2026-12``; anything else is this month."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if found.year in _YEARS else today.replace(day=1)


def last_of(first: date) -> date:
    """Return the last day of a month."""
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def named(day: date) -> str:
    """Return a day's month as addresses name it."""
    return day.strftime("%Y-%m")


def routes(
    gate: Gate, services: ConsoleServices, render: Renderer, desk: CampaignPages
) -> list[BaseRoute]:
    """Return the address of the calendar."""
    pages = CalendarPages(desk, services, render)
    shown = gate.page(pages.show, Deed.CAMPAIGN_SEE)
    return [Route(f"{CAMPAIGNS}/calendar", shown, methods=["GET"])]
