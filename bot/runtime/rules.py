"""Finds the rules that fit a conversation without looking at every step of it for every rule.

Rasa goes through the whole conversation with all rules; most have dropped out after the latest state, and the longest
one says where to stop. The check of one state, which is Rasa's, is kept.
"""

from __future__ import annotations

from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION
from rasa.shared.core.domain import State

Rule = tuple  # (key, its states, the latest first)


def _rules(policy: RulePolicy, lookup: dict[str, str]) -> list[Rule]:
    kept: dict[int, tuple[dict[str, str], list[Rule]]] = policy.__dict__.setdefault("_rules", {})
    # The lookup is kept too, so that its id cannot be another's.
    if id(lookup) not in kept or len(kept[id(lookup)][1]) != len(lookup):
        states = [(key, RulePolicy._rule_key_to_state(key)[::-1]) for key in lookup]
        kept[id(lookup)] = (lookup, states)
    return kept[id(lookup)][1]


def _fits(rule_state: State, state: State) -> bool:
    starts, was_started = not rule_state.get(PREVIOUS_ACTION), not state.get(PREVIOUS_ACTION)
    if starts or was_started:
        return starts and was_started
    return RulePolicy._does_rule_match_state(rule_state, state)


def _possible_keys(policy: RulePolicy, lookup: dict[str, str], states: list[State]) -> set[Any]:
    possible = _rules(policy, lookup)
    for back, state in enumerate(reversed(states)):
        if not possible or all(back >= len(rule) for _, rule in possible):
            break
        possible = [
            (key, rule) for key, rule in possible if back >= len(rule) or _fits(rule[back], state)
        ]
    return {key for key, _ in possible}


def install() -> None:
    """Replaces `RulePolicy._get_possible_keys`."""
    RulePolicy._get_possible_keys = _possible_keys
