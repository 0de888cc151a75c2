"""A campaign's form and its plan are the same, both ways, and a change keeps what the form does not ask for."""

import inspect
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics.campaigns import plan, trial
from analytics.campaigns.aims import Success
from analytics.campaigns.estimate_model import Doubt
from analytics.campaigns.lint import Severity
from analytics.campaigns.plan import Plan
from analytics.campaigns.rank import By, Effect
from analytics.campaigns.schedule import Otherwise
from console.pages import campaigns_compose_fields as fields
from console.pages import (
    campaigns_compose_form,
    campaigns_compose_said,
    campaigns_compose_when,
)
from console.pages import campaigns_compose_moves as moves
from console.pages.campaigns_compose_form import read
from console.wording import WORDS

TEA = {
    "contents": {
        "en": {
            "text": "Hi {name|there},\n\ntea {{hot}} for {tier}.",
            "subject": "Tea | for {name|you}",
            "image": "https://shop.example.com/tea.jpg",
            "buttons": [
                {"title": "Look | at it", "url": "https://shop.example.com/tea?a={tier|b}"},
                {"title": "Tell me", "payload": '/recommend_offer{"product": "tea"}'},
            ],
        },
        "zh": {"text": "{name|您好}，茶。"},
    },
    "default": "zh",
}
EXTRAS: dict[str, Any] = {
    "purpose": "newsletter",
    "holdout": 0.07,
    "default_zone": "Asia/Shanghai",
    "quiet": {"start": "22:00", "end": "08:30", "weekdays": [5, 6], "holidays_of": "DE-BY"},
    "budget": {"most": 1, "within": "36h"},
    "late": "90m",
    "goal": {"event": "page_view", "within": "3d"},
    "stops": {"opted_out": None, "complained": 0.003, "handed_over": 0.2},
    "effect": {"base": 0.031, "change": 0.01},
    "reply": {"intent": "recommend_offer", "entities": {"product": "tea"}},
}
WINNER = {"share": 0.25, "by": "converted", "decide_after": "6h", "otherwise": "b"}
CONDITIONS = [
    {"event": "link_click", "happened": True},
    {"event": "order.placed", "happened": False},
    {"event": "ticket.opened", "happened": False},
]
AFTER = {
    "kind": "after_event",
    "event": "order.placed",
    "delay": "7d",
    "first": True,
    "conditions": CONDITIONS,
    "until": "2026-05-01T08:00:30+00:00",
}
PLANS: list[dict[str, Any]] = [
    {"schedule": {"kind": "once", "at": "2026-03-03T01:00:30+00:00"}},
    {"schedule": {"kind": "once", "at": "2026-03-03T01:00:00+00:00"}, **EXTRAS},
    # The second of two hours that read alike.
    {
        "schedule": {"kind": "once", "at": "2026-10-25T01:30:00+00:00"},
        "default_zone": "Europe/Berlin",
    },
    {
        "schedule": {
            "kind": "local",
            "day": "2026-03-03",
            "clock": "09:05",
            "default_zone": "Asia/Tokyo",
        },
        "default_zone": "Asia/Tokyo",
        "winner": WINNER,
        "quiet": None,
        "budget": None,
    },
    *(
        {"schedule": {"kind": "recurring", "cron": cron, "zone": "Europe/Berlin"}}
        for cron in (
            "5 9 * * *",
            "0 18 * * 1-5",
            "30 7 * * 0",
            "0 9 15 * *",
            "0 9 L * *",
            "0 9 * * mon,wed",
            "15 6 1 1 *",
        )
    ),
    {
        "schedule": {"kind": "once", "at": "2026-03-03T01:00:00+00:00"},
        "rank": {"by": "uplift", "top": 500},
    },
    {
        "schedule": {"kind": "once", "at": "2026-03-03T01:00:00+00:00"},
        "rank": {"by": "value", "threshold": {"cost": 0.05, "benefit": 12.5}},
    },
    {"schedule": AFTER},
    {
        "schedule": {
            "kind": "sequence",
            "start": AFTER,
            "steps": [{"wait": "0d"}, {"wait": "2d"}],
        },
        "then": [{"contents": {"en": {"text": "2"}, "zh": {"text": "二"}}, "default": "en"}],
    },
    {
        "schedule": {
            "kind": "sequence",
            "start": AFTER,
            "steps": [
                {"wait": "0d"},
                {"wait": "36h", "conditions": CONDITIONS, "otherwise": "skip"},
            ],
        },
        "then": [{"contents": {"en": {"text": "Second"}}}],
    },
]


def whole(given: dict[str, Any]) -> Plan:
    """Return a plan with two variants."""
    then = given.get("then", [])
    second = {"contents": {"zh": {"text": "茶。"}}, "default": "zh"}
    return plan.read(
        {
            "segment_id": 7,
            "channels": ["telegram", "email"],
            "variants": [
                {"name": "a", "template": TEA, "then": then},
                {"name": "b", "weight": 2.5, "template": second, "then": then},
            ],
            **{name: value for name, value in given.items() if name != "then"},
        }
    )


@pytest.mark.parametrize("given", PLANS)
def test_a_plan_comes_back_from_its_form_as_it_was(given: dict[str, Any]) -> None:
    before = whole(given)
    found = read(fields.of(before), before)
    assert found.wrong == {}
    assert found.plan == before


def test_what_the_form_does_not_ask_for_stays() -> None:
    asked = {
        name.partition(".")[0] for name in {**fields.new(), **fields.of(whole(PLANS[-1]))}
    } | {"winner", "rank"}
    of_form = {
        "channels": "channel",
        "variants": "v1",
        "schedule": "when",
        "default_zone": "zone",
    }
    for name in Plan.model_fields:
        assert of_form.get(name, name) in asked, f"the form does not ask for {name}: keep it"


def test_a_moment_is_read_on_the_clock_of_its_zone() -> None:
    form = {**fields.of(whole(PLANS[0])), "once.at": "2026-07-01T09:00", "zone": "Europe/Berlin"}
    found = read(form).plan
    assert found is not None
    assert getattr(found.schedule, "at", None) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_a_variant_more_says_the_same_under_another_name_and_goes_again() -> None:
    form = fields.of(whole(PLANS[0]))
    more = moves.with_variant(form, 10)
    assert more["v3.name"] == "c"
    assert more["v3.zh.text"] == more["v2.zh.text"]
    assert moves.without(more, "v3", 20) == form
    fewer = moves.without(form, "v1", 20)
    assert fewer["v1.name"] == "b"
    assert moves.without(fewer, "v1", 20) == fewer


def test_a_step_takes_its_messages_along() -> None:
    form = fields.of(whole(PLANS[-1]))
    first_gone = moves.without(form, "s1", 20)
    assert first_gone["v1.en.text"] == first_gone["v2.en.text"] == "Second"
    assert "v1.zh.text" not in first_gone
    assert first_gone["s1.wait"] == "36"
    assert not [name for name in first_gone if name.startswith(("s2.", "v1.t2."))]
    last_gone = moves.without(form, "s2", 20)
    assert last_gone["v1.zh.text"] == "{name|您好}，茶。"
    assert not [name for name in last_gone if name.startswith(("s2.", "v1.t2."))]
    assert (form["v1.default"], last_gone["v1.default"]) == ("zh", "zh")
    assert (form["v1.t2.default"], first_gone["v1.default"]) == ("en", "en")


@pytest.mark.parametrize("place", ["", "v", "s0", "s9", "x1", "v¹"])
def test_what_is_not_there_cannot_be_taken_away(place: str) -> None:
    form = fields.of(whole(PLANS[-1]))
    assert moves.without(form, place, 20) == form


def test_every_choice_of_the_form_has_words() -> None:
    wanted = {
        "stops": fields.STOPS,
        "often": fields.OFTEN,
        "when": fields.WHEN,
        "unit": ("s", *fields.UNITS),
        "purpose": fields.PURPOSES,
        "by": tuple(Success),
        "rank": tuple(By),
        "otherwise": tuple(Otherwise),
        "effect": tuple(Effect.model_fields),
        "caution": tuple(Doubt),
        "severity": tuple(Severity),
    }
    keys = {f"compose.{kind}.{name}" for kind, names in wanted.items() for name in names}
    assert keys - WORDS.keys() == set()
    for file, pattern in ((trial, r'NotTestedError\(\s*"(\w+)"'), *((one, _NO) for one in _READ)):
        kind = "untested" if file is trial else "wrong"
        found = re.findall(pattern, inspect.getsource(file))
        assert found
        assert {f"compose.{kind}.{word}" for word in found} - WORDS.keys() == set()


_NO = r'\.no\([^()]*(?:\([^()]*\))?[^()]*"(\w+)"\)'
_READ = (campaigns_compose_form, campaigns_compose_said, campaigns_compose_when)
