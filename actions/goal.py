"""Starting, switching and stopping: which form a wish needs and what becomes of the one before."""

from rasa_sdk.events import EventType, SlotSet

from actions.act import Act
from actions.again import again
from actions.forms.catalogue import FEEDBACK, FORM_OF, FORMS
from actions.forms.form import Form
from actions.heard import Heard
from actions.memory import CONFIRMED, asked, cleared, left
from actions.reading import values
from actions.speaker import Speaker
from actions.which import leaves_open, which_order

_CARRIED = ("topic",)
"""What a button may bring along for the ticket it opens."""


class SetGoal(Act):
    """Remembers the wish; leaves another form so that it can be taken up again."""

    NAME = "action_set_goal"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Prepare the form that the rule starts next."""
        form = FORM_OF[heard.intent]
        paused = heard.slots.get("paused_form")
        resumed = (
            paused is not None and paused["form"] == form.name and heard.active_form != form.name
        )
        events = [
            *left(heard),
            *([] if resumed or heard.active_form == form.name else cleared(form)),
            SlotSet("goal", heard.intent),
            SlotSet("outcome", CONFIRMED if _confirms(heard) else None),
            SlotSet("tries", 0),
            *(SlotSet(name, heard.value(name)) for name in _CARRIED),
            SlotSet("paused_form", None if resumed else _paused(heard, form) or paused),
        ]
        order = await which_order(self.services.commerce, heard)
        if order is not None or leaves_open(heard):
            events.append(SlotSet("order_number", order))
        return events


class StopForm(Act):
    """Drops whatever is going on."""

    NAME = "action_stop_form"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Say so and forget the answers; where yes or no was asked, "never mind" is a no."""
        if heard.active_form is None and asked(heard):
            return [SlotSet("pending", heard.slots["pending"]), *again("/deny")]
        active = FORMS.get(heard.active_form or "")
        speaker.say("utter_stopped" if active else "utter_nothing_to_stop")
        forgotten = cleared(active) if active else []
        return [
            *left(heard),
            *forgotten,
            SlotSet("pending", None),
            SlotSet("paused_form", None),
            SlotSet("outcome", None),
        ]


def _confirms(heard: Heard) -> bool:
    """Say whether a wish repeated at "shall I?" is a yes: "yes cancel it"."""
    pending = asked(heard)
    if pending is None or pending["kind"] != heard.intent or heard.is_button:
        return False
    number = values.order_number(heard)
    return number is None or number == pending.get("order")


def _paused(heard: Heard, form: Form) -> dict[str, str] | None:
    active = FORMS.get(heard.active_form or "")
    if active is None or active in (form, FEEDBACK):
        return None
    intent = active.resume or heard.slots.get("goal")
    return {"form": active.name, "intent": str(intent)}
