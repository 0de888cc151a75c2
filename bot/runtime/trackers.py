"""Copies a tracker without playing its whole conversation again.

Rasa copies the tracker before each action and each validation, by applying every event to a new one.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from rasa.core.actions.forms import FormAction
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, Restarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

# Written by `update` only when set, and a copy made by playing the events has neither.
_NOT_COPIED = {"model_id": None, "assistant_id": None, "sender_source": None}


def quick(thing: Any) -> Any:
    """A shallow copy of a plain object, as copy.copy makes it."""
    twin = object.__new__(type(thing))
    twin.__dict__.update(thing.__dict__)
    return twin


def copied(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """A twin with its own events and slots; events are shared, as they do not change."""
    twin: DialogueStateTracker = quick(tracker)
    twin.__dict__.pop("_past", None)
    twin.__dict__.update(_NOT_COPIED)
    twin.events = deque(tracker.events, tracker._max_event_history)
    twin.slots = type(tracker.slots)({name: quick(slot) for name, slot in tracker.slots.items()})
    twin.active_loop = quick(tracker.active_loop) if tracker.active_loop else None
    return twin


_as_shipped = FormAction._temporary_tracker


def _with_candidates(
    form: FormAction, tracker: DialogueStateTracker, events: list[Event], domain: Domain
) -> DialogueStateTracker:
    """The tracker as a form shows it to its validation: with the values that are not yet accepted."""
    if any(isinstance(event, Restarted) for event in tracker.events):
        return _as_shipped(form, tracker, events, domain)
    twin = copied(tracker)
    twin.update(SlotSet(REQUESTED_SLOT, form.get_slot_to_fill(tracker)))
    twin.update(ActionExecuted(form.name()))
    for event in events:
        twin.update(event)
    return twin


def install() -> None:
    """Replaces the two places that copy a tracker."""
    DialogueStateTracker.copy = copied
    FormAction._temporary_tracker = _with_candidates
