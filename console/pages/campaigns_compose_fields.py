"""A campaign's plan as the fields of its form. Pure.

Variants are ``v1.name``, ``v1.en.text``, ``v1.en.b1.title``, later messages ``s1.wait``; a length of time is a number
and its unit (``late`` and ``late.unit``). The way back is in :mod:`console.pages.campaigns_compose_form`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from analytics.campaigns.aims import BEST, Goal, Stops, Success, Winner
from analytics.campaigns.plan import NIGHT, Budget, Plan, Variant
from analytics.campaigns.quiet import Window
from analytics.campaigns.rank import Effect, Rank
from analytics.campaigns.schedule import (
    AfterEvent,
    Condition,
    Local,
    Once,
    Recurring,
    Schedule,
    Sequence,
    Start,
    span_text,
)
from analytics.campaigns.template import Content

type Fields = dict[str, str]

LANGUAGES = ("en", "zh")
WHEN = ("once", "local", "recurring", "after_event")
OFTEN = ("daily", "workdays", "weekly", "monthly", "last", "cron")
UNITS = ("m", "h", "d")
PURPOSES = ("marketing", "newsletter", "service")
STOPS = tuple(Stops.model_fields)
_SIMPLE = re.compile(r"(?P<m>\d{1,2}) (?P<h>\d{1,2}) (?P<day>\*|L|\d{1,2}) \* (?P<week>\*|1-5|\d)")
_CLOCK = re.compile(r"(?P<m>\d{1,2}) (?P<h>\d{1,2}) ")

EMPTY: Fields = {
    "purpose": "marketing",
    "when": "once",
    "zone": "UTC",
    "local.clock": "09:00",
    "recurring.often": "weekly",
    "recurring.weekday": "1",
    "recurring.day": "1",
    "recurring.clock": "09:00",
    "after.delay": "7",
    "after.delay.unit": "d",
    "holdout": "0",
    "late": "4",
    "late.unit": "h",
    "v1.name": "a",
    "v1.weight": "1",
    "v1.default": "en",
    "winner.by": Success.CLICKED,
    "winner.decide_after": "4",
    "winner.decide_after.unit": "h",
    "winner.otherwise": BEST,
    "rank.take": "top",
}
"""What stands in a new one, besides quiet hours, budget and aims."""


def new() -> Fields:
    """Return the fields of a campaign that is to be written."""
    return {
        **EMPTY,
        **_quiet(NIGHT),
        **_budget(Budget()),
        **_aims(Goal(), None, Stops()),
        **_rank(None, Effect()),
    }


def of(plan: Plan) -> Fields:
    """Return a plan's fields."""
    found = {
        **EMPTY,
        "segment_id": str(plan.segment_id),
        "purpose": plan.purpose,
        "zone": plan.default_zone,
        "holdout": percent(plan.holdout),
        "reply": plan.reply.payload if plan.reply else "",
        **_span("late", plan.late),
        **_quiet(plan.quiet),
        **_budget(plan.budget),
        **_aims(plan.goal, plan.winner, plan.stops),
        **_rank(plan.rank, plan.effect),
        **_schedule(plan.schedule, plan.zone),
    }
    for place, channel in enumerate(plan.channels, 1):
        found[f"channel.{place}"] = channel
    for number, variant in enumerate(plan.variants, 1):
        found |= _variant(f"v{number}", variant)
    return found


def percent(share: float) -> str:
    """Return a share as percent, exactly: 0.07 is ``7``."""
    return f"{(Decimal(str(share)) * 100).normalize():f}"


def wall(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a field of date and time shows it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def places(form: Mapping[str, str], mark: str, last: str, most: int) -> list[str]:
    """Return the prefixes of what is in a form several times: ``v1``, ``v2``, as far as they go."""
    found: list[str] = []
    while len(found) < most and f"{mark}{len(found) + 1}.{last}" in form:
        found.append(f"{mark}{len(found) + 1}")
    return found


def message(place: str, step: int) -> str:
    """Return where a variant's message of a step stands: ``v1``, ``v1.t2``, ``v1.t3``."""
    return place if step == 1 else f"{place}.t{step}"


def _variant(place: str, variant: Variant) -> Fields:
    found = {
        f"{place}.name": variant.name,
        f"{place}.weight": f"{variant.weight:g}",
        f"{place}.default": variant.template.default,
    }
    for step, said in enumerate((variant.template, *variant.then), 1):
        if said.default != variant.template.default:
            # The form has one choice for all messages of a variant; what was decided elsewhere stays.
            found[f"{message(place, step)}.default"] = said.default
        for language, content in said.contents.items():
            found |= _content(f"{message(place, step)}.{language}", content)
    return found


def _content(place: str, content: Content) -> Fields:
    found = {
        f"{place}.text": content.text,
        f"{place}.subject": content.subject or "",
        f"{place}.image": content.image or "",
    }
    for number, button in enumerate(content.buttons, 1):
        found[f"{place}.b{number}.title"] = button.title
        found[f"{place}.b{number}.to"] = button.url or button.payload or ""
    return found


def _schedule(schedule: Schedule, zone: ZoneInfo) -> Fields:
    start: Start = schedule.start if isinstance(schedule, Sequence) else schedule
    steps = schedule.steps if isinstance(schedule, Sequence) else ()
    found: Fields = {"when": start.kind}
    match start:
        case Once(at=at):
            found["once.at"] = wall(at, zone)
        case Local(day=day, clock=clock):
            found |= {"local.day": day.isoformat(), "local.clock": f"{clock:%H:%M}"}
        case Recurring(cron=cron, zone=own):
            found |= {"recurring.zone": own, **_cron(cron)}
        case AfterEvent() as after:
            found |= {"after.event": after.event, **_span("after.delay", after.delay)}
            found |= _conditions("after", after.conditions)
            if after.first:
                found["after.first"] = "yes"
            if after.until:
                found["after.until"] = wall(after.until, zone)
    for number, step in enumerate(steps, 1):
        place = f"s{number}"
        found |= {**_span(f"{place}.wait", step.wait), **_conditions(place, step.conditions)}
        found[f"{place}.otherwise"] = step.otherwise
    return found


def _cron(text: str) -> Fields:
    """Return a cron line as the form asks for it, where it can; else as it stands."""
    found = {"recurring.cron": text}
    if clock := _CLOCK.match(text):
        found["recurring.clock"] = f"{int(clock['h']):02}:{int(clock['m']):02}"
    simple = _SIMPLE.fullmatch(text)
    day, week = (simple["day"], simple["week"]) if simple else ("", "")
    if week == "*" and day:
        often = {"*": "daily", "L": "last"}.get(day, "monthly")
        return found | {"recurring.often": often, "recurring.day": day.strip("*L") or "1"}
    if day == "*":
        often = "workdays" if week == "1-5" else "weekly"
        return found | {"recurring.often": often, "recurring.weekday": _weekday(week)}
    return found | {"recurring.often": "cron"}


def _weekday(week: str) -> str:
    return {"1-5": "1", "7": "0"}.get(week, week)


def _conditions(place: str, conditions: Iterable[Condition]) -> Fields:
    named: dict[bool, list[str]] = {True: [], False: []}
    for one in conditions:
        named[one.happened].append(one.event)
    return {f"{place}.if": ", ".join(named[True]), f"{place}.unless": ", ".join(named[False])}


def _span(name: str, span: timedelta) -> Fields:
    text = span_text(span)
    return {name: text[:-1], f"{name}.unit": text[-1]}


def _quiet(window: Window | None) -> Fields:
    shown = window or NIGHT
    return {
        **({"quiet": "yes"} if window else {}),
        "quiet.start": f"{shown.start:%H:%M}",
        "quiet.end": f"{shown.end:%H:%M}",
        "quiet.holidays_of": shown.holidays_of or "",
        **{f"quiet.{day}": "yes" for day in shown.weekdays},
    }


def _budget(budget: Budget | None) -> Fields:
    within = (budget or Budget()).within
    return {
        "budget.most": str(budget.most) if budget else "",
        **_span("budget.within", within),
    }


def _aims(goal: Goal, winner: Winner | None, stops: Stops) -> Fields:
    found = {"goal.event": goal.event, **_span("goal.within", goal.within)}
    for name in STOPS:
        share = getattr(stops, name)
        found[f"stops.{name}"] = "" if share is None else percent(share)
    if winner:
        found |= {
            "winner.share": percent(winner.share),
            "winner.by": winner.by,
            "winner.otherwise": winner.otherwise,
            **_span("winner.decide_after", winner.decide_after),
        }
    return found


def _rank(rank: Rank | None, effect: Effect) -> Fields:
    found = {f"effect.{name}": percent(share) for name, share in dict(effect).items()}
    if rank is None:
        return found
    found |= {"rank.by": rank.by, "rank.top": str(rank.top or "")}
    if rank.threshold:
        found |= {f"rank.{name}": f"{value:g}" for name, value in dict(rank.threshold).items()}
        found["rank.take"] = "worth"
    return found
