"""What the conversation remembers between turns: what was asked last, and what was left unfinished."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from actions.again import payload
from actions.forms.catalogue import CONTEXT, FORMS
from actions.forms.form import Form
from actions.heard import Heard
from actions.speaker import Speaker
from actions.titles import title

CONFIRMED = "confirmed"
"""The outcome of a form for a wish that was asked about just before, and said again."""
_ANSWERS_ALLOWED = 2
"""Plain answers after which a "yes" still means the question before them."""


def ask(kind: str, **details: str) -> EventType:
    """Remember a question, and in ``yes`` and ``no`` what these would do."""
    return SlotSet("pending", {"kind": kind, **details})


def asked(heard: Heard) -> Mapping[str, Any] | None:
    """Return the question that "yes" answers now; None when the talk has moved on."""
    pending = heard.slots.get("pending")
    since = heard.done_since_pending
    if not pending or len(since) > _ANSWERS_ALLOWED or set(since) - {"action_answer"}:
        return None
    found: Mapping[str, Any] = pending
    return found


def cleared(form: Form) -> list[EventType]:
    """Return the events that empty a form's own slots."""
    return [SlotSet(slot, None) for slot in form.slots if slot not in CONTEXT]


def left(heard: Heard) -> list[EventType]:
    """Return the events that end the active form, if there is one."""
    if heard.active_form is None:
        return []
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def offer_paused(speaker: Speaker, heard: Heard) -> list[EventType]:
    """Offer to go on with what another wish interrupted."""
    paused = heard.slots.get("paused_form")
    if not paused:
        return []
    intent = str(paused["intent"])
    speaker.say("utter_offer_continue", what=title(intent, heard.language))
    return [ask("go", yes=payload(intent), drop="paused")]


def dropped(heard: Heard) -> list[EventType]:
    """Return the events that forget what was left unfinished."""
    paused = heard.slots.get("paused_form")
    if not paused:
        return []
    return [SlotSet("paused_form", None), *cleared(FORMS[paused["form"]])]
