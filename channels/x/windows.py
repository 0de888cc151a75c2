"""How many calls X still allows, from the headers of its answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_NAMES = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")


@dataclass(frozen=True)
class Window:
    """So many calls until the window ends."""

    remaining: int
    ends_at: datetime

    def closed_for(self, now: datetime) -> timedelta | None:
        """Return how long no call is allowed; None when one is."""
        return self.ends_at - now if self.remaining == 0 and self.ends_at > now else None

    def spread(self, now: datetime) -> timedelta:
        """Return the pause after which the calls that are left last until the end."""
        return max(self.ends_at - now, timedelta()) / max(1, self.remaining)


def skew(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how far X's clock is ahead of ours; nothing when it does not tell."""
    try:
        return parsedate_to_datetime(headers.get("date", "")) - now
    except (TypeError, ValueError):
        return timedelta()


def window(headers: Mapping[str, str], now: datetime) -> Window | None:
    """Return the window that ends last of those without calls left, else that of 15 minutes, by our clock."""
    ahead = skew(headers, now)
    found = [one for name in _NAMES if (one := _read(headers, name, ahead)) is not None]
    closed = [one for one in found if one.remaining == 0]
    return max(closed, key=lambda one: one.ends_at) if closed else next(iter(found), None)


def wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long X wants to be left alone after a 429; None when it does not tell."""
    given = headers.get("retry-after", "")
    if given.isascii() and given.isdigit():
        return timedelta(seconds=min(int(given), 86_400))
    told = window(headers, now)
    return None if told is None else max(told.ends_at - now, timedelta())


def _read(headers: Mapping[str, str], name: str, ahead: timedelta) -> Window | None:
    remaining, reset = (headers.get(f"{name}-{what}", "") for what in ("remaining", "reset"))
    if not (remaining.isdecimal() and reset.isdecimal() and len(reset) < 12):
        return None
    return Window(int(remaining), datetime.fromtimestamp(int(reset), UTC) - ahead)
