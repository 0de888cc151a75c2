"""Working hours of a shop in Berlin, whose clocks change on 2026-03-29."""

from datetime import time
from zoneinfo import ZoneInfo

from desk.calendars.model import Calendar
from desk.commerce.hours import Hours, Span

_DAY = (Span(time(9), time(13)), Span(time(14), time(18)))
WORK = Calendar(
    name="work",
    hours=Hours(
        zone=ZoneInfo("Europe/Berlin"),
        week=(_DAY, _DAY, _DAY, _DAY, _DAY, (), (Span(time(22), time(6)),)),
    ),
)
