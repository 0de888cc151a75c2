"""Which rules act on an event. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk.automation.conditions import holds
from desk.automation.fields import Facts
from desk.automation.model import Rule

DEEPEST = 5
"""So many rules, each set off by the one before, and no more."""


@dataclass(frozen=True)
class Match:
    """A rule that fits; with a reason it is held back, and what is written down is that."""

    rule: Rule
    held: str | None = None


def matches(
    rules: Iterable[Rule], event: str, facts: Facts, chain: Sequence[int], now: datetime
) -> Iterator[Match]:
    """Return the rules that an event sets off, in order, up to the first that stops the others.

    ``chain`` are the rules whose deeds led to the event: none of them acts again on what it has caused itself.
    """
    for rule in rules:
        if not rule.enabled or event not in rule.events or not holds(rule.condition, facts, now):
            continue
        held = hold_back(rule, chain)
        yield Match(rule, held)
        if rule.stop and held is None:
            return


def hold_back(rule: Rule, chain: Sequence[int]) -> str | None:
    """Return why a rule must not act on what other rules have caused."""
    if rule.id in chain:
        return "loop: the rule itself led to this event"
    if len(chain) >= DEEPEST:
        return f"loop: {DEEPEST} rules have set each other off already"
    return None
