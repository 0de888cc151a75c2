"""How old a post is when its reactions are looked at. Pure."""

from datetime import datetime, timedelta

HOURS = (1, 24, 7 * 24)
"""An hour, a day and a week after it was published."""


def first_look(published_at: datetime) -> datetime:
    """Return when to look first."""
    return published_at + timedelta(hours=HOURS[0])


def age(published_at: datetime, now: datetime) -> int | None:
    """Return for which of ``HOURS`` a look now counts: the last one that has come, unless twice its time has passed.

    A look that comes far too late says nothing about that age, so it is left out.
    """
    passed = now - published_at
    come = [hours for hours in HOURS if timedelta(hours=hours) <= passed]
    if not come or passed > 2 * timedelta(hours=come[-1]):
        return None
    return come[-1]


def next_look(published_at: datetime, now: datetime) -> datetime | None:
    """Return when to look again; None after the last time."""
    times = [published_at + timedelta(hours=hours) for hours in HOURS]
    return next((at for at in times if at > now), None)
