"""At which hours people may be asked something they do not expect: by their own clock as far as it is known."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk.feedback.rules import OnSchedule


class Hours:
    """Times of day by the zone of the customer's language, else the shop's."""

    def __init__(self, shop_zone: Callable[[], str]) -> None:
        self._shop_zone = shop_zone

    def next_allowed(self, now: datetime, language: str, rules: OnSchedule) -> datetime:
        """Return ``now`` if people may be asked at this time of day, else the next time when they may."""
        zone = ZoneInfo(rules.zones.get(language, self._shop_zone()))
        return next_allowed(now, zone, rules.opens, rules.closes)

    def period(self, now: datetime, every: timedelta) -> date:
        """Return the first day of the period; periods follow each other without a gap from 1970 on."""
        local = now.astimezone(ZoneInfo(self._shop_zone())).date()
        days = max(1, every.days)
        return date.fromordinal(local.toordinal() - (local - date(1970, 1, 1)).days % days)


def next_allowed(now: datetime, zone: ZoneInfo, opens: time, closes: time) -> datetime:
    """Return ``now``, or the next opening in UTC; where the clock leaps over it, the moment after the leap."""
    local = now.astimezone(zone)
    if opens <= local.time() < closes:
        return now
    day = local.date() + timedelta(days=local.time() >= closes)
    return datetime.combine(day, opens, tzinfo=zone).astimezone(UTC)
