"""What somebody wants to see in a report, read from the address and written into it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from analytics.reports.definitions import DIMENSIONS
from analytics.reports.periods import begin_of, step_of, zone_of
from analytics.reports.report import Query

PERIODS = {"7": 7, "30": 30, "90": 90, "365": 365}
OWN = "own"
"""The period that somebody names by its first and last day."""
_LONGEST = timedelta(days=1_100)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which days, by what, of whom; ``wrong`` when the days that were asked for are none."""

    period: str
    first: date
    last: date
    by: str
    business: bool
    zone: str
    only: Mapping[str, str] = field(default_factory=dict)
    wrong: bool = False

    @property
    def query(self) -> Query:
        """The query for what was chosen, by group."""
        zone = zone_of(self.zone)
        return Query(
            since=begin_of(self.first, zone),
            until=begin_of(self.last + timedelta(days=1), zone),
            by=self.by,
            zone=self.zone,
            only=self.only,
        )

    @property
    def over_time(self) -> Query:
        """The query for its charts: by day, week or month."""
        query = self.query
        return replace(query, by=step_of(query.since, query.until))

    def address(self, **changes: str) -> str:
        """Return it as the end of an address."""
        known = {
            "period": self.period,
            "from": self.first.isoformat() if self.period == OWN else "",
            "to": self.last.isoformat() if self.period == OWN else "",
            "by": self.by,
            "business": "1" if self.business else "",
            **self.only,
            **changes,
        }
        return urlencode({key: value for key, value in known.items() if value})


def choice_of(values: Mapping[str, str], now: datetime, zone: str) -> Choice:
    """Return what an address asks for; what it does not say, or says wrongly, is the last 30 days by agent."""
    today = now.astimezone(zone_of(zone)).date()
    period = values.get("period", "")
    days = _own_days(values, today) if period == OWN else None
    if days is None:
        kept = period if period in PERIODS else "30"
        days = today - timedelta(days=PERIODS[kept] - 1), today
    else:
        kept = OWN
    by = values.get("by", "")
    return Choice(
        period=kept,
        first=days[0],
        last=days[1],
        by=by if by in DIMENSIONS else "agent",
        business=values.get("business") == "1",
        zone=zone,
        only={name: values[name][:128] for name in DIMENSIONS if values.get(name)},
        wrong=period == OWN and kept != OWN,
    )


def _own_days(values: Mapping[str, str], today: date) -> tuple[date, date] | None:
    try:
        first, last = (date.fromisoformat(values.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return None
    # Years that no calendar has, and a report that nobody would wait for.
    if not date(2000, 1, 1) <= first <= last <= today + timedelta(days=366):
        return None
    return (first, last) if last - first <= _LONGEST else None
