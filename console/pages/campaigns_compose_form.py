"""A campaign's form read as a plan; what is wrong is told field by field, all of it at once. Pure.

What the form does not ask for stays as it was in the plan that is changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.campaigns.aims import BEST, Goal, Stops, Winner
from analytics.campaigns.flow import Flow
from analytics.campaigns.plan import Plan, Variant
from analytics.campaigns.rank import Effect, Rank
from analytics.campaigns.schedule import MOST_STEPS, Local, Once, Recurring, Schedule
from console.pages.campaigns_compose_fields import STOPS, places
from console.pages.campaigns_compose_said import variants
from console.pages.campaigns_compose_taking import Taking, Wrong
from console.pages.campaigns_compose_when import named, schedule

MOST_CHANNELS = 10
_SAID = ("segment_id", "channel.", "v")


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a form says: the plan, or what is wrong by field (``form`` for all of it).

    ``seen`` is a plan that says the same to the same people, also when something else is still wrong.
    """

    plan: Plan | None
    seen: Plan | None
    wrong: Mapping[str, Wrong]

    @property
    def unseen(self) -> Mapping[str, Wrong]:
        """What is wrong so that nobody can see how it reads."""
        said = {name: one for name, one in self.wrong.items() if name.startswith(_SAID)}
        return said or (self.wrong if self.seen is None else {})


def read(form: Mapping[str, str], before: Plan | None = None) -> Read:
    """Return what a form says; ``before`` is the plan that it changes."""
    taking = Taking(form, before)
    plan = _plan(taking)
    return Read(plan=None if taking.wrong else plan, seen=plan, wrong=taking.wrong)


def _plan(taking: Taking) -> Plan | None:
    said = variants(taking, max(1, len(places(taking.form, "s", "wait", MOST_STEPS))))
    when = schedule(taking)
    found = {
        "segment_id": taking.whole("segment_id", "segment"),
        "channels": _channels(taking),
        "variants": said,
        "schedule": when,
        "purpose": taking.text("purpose"),
        "holdout": taking.share("holdout") if taking.text("holdout") else 0.0,
        "default_zone": taking.text("zone") or "UTC",
        "late": taking.span("late"),
        "goal": _goal(taking),
        "stops": _stops(taking),
        "effect": _effect(taking),
    }
    # What is wrong already is something right here, so that it is not told twice.
    known = {name: _RIGHT[name] if value is None else value for name, value in found.items()}
    known |= {"quiet": _quiet(taking), "budget": _budget(taking)}
    known |= {"winner": _winner(taking, said, when), "rank": _rank(taking, when)}
    known |= {"reply": _reply(taking)}
    kept = dict(taking.before) if taking.before else {}
    return taking.made(Plan, {**kept, **known}, _of_plan)


def _channels(taking: Taking) -> list[str] | None:
    found: list[str] = []
    for number in range(1, MOST_CHANNELS + 1):
        channel = taking.text(f"channel.{number}")
        if channel in found:
            taking.no(f"channel.{number}", "twice")
        elif channel:
            found.append(channel)
    if not found:
        taking.no("channel.1", "needed")
    return found or None


def _quiet(taking: Taking) -> dict[str, Any] | None:
    if not taking.ticked("quiet"):
        return None
    days = [day for day in range(7) if taking.ticked(f"quiet.{day}")]
    if len(days) == 7:
        taking.no("quiet.6", "all_days")
    return {
        "start": taking.text("quiet.start"),
        "end": taking.text("quiet.end"),
        "weekdays": days[:6],
        "holidays_of": taking.text("quiet.holidays_of").upper() or None,
    }


def _budget(taking: Taking) -> dict[str, Any] | None:
    if not taking.text("budget.most"):
        return None
    most = taking.whole("budget.most", "most")
    return {
        "most": 1 if most is None else most,
        "within": taking.span("budget.within") or "7d",
    }


def _goal(taking: Taking) -> Goal | None:
    within = taking.span("goal.within")
    given = {"event": taking.text("goal.event"), "within": within}
    return taking.made(Goal, given, named("goal")) if within else None


def _stops(taking: Taking) -> Stops | None:
    given = {
        name: taking.share(f"stops.{name}") if taking.text(f"stops.{name}") else None
        for name in STOPS
    }
    return taking.made(Stops, given, named("stops"))


def _effect(taking: Taking) -> Effect | None:
    given = {name: taking.share(f"effect.{name}") for name in ("base", "change")}
    return None if None in given.values() else taking.made(Effect, given, _of_effect)


def _of_effect(loc: tuple[Any, ...]) -> str:
    return f"effect.{loc[0] if loc else 'change'}"


def _winner(taking: Taking, said: list[Variant] | None, when: Schedule | None) -> Winner | None:
    """Return how a winner is found; without a share there is none."""
    if not taking.text("winner.share"):
        return None
    otherwise = taking.text("winner.otherwise") or BEST
    if said is not None and len(said) < 2:
        taking.no("winner.share", "winner_alone")
    if when is not None and not isinstance(when, Once | Local | Recurring):
        taking.no("winner.share", "at_one_time")
    if said is not None and otherwise not in (BEST, *(one.name for one in said)):
        taking.no("winner.otherwise", "variant_gone")
    given = {
        "share": taking.share("winner.share"),
        "by": taking.text("winner.by"),
        "decide_after": taking.span("winner.decide_after"),
        "otherwise": otherwise,
    }
    if said is None or when is None or taking.is_wrong("winner."):
        return None
    return taking.made(Winner, given, named("winner"))


def _rank(taking: Taking, when: Schedule | None) -> Rank | None:
    """Return who comes first; ``rank.by`` is empty for everybody."""
    if not taking.text("rank.by"):
        return None
    if when is not None and not isinstance(when, Once | Local | Recurring):
        taking.no("rank.by", "at_one_time")
    given: dict[str, Any] = {"by": taking.text("rank.by")}
    if taking.text("rank.take") == "worth":
        cost, benefit = taking.number("rank.cost"), taking.number("rank.benefit")
        given["threshold"] = {"cost": cost, "benefit": benefit}
    else:
        given["top"] = taking.whole("rank.top", "people")
    if when is None or taking.is_wrong("rank."):
        return None
    return taking.made(Rank, given, lambda loc: f"rank.{loc[-1] if loc else 'by'}")


def _reply(taking: Taking) -> Flow | None:
    """Return what a yes begins, written as ``recommend_offer`` or ``/recommend_offer{"product": "tea"}``."""
    intent, brace, entities = taking.text("reply").removeprefix("/").partition("{")
    if not intent and not brace:
        return None
    try:
        given = {"intent": intent.strip(), "entities": json.loads(brace + entities or "{}")}
    except ValueError:
        taking.no("reply", "reply")
        return None
    return taking.made(Flow, given, lambda _: "reply")


_RIGHT: Mapping[str, Any] = {
    "segment_id": 1,
    "channels": ("-",),
    "variants": [{"name": "a", "template": {"contents": {"en": {"text": "-"}}}}],
    "schedule": {"kind": "once", "at": "2026-12-01T09:00+00:00"},
    "holdout": 0,
    "late": "4h",
    "goal": Goal(),
    "stops": Stops(),
    "effect": Effect(),
}
_FIELD_OF = {
    "channels": "channel.1",
    "default_zone": "zone",
    "quiet.weekdays": "quiet.6",
    "schedule": "when",
    "variants": "form",
    "": "form",
}


def _of_plan(loc: tuple[Any, ...]) -> str:
    """Return the field of a place in a plan."""
    deep = loc and loc[0] in ("quiet", "budget")
    name = ".".join(map(str, loc[: 2 if deep else 1]))
    return _FIELD_OF.get(name, name)
