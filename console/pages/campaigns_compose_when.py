"""The schedule of a campaign's form. Pure."""

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from analytics.campaigns.schedule import (
    MOST_STEPS,
    AfterEvent,
    Local,
    Once,
    Recurring,
    Schedule,
    Sequence,
    Start,
    Step,
)
from console.pages.campaigns_compose_fields import places
from console.pages.campaigns_compose_taking import NameOf, Taking


def schedule(taking: Taking) -> Schedule | None:
    """Return when it goes out; None when something is wrong with it."""
    start = _STARTS.get(taking.text("when"), _once)(taking)
    steps = [_step(taking, place) for place in places(taking.form, "s", "wait", MOST_STEPS)]
    if not steps or start is None or None in steps:
        return start
    return Sequence.model_validate({"start": start, "steps": steps})


def named(place: str) -> NameOf:
    """Return what names the field of a place in a part of the form."""

    def name_of(loc: tuple[Any, ...]) -> str:
        first = str(loc[0]) if loc else ""
        return "zone" if first == "default_zone" else f"{place}.{_FIELD_OF.get(first, first)}"

    return name_of


def _started(taking: Taking) -> Start | None:
    """Return how the plan that is changed begins."""
    known = taking.before.schedule if taking.before else None
    return known.start if isinstance(known, Sequence) else known


def _once(taking: Taking) -> Once | None:
    zone, known = taking.zone("zone"), _started(taking)
    before = known.at if isinstance(known, Once) else None
    at = taking.moment("once.at", zone, before) if zone else None
    return taking.made(Once, {"at": at}, named("once")) if at else None


def _local(taking: Taking) -> Local | None:
    given = {
        "day": taking.text("local.day"),
        "clock": taking.text("local.clock"),
        "default_zone": taking.text("zone") or "UTC",
    }
    return taking.made(Local, given, named("local"))


def _recurring(taking: Taking) -> Recurring | None:
    often, zone = taking.text("recurring.often"), taking.text("recurring.zone")
    given = {
        "cron": taking.text("recurring.cron") if often == "cron" else _line(taking, often),
        "zone": zone or taking.text("zone") or "UTC",
    }
    return taking.made(Recurring, given, named("recurring"))


def _line(taking: Taking, often: str) -> str:
    """Return what the friendly fields say as a line of cron."""
    try:
        clock = time.fromisoformat(taking.text("recurring.clock"))
    except ValueError:
        taking.no("recurring.clock", "clock")
        clock = time()
    day, weekday = taking.text("recurring.day"), taking.text("recurring.weekday")
    if often == "monthly" and not (day.isascii() and day.isdigit() and 1 <= int(day) <= 31):
        taking.no("recurring.day", "month_day")
        day = "1"
    days = {
        "workdays": "* * 1-5",
        "weekly": f"* * {weekday}",
        "monthly": f"{day} * *",
        "last": "L * *",
    }
    return f"{clock.minute} {clock.hour} {days.get(often, '* * *')}"


def _after_event(taking: Taking) -> AfterEvent | None:
    known, until, zone = _started(taking), None, taking.zone("zone")
    if taking.text("after.until") and zone:
        before = known.until if isinstance(known, AfterEvent) else None
        until = taking.moment("after.until", zone, before)
    given = {
        "event": taking.text("after.event"),
        "delay": taking.span("after.delay"),
        "first": taking.ticked("after.first"),
        "conditions": _conditions(taking, "after"),
        "until": until,
    }
    return taking.made(AfterEvent, given, named("after")) if given["delay"] else None


def _step(taking: Taking, place: str) -> Step | None:
    given = {
        "wait": taking.span(f"{place}.wait"),
        "conditions": _conditions(taking, place),
        "otherwise": taking.text(f"{place}.otherwise") or "end",
    }
    return taking.made(Step, given, named(place)) if given["wait"] else None


def _conditions(taking: Taking, place: str) -> list[dict[str, Any]]:
    return [
        {"event": event, "happened": happened}
        for name, happened in (("if", True), ("unless", False))
        for event in taking.listed(f"{place}.{name}")
    ]


_STARTS: Mapping[str, Callable[[Taking], Start | None]] = {
    "once": _once,
    "local": _local,
    "recurring": _recurring,
    "after_event": _after_event,
}
_FIELD_OF = {"conditions": "if"}
