"""What is odd about rules: contradictions, circles, names of nobody."""

from typing import Any

from desk.automation.check import Finding, Oddity, check
from desk.automation.model import Rule, read
from desk.automation.staff import Names

NAMES = Names(agents=frozenset({"Mo"}), teams=frozenset({"refunds"}), webhooks={"w1": "ERP"})


def _rule(name: str, *then: dict[str, Any], when: Any = "ticket.opened", **more: Any) -> Rule:
    return read({"name": name, "when": when, "then": list(then), **more})


def _set(field: str, value: str) -> dict[str, Any]:
    return {"kind": "set", "field": field, "value": value}


def _topic(value: str) -> dict[str, Any]:
    return {"field": "ticket.topic", "is": value}


def _found(*rules: Rule) -> list[Oddity]:
    return [finding.oddity for finding in check(rules, NAMES)]


def test_two_rules_that_decide_one_thing_differently() -> None:
    low, high = _rule("low", _set("priority", "low")), _rule("high", _set("priority", "high"))
    (finding,) = check([low, high], NAMES)
    assert finding == Finding(
        Oddity.CONTRADICTION,
        ("low", "high"),
        {"rule": "low", "other": "high", "what": "priority"},
    )
    assert "high comes later and wins" in finding.text


def test_what_is_no_contradiction() -> None:
    low = _set("priority", "low")
    high = _set("priority", "high")
    assert _found(_rule("a", low), _rule("b", low)) == []
    assert _found(_rule("a", low), _rule("b", high, when="ticket.reopened")) == []
    assert _found(_rule("a", low, stop=True), _rule("b", high)) == []
    assert _found(_rule("a", low), _rule("b", high, enabled=False)) == []
    apart = (
        _rule("a", low, **{"if": _topic("refund")}),
        _rule("b", high, **{"if": {"all": [_topic("error")]}}),
    )
    assert _found(*apart) == []
    either = {"any": [_topic("error"), _topic("refund")]}
    assert _found(apart[0], _rule("b", high, **{"if": either})) == [Oddity.CONTRADICTION]


def test_a_tag_that_comes_and_goes() -> None:
    on = _rule("on", {"kind": "tag", "tags": ["gift"]})
    off = _rule("off", {"kind": "untag", "tags": ["gift"]})
    assert _found(on, off) == [Oddity.CONTRADICTION]


def test_circles() -> None:
    changed = "ticket.status_changed"
    opens = _rule("opens", _set("status", "open"), when=changed)
    rests = _rule("rests", _set("status", "pending"), when=changed)
    findings = [f for f in check([opens, rests], NAMES) if f.oddity is Oddity.LOOP]
    assert [f.rules for f in findings] == [("opens",), ("rests",)]
    # With conditions neither sets itself off, but each the other.
    opens = _rule(
        "opens",
        _set("status", "open"),
        when=changed,
        **{"if": {"field": "ticket.status", "is": "pending"}},
    )
    rests = _rule(
        "rests",
        _set("status", "pending"),
        when=changed,
        **{"if": {"field": "ticket.status", "is": "open"}},
    )
    (circle,) = check([opens, rests], NAMES)
    assert circle.rules == ("opens", "rests")
    assert "opens → rests → opens" in circle.text
    settled = _rule(
        "settles",
        _set("status", "closed"),
        when=changed,
        **{"if": {"field": "event.new", "is": "resolved"}},
    )
    assert _found(settled) == []


def test_a_circle_over_several_events() -> None:
    one = _rule("one", {"kind": "assign", "agent": "Mo"}, when="ticket.tagged")
    two = _rule("two", {"kind": "tag", "tags": ["x"]}, when="ticket.assigned")
    assert _found(one, two) == [Oddity.LOOP]


def test_names_of_nobody() -> None:
    gone = _rule(
        "gone",
        {"kind": "assign", "agent": "Zed"},
        _set("team", "night"),
        {"kind": "webhook", "endpoint": "w2"},
        {"kind": "email", "subject": "s", "text": "t"},
        {"kind": "task", "title": "t", "assignee": "Kit"},
        **{"if": {"field": "ticket.assignee", "in": "Mo, Yan"}},
    )
    found = {(f.oddity, f.values["what"]) for f in check([gone], NAMES)}
    assert found == {
        (Oddity.NO_AGENT, "Zed"),
        (Oddity.NO_TEAM, "night"),
        (Oddity.NO_WEBHOOK, "w2"),
        (Oddity.NO_MAIL, ""),
        (Oddity.NO_AGENT, "Kit"),
        (Oddity.NO_AGENT, "Yan"),
    }
    fine = _rule("fine", {"kind": "assign", "agent": "Mo"}, _set("team", "refunds"))
    assert _found(fine) == []
