"""What is odd about rules: they contradict each other, go in circles, or name somebody who is not there. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import combinations

from desk.automation.actions import (
    Action,
    AddTags,
    Assign,
    Crm,
    Mail,
    NoteDown,
    RemoveTags,
    Set,
    SetField,
    Task,
    Webhook,
)
from desk.automation.conditions import All, Condition, Question, holds, questions
from desk.automation.fields import Operator
from desk.automation.model import Rule
from desk.automation.staff import Names

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Oddity(StrEnum):
    """What kind of thing is odd."""

    #: Two rules want different things of the same event; the later one wins.
    CONTRADICTION = "contradiction"
    LOOP = "loop"
    NO_AGENT = "no_agent"
    NO_TEAM = "no_team"
    NO_WEBHOOK = "no_webhook"
    NO_MAIL = "no_mail"
    OFF = "off"


_WORDS = {
    Oddity.CONTRADICTION: "{rule} and {other} both decide {what} of one event; {other} comes later and wins",
    Oddity.LOOP: "these rules can set each other off: {path}; each acts once, then it is held back",
    Oddity.NO_AGENT: "{rule} names the agent {what}, who is not there",
    Oddity.NO_TEAM: "{rule} names the team {what}, which is not there",
    Oddity.NO_WEBHOOK: "{rule} names a webhook that is not there: {what}",
    Oddity.NO_MAIL: "{rule} sends an e-mail, but no mail channel is set up",
    Oddity.OFF: "{rule} was switched off: {what}",
}


@dataclass(frozen=True)
class Finding:
    """Something odd, with what its words need; ``rules`` are those it is about."""

    oddity: Oddity
    rules: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What is odd, in words."""
        return _WORDS[self.oddity].format(**self.values)


def check(rules: Sequence[Rule], names: Names) -> list[Finding]:
    """Return everything that is odd."""
    on = [rule for rule in rules if rule.enabled]
    return [*_switched_off(rules), *missing(on, names), *contradictions(on), *loops(on)]


def _switched_off(rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if rule.off_reason and not rule.enabled:
            values = {"rule": rule.name, "what": rule.off_reason}
            yield Finding(Oddity.OFF, (rule.name,), values)


def missing(rules: Iterable[Rule], names: Names) -> Iterator[Finding]:
    """Return whom rules name that is not there."""
    for rule in rules:
        for oddity, what in (*_in_actions(rule, names), *_in_conditions(rule, names)):
            yield Finding(oddity, (rule.name,), {"rule": rule.name, "what": what})


def _in_actions(rule: Rule, names: Names) -> Iterator[tuple[Oddity, str]]:
    for action in rule.actions:
        match action:
            case Assign(agent=who) | Task(assignee=who) if who and who not in names.agents:
                yield Oddity.NO_AGENT, who
            case Set(field=SetField.TEAM, value=team) if team and team not in names.teams:
                yield Oddity.NO_TEAM, team
            case Webhook(endpoint=endpoint) if endpoint not in names.webhooks:
                yield Oddity.NO_WEBHOOK, endpoint
            case Mail() if not names.has_mail:
                yield Oddity.NO_MAIL, ""


_PEOPLE = {
    "ticket.assignee": Oddity.NO_AGENT,
    "conversation.agent": Oddity.NO_AGENT,
    "ticket.team": Oddity.NO_TEAM,
    "conversation.team": Oddity.NO_TEAM,
}


def _in_conditions(rule: Rule, names: Names) -> Iterator[tuple[Oddity, str]]:
    for one in questions(rule.condition):
        oddity = _PEOPLE.get(one.field)
        if oddity is None or one.operator not in (Operator.IS, Operator.IN):
            continue
        known = names.agents if oddity is Oddity.NO_AGENT else names.teams
        for value in _values(one):
            if value not in known:
                yield oddity, str(value)


def contradictions(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Return pairs of rules that can act on one event and want different things."""
    for first, second in combinations(rules, 2):
        if first.stop or not _meet(first, second) or not _together(first, second):
            continue
        for what in sorted(_differences(first, second)):
            values = {"rule": first.name, "other": second.name, "what": what}
            yield Finding(Oddity.CONTRADICTION, (first.name, second.name), values)


def _meet(first: Rule, second: Rule) -> bool:
    if first.waited and second.waited:
        return (first.waited.field, first.waited.value) == (
            second.waited.field,
            second.waited.value,
        )
    return not set(first.events).isdisjoint(second.events)


def _together(first: Rule, second: Rule) -> bool:
    """Say whether both conditions can hold at once, as far as their plain questions tell."""
    allowed: dict[str, set[object]] = {}
    for one in (*_plain(first.condition), *_plain(second.condition)):
        if one.operator in (Operator.IS, Operator.IN):
            values = set(_values(one))
            allowed[one.field] = allowed.get(one.field, values) & values
    return all(allowed.values())


def _values(one: Question) -> tuple[object, ...]:
    return one.value if isinstance(one.value, tuple) else (one.value,)


def _plain(condition: Condition) -> Iterator[Question]:
    """Return the questions that must all be answered with yes."""
    if isinstance(condition, Question):
        yield condition
    elif isinstance(condition, All):
        for part in condition.parts:
            yield from _plain(part)


def _differences(first: Rule, second: Rule) -> set[str]:
    mine, other = _decided(first.actions), _decided(second.actions)
    return {what for what in mine.keys() & other.keys() if mine[what] != other[what]}


def _decided(actions: Iterable[Action]) -> dict[str, str]:
    """Return what actions decide: the name of a value, and the value."""
    found: dict[str, str] = {}
    for action in actions:
        match action:
            case Assign(agent=agent):
                found["assignee"] = agent
            case Set(field=name, value=value):
                found[str(name)] = value
            case AddTags(tags=tags):
                found |= {f"tag {tag}": "on" for tag in tags}
            case RemoveTags(tags=tags):
                found |= {f"tag {tag}": "off" for tag in tags}
            case Crm(field=name, value=value):
                found[f"contact {name}"] = value
    return found


def loops(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Return circles in which rules can set each other off, or themselves; each rule is in one of them at most."""
    follows = [[n for n, other in enumerate(rules) if _sets_off(one, other)] for one in rules]
    seen: set[int] = set()
    for start in range(len(rules)):
        if start in seen:
            continue
        path = _circle(follows, start)
        if path:
            seen.update(path)
            names = tuple(rules[n].name for n in path)
            yield Finding(Oddity.LOOP, names, {"path": " → ".join((*names, names[0]))})


def _circle(follows: list[list[int]], start: int) -> list[int]:
    """Return the shortest way from a rule back to itself."""
    ways, reached = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for following in follows[way[-1]]:
            if following == start:
                return way
            if following not in reached:
                reached.add(following)
                ways.append([*way, following])
    return []


def _sets_off(one: Rule, other: Rule) -> bool:
    return any(
        event in other.events and _could_hold(other.condition, facts)
        for action in one.actions
        for event, facts in _effects(action)
    )


def _could_hold(condition: Condition, facts: Mapping[str, str | None]) -> bool:
    """Say whether a condition could hold when this much is known."""
    return all(holds(one, facts, _ANY_TIME) for one in _plain(condition) if one.field in facts)


def _effects(action: Action) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Return the events that an action leads to, with what they say."""
    match action:
        case Assign(agent=agent):
            yield "ticket.assigned", {"ticket.assignee": agent or None, "event.new": agent or None}
        case Set(field=name, value=value):
            facts = {f"ticket.{name}": value or None, "event.new": value or None}
            yield f"ticket.{name}_changed", facts
            if name is SetField.STATUS and value not in ("resolved", "closed"):
                yield "ticket.reopened", facts
        case AddTags() | RemoveTags():
            yield "ticket.tagged", {}
        case NoteDown():
            yield "ticket.commented", {"event.author": "system"}
