"""Remembers the states that a conversation went through, for the policies.

Rasa plays the whole conversation again for each prediction, several times a turn. Here only what is new since the last
look is played, from the last step that both looks have in common: events can be taken back, and a form takes back the
messages that it used.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker

from bot.runtime.trackers import quick

# A step taken back is seldom older than this many actions; if it is, the conversation is played from its start.
MARKS = 8


@dataclass
class Past:
    """What was played so far, the states before each of its actions, and the tracker as it was at the last of them."""

    shadow: DialogueStateTracker
    events: list[Event] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    marks: deque[tuple[int, int, DialogueStateTracker]] = field(
        default_factory=lambda: deque(maxlen=MARKS)
    )

    def go_back_to(self, length: int) -> bool:
        """Takes back what was played after the first `length` events; False if that is too far back."""
        while self.marks and self.marks[-1][0] > length:
            self.marks.pop()
        if not self.marks:
            return False
        played, states, shadow = self.marks[-1]
        del self.events[played:]
        del self.states[states:]
        self.shadow = _frozen(shadow)
        return True

    def play(self, events: list[Event], domain: Domain) -> None:
        """Goes on with these events."""
        for event in events:
            if isinstance(event, ActionExecuted):
                mark = (len(self.events), len(self.states), _frozen(self.shadow))
                self.marks.append(mark)
                self.states.append(domain.get_active_state(self.shadow))
            event.apply_to(self.shadow)
            self.events.append(event)


def _frozen(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """A twin that applying further events to the first one leaves as it is; events themselves are not needed."""
    twin: DialogueStateTracker = quick(tracker)
    twin.slots = {name: quick(slot) for name, slot in tracker.slots.items()}
    twin.active_loop = quick(tracker.active_loop) if tracker.active_loop else None
    return twin


def _in_common(one: list[Event], other: list[Event]) -> int:
    length = min(len(one), len(other))
    return next((i for i in range(length) if one[i] is not other[i]), length)


def states_of(tracker: DialogueStateTracker, domain: Domain) -> list[State]:
    """The states before each action and the present one; the caller may change them."""
    events = tracker.applied_events()
    past: Past | None = tracker.__dict__.get("_past")
    if past is not None:
        common = _in_common(past.events, events)
        if common < len(past.events) and not past.go_back_to(common):
            past = None
    if past is None:
        past = tracker.__dict__["_past"] = Past(tracker.init_copy())
    past.play(events[len(past.events) :], domain)
    return [_open(state) for state in (*past.states, domain.get_active_state(past.shadow))]


def _open(state: State) -> State:
    return {kind: dict(sub_state) for kind, sub_state in state.items()}


_as_shipped = Domain.states_for_tracker_history


def _states(
    domain: Domain,
    tracker: DialogueStateTracker,
    omit_unset_slots: bool = False,
    ignore_rule_only_turns: bool = False,
    rule_only_data: dict[str, Any] | None = None,
) -> list[State]:
    if omit_unset_slots or ignore_rule_only_turns:
        return _as_shipped(
            domain, tracker, omit_unset_slots, ignore_rule_only_turns, rule_only_data
        )
    return states_of(tracker, domain)


def install() -> None:
    """Replaces `Domain.states_for_tracker_history`."""
    Domain.states_for_tracker_history = _states
