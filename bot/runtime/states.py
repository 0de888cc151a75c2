"""Remembers the states that a conversation went through, for the policies.

Rasa plays the whole conversation again for each prediction of each policy, several times a turn. Here only what is new
since the last look is played, from the last step that both looks have in common: events can be taken back, and a form
takes back the messages that it used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import is_
from typing import Any

from rasa.shared.core.constants import PREVIOUS_ACTION
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.runtime.trackers import quick

# A step taken back is seldom older than this many actions; if it is, the conversation is played from its start.
MARKS = 8
# Events that take nothing back and let nothing else take something back.
HARMLESS = frozenset({UserUttered, BotUttered, SlotSet, DefinePrevUserUtteredFeaturization})


@dataclass(frozen=True)
class Step:
    """What the policies see before an action, and what decides whether those that learn see it."""

    state: State
    is_rules_own: bool
    is_led: bool
    """Whether a loop or a follow-up action leads here: then it is hidden if the step before was."""


@dataclass
class Past:
    """What was played so far, the steps before each of its actions, and the tracker as it was at the last of them."""

    shadow: DialogueStateTracker
    heard: list[Event] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    present: Step | None = None
    marks: deque[tuple[int, int, DialogueStateTracker]] = field(
        default_factory=lambda: deque(maxlen=MARKS)
    )

    def goes_on(self, heard: list[Event]) -> bool:
        """Whether nothing but events that take nothing back came after what was heard before."""
        return (
            len(heard) >= len(self.heard)
            and all(map(is_, heard, self.heard))
            and all(
                type(event) in HARMLESS
                or (type(event) is ActionExecuted and event.action_name not in self._loops())
                for event in heard[len(self.heard) :]
            )
        )

    def go_back_to(self, length: int) -> bool:
        """Takes back what was played after the first `length` events; False if that is too far back."""
        while self.marks and self.marks[-1][0] > length:
            self.marks.pop()
        if not self.marks:
            return False
        played, steps, shadow = self.marks[-1]
        del self.events[played:]
        del self.steps[steps:]
        self.shadow, self.present = _frozen(shadow), None
        return True

    def play(self, events: Iterable[Event], domain: Domain) -> None:
        """Goes on with these events."""
        for event in events:
            if isinstance(event, ActionExecuted):
                mark = (len(self.events), len(self.steps), _frozen(self.shadow))
                self.marks.append(mark)
                self.steps.append(_step(self.shadow, domain, event.hide_rule_turn))
            event.apply_to(self.shadow)
            self.events.append(event)
            self.present = None

    def all_steps(self, domain: Domain) -> list[Step]:
        """The steps before each action, and the one before the next."""
        if self.present is None:
            self.present = _step(self.shadow, domain, False)
        return [*self.steps, self.present]

    def _loops(self) -> set[str | None]:
        return {event.name for event in self.heard if isinstance(event, ActiveLoop)}


def _step(tracker: DialogueStateTracker, domain: Domain, is_rules_own: bool) -> Step:
    is_led = tracker.followup_action or tracker.latest_action_name == tracker.active_loop_name
    return Step(domain.get_active_state(tracker), is_rules_own, bool(is_led))


def _frozen(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """A twin that applying further events to the first one leaves as it is; events themselves are not needed."""
    twin: DialogueStateTracker = quick(tracker)
    twin.slots = {name: quick(slot) for name, slot in tracker.slots.items()}
    twin.active_loop = quick(tracker.active_loop) if tracker.active_loop else None
    return twin


def _in_common(one: list[Event], other: list[Event]) -> int:
    length = min(len(one), len(other))
    return next((i for i in range(length) if one[i] is not other[i]), length)


def _steps_of(tracker: DialogueStateTracker, domain: Domain) -> list[Step]:
    past: Past | None = tracker.__dict__.get("_past")
    heard = list(tracker.events)
    if past is not None and past.goes_on(heard):
        past.play(heard[len(past.heard) :], domain)
    else:
        events = tracker.applied_events()
        common = _in_common(past.events, events) if past is not None else 0
        if past is None or (common < len(past.events) and not past.go_back_to(common)):
            past = tracker.__dict__["_past"] = Past(tracker.init_copy())
        past.play(events[len(past.events) :], domain)
    past.heard = heard
    return past.all_steps(domain)


def _open(state: State) -> State:
    return {kind: dict(sub_state) for kind, sub_state in state.items()}


def states_of(tracker: DialogueStateTracker, domain: Domain) -> list[State]:
    """The states before each action and the present one; the caller may change them."""
    return [_open(step.state) for step in _steps_of(tracker, domain)]


def learnt_states_of(
    tracker: DialogueStateTracker, domain: Domain, rule_only_data: dict[str, Any] | None
) -> list[State]:
    """The same for policies that learn: without the steps, slots and loops that only rules have."""
    states: list[State] = []
    before: dict[str, Any] | None = None
    is_hidden = False
    for step in _steps_of(tracker, domain):
        if not is_hidden:
            before = step.state.get(PREVIOUS_ACTION)
        if not step.is_led:
            is_hidden = step.is_rules_own
        if is_hidden:
            continue
        state = _open(step.state)
        Domain._remove_rule_only_features(state, rule_only_data)
        if states:
            Domain._substitute_rule_only_user_input(state, states[-1])
        if before:
            state[PREVIOUS_ACTION] = dict(before)
        states.append(Domain._clean_state(state))
    return states


_as_shipped = Domain.states_for_tracker_history


def _states(
    domain: Domain,
    tracker: DialogueStateTracker,
    omit_unset_slots: bool = False,
    ignore_rule_only_turns: bool = False,
    rule_only_data: dict[str, Any] | None = None,
) -> list[State]:
    if omit_unset_slots:
        return _as_shipped(
            domain, tracker, omit_unset_slots, ignore_rule_only_turns, rule_only_data
        )
    if ignore_rule_only_turns:
        return learnt_states_of(tracker, domain, rule_only_data)
    return states_of(tracker, domain)


def install() -> None:
    """Replaces `Domain.states_for_tracker_history`."""
    Domain.states_for_tracker_history = _states
