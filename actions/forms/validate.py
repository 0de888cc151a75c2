"""One action for all forms: read the message, check what it gave, ask for what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

from actions.act import Act
from actions.forms.fill import Filled, Outcome, fill, glean
from actions.forms.form import Form
from actions.heard import Heard, read, started_now
from actions.services import Services
from actions.speaker import Buttons, Speaker

REQUESTED = "requested_slot"


@dataclass(frozen=True, kw_only=True)
class Check:
    """What checking the slots came to: changed slots, how the form ends, or what to say and ask instead."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    done: frozenset[str] = frozenset()
    """Slots that need no answer any more."""
    outcome: str | None = None
    ask: str | None = None
    say: str | None = None
    buttons: Buttons | None = None


class ValidateForm(Act):
    """Fills a form. Rasa's form asks nothing itself, so that a turn needs a single call."""

    def __init__(self, services: Services, form: Form) -> None:
        super().__init__(services)
        self.form = form

    def name(self) -> str:
        """Return the name that Rasa's form calls."""
        return f"validate_{self.form.name}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Called by Rasa when the form starts, at each message, and after an interruption."""
        heard = read(tracker)
        if started_now(tracker, self.form.name):
            filled = Filled(values={**glean(self.form, heard)})
        elif [name for name in heard.done_now if name != self.form.name]:
            # Something else has answered this message: only ask again, in fewer words.
            filled = Filled(again=True)
        else:
            filled = await self.understand(heard)
        return await self.proceed(Speaker(dispatcher), heard, filled)

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Read the message as an answer."""
        return await self.proceed(
            speaker, heard, fill(self.form, heard.slots.get(REQUESTED), heard)
        )

    async def proceed(self, speaker: Speaker, heard: Heard, filled: Filled) -> list[EventType]:
        """Go on with what the message gave; an empty list makes Rasa reject the form."""
        if filled.outcome is Outcome.INTERRUPTED:
            return []
        if filled.outcome is Outcome.STOPPED:
            return [SlotSet("outcome", "stopped"), SlotSet(REQUESTED, None)]
        if filled.outcome is not Outcome.FILLED:
            return self._ask_better(speaker, heard, filled.outcome)
        slots = {**heard.slots, **filled.values}
        check = await self.check(heard, slots, filled.values)
        changed = {**filled.values, **check.slots, "tries": 0}
        if check.outcome is not None:
            changed["outcome"] = check.outcome
            return [*_set(changed), SlotSet(REQUESTED, None)]
        slot = check.ask or self._next({**slots, **check.slots}, check.done)
        if slot is not None:
            plain = f"utter_again_{slot}" if filled.again and slot in ASKED_SHORTER else None
            order = {**slots, **check.slots}.get("order_number")
            self._ask(speaker, slot, check, order, shorter=plain)
        return [*_set(changed), SlotSet(REQUESTED, slot)]

    async def understand(self, heard: Heard) -> Filled:
        """Read an answer."""
        return fill(self.form, heard.slots.get(REQUESTED), heard)

    async def check(
        self, heard: Heard, slots: Mapping[str, Any], fresh: Mapping[str, Any]
    ) -> Check:
        """Check the slots; ``fresh`` are those that this message filled."""
        return Check()

    def _next(self, slots: Mapping[str, Any], done: frozenset[str]) -> str | None:
        open_slots = (slot for slot in self.form.slots if slot not in done)
        return next((slot for slot in open_slots if slots.get(slot) is None), None)

    def _ask(
        self, speaker: Speaker, slot: str, check: Check, order: str | None, shorter: str | None
    ) -> None:
        special = f"utter_please_{self.form.name.removesuffix('_form')}_{slot}"
        plain = special if (self.form.name, slot) in SPECIAL_QUESTIONS else f"utter_please_{slot}"
        speaker.say(check.say or shorter or plain, buttons=check.buttons, order=order or "")

    def _ask_better(self, speaker: Speaker, heard: Heard, outcome: Outcome) -> list[EventType]:
        slot = heard.slots.get(REQUESTED)
        tries = int(heard.slots.get("tries") or 0) + 1
        speaker.say("utter_stuck" if tries > 2 else f"utter_{outcome}_{slot}")
        return [SlotSet("tries", tries), SlotSet(REQUESTED, slot)]


SPECIAL_QUESTIONS = frozenset(
    {("refund_form", "reason"), ("complaint_form", "reason"), ("complaint_form", "wish")}
)
"""Questions that one form words differently from the others."""

ASKED_SHORTER = frozenset({"order_number", "contact_proof"})
"""Questions with a shorter wording for the second time."""


def _set(values: Mapping[str, Any]) -> list[EventType]:
    return [SlotSet(slot, value) for slot, value in values.items()]
