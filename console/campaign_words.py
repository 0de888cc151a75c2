"""What the pages of campaigns say of plans, speeds and reasons. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from analytics.campaigns.halting import HARMS
from analytics.campaigns.local import zone_of
from analytics.campaigns.model import Campaign
from analytics.campaigns.occurrences import start_of
from analytics.campaigns.plan import Plan
from analytics.campaigns.quiet import Window
from analytics.campaigns.restoring import RESTORED
from analytics.campaigns.results_model import Findings
from analytics.campaigns.schedule import AfterEvent, Local
from analytics.campaigns.schedule_words import EVENTS, in_words
from console.shown import percent, word
from console.words import has, say

_MISSING = "missing: "
_STANDING: Mapping[str, str] = {
    "too many errors": "campaigns.reason.errors",
    RESTORED: "campaigns.reason.restored",
}
_HARMS = {told: name for name, told in HARMS.items()}
_HARMED = re.compile(
    rf"(?P<n>\d+) of (?P<sent>\d+) people (?P<what>{'|'.join(_HARMS)}): more than it may be"
)
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_MINUTE = 60.0


def reason(text: str, language: str) -> str:
    """Return why somebody was not written to; what a platform said stands for itself."""
    if text.startswith(_MISSING):
        return say("campaigns.why.missing", language, names=text.removeprefix(_MISSING))
    key = f"campaigns.why.{text or 'unsaid'}"
    return say(key, language) if has(key) else text


def standing(text: str, language: str) -> str:
    """Return why a campaign stands still: a rule's reason in the reader's words, somebody's as they wrote it."""
    if text in _STANDING:
        return say(_STANDING[text], language)
    harmed = _HARMED.fullmatch(text)
    if harmed is None:
        return text
    key = f"campaigns.reason.{_HARMS[harmed['what']]}"
    return say(key, language, n=harmed["n"], sent=harmed["sent"])


def schedule(plan: Plan, language: str) -> str:
    """Return when a campaign goes out, in its own zone."""
    return in_words(plan.schedule, language, zone_of(plan.default_zone))


def next_time(one: Campaign, language: str) -> str:
    """Return when it goes out next where that is no moment for everybody; empty where it is one, or is over."""
    wanted = start_of(one.plan.schedule)
    if isinstance(wanted, AfterEvent):
        return say("campaigns.on_event", language)
    if isinstance(wanted, Local):
        clock = wanted.clock.strftime("%H:%M")
        return say("campaigns.their_time", language, day=wanted.day.isoformat(), clock=clock)
    return ""


def facts(plan: Plan, language: str) -> list[tuple[str, str]]:
    """Return what a campaign is, as names and words; to whom it goes is left to the page, which has a link there."""
    return [
        (say(f"campaigns.fact.{name}", language), told)
        for name, tell in _FACTS.items()
        if (told := tell(plan, language))
    ]


def speed(per_second: float, language: str) -> str:
    """Return a speed: by the second, or by the minute where that is less than one."""
    if per_second >= 1:
        return say("campaigns.per_second", language, n=f"{per_second:,.0f}")
    return say("campaigns.per_minute", language, n=f"{per_second * _MINUTE:,.0f}")


def span(length: timedelta, language: str) -> str:
    """Return a length of time such as ``4 hours``, in the largest unit that is whole."""
    seconds = round(length.total_seconds())
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    count = seconds // size
    return say(f"campaigns.span.{unit}{'' if count == 1 else 's'}", language, n=count)


def goal(found: Findings, language: str, key: str = "campaigns.goal") -> str:
    """Return what counts as success of a campaign."""
    event = EVENTS.get(found.goal, (found.goal, found.goal, found.goal))
    name = event[2] if language == "zh" else event[0]
    within = span(found.within, language)
    return say(key, language, event=name, within=within)


def _channels(plan: Plan, language: str) -> str:
    names = [word("channel", one, language) for one in plan.channels]
    return say("campaigns.then", language).join(names)


def _variants(plan: Plan, _: str) -> str:
    if len(plan.variants) == 1:
        return ""
    total = sum(one.weight for one in plan.variants)
    return ", ".join(f"{one.name} {percent(one.weight / total)}" for one in plan.variants)


def _holdout(plan: Plan, language: str) -> str:
    if not plan.holdout:
        return ""
    return say("campaigns.held", language, share=f"{100 * plan.holdout:g}%")


def _quiet(plan: Plan, language: str) -> str:
    return (
        say("campaigns.no_quiet", language) if plan.quiet is None else window(plan.quiet, language)
    )


def window(quiet: Window, language: str) -> str:
    """Return quiet hours in words."""
    parts = []
    if quiet.start != quiet.end:
        ends = {"start": f"{quiet.start:%H:%M}", "end": f"{quiet.end:%H:%M}"}
        parts.append(say("campaigns.quiet_hours", language, **ends))
    parts += [say(f"campaigns.weekday.{day}", language) for day in sorted(quiet.weekdays)]
    if quiet.holidays_of:
        parts.append(say("campaigns.holidays", language, country=quiet.holidays_of))
    return say("campaigns.comma", language).join(parts)


def _budget(plan: Plan, language: str) -> str:
    if plan.budget is None:
        return say("campaigns.no_budget", language)
    within = span(plan.budget.within, language)
    return say("campaigns.at_most", language, n=plan.budget.most, span=within)


def _late(plan: Plan, language: str) -> str:
    return say("campaigns.late_after", language, span=span(plan.late, language))


def _zone(plan: Plan, _: str) -> str:
    return ZoneInfo(plan.default_zone).key


def _purpose(plan: Plan, language: str) -> str:
    return word("campaigns.purpose", plan.purpose, language)


_FACTS: Mapping[str, Callable[[Plan, str], str]] = {
    "when": schedule,
    "channels": _channels,
    "variants": _variants,
    "holdout": _holdout,
    "quiet": _quiet,
    "budget": _budget,
    "late": _late,
    "purpose": _purpose,
    "zone": _zone,
}
