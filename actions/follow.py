"""Following up: a number or "the other one", said when no form asked for it."""

from rasa_sdk.events import EventType, SlotSet

from actions.again import again, payload
from actions.forms.catalogue import ORDER_GOALS
from actions.heard import Heard
from actions.reading import values
from actions.reading.wish import wish_beside
from actions.speaker import Buttons, Speaker
from actions.titles import title
from actions.which import refers, which_order
from desk.commerce.service import Commerce

_FOLLOWS = ORDER_GOALS | {"get_refund", "change_shipping_address"}
"""Goals that can be asked again for another order."""
_OFFERED = ("track_order", "check_invoice", "cancel_order", "get_refund")


async def follow(commerce: Commerce, speaker: Speaker, heard: Heard) -> list[EventType] | None:
    """Go on with what the message points at; None when it points at nothing."""
    if ticket := heard.value("ticket_number"):
        return again(payload("ticket_status", {"ticket_number": ticket}))
    number = values.order_number(heard)
    carried = _carried(heard, number)
    if carried and (wish := wish_beside(heard)):
        return again(payload(wish, carried))
    number = number or await which_order(commerce, heard)
    goal = heard.slots.get("goal")
    if number and goal in _FOLLOWS:
        return again(payload(str(goal), carried | {"order_number": number}))
    if number:
        speaker.say("utter_what_about_order", order=number, buttons=_wishes(number, heard))
        return [SlotSet("order_number", number)]
    if goal in _FOLLOWS and refers(heard):
        # Nobody knows which one: the form offers what there is.
        return [SlotSet("order_number", None), *again(payload(str(goal)))]
    return None


def _carried(heard: Heard, number: str | None) -> dict[str, str]:
    found = {name: value for name in ("email", "phone") if (value := heard.value(name))}
    address = values.address_inside(heard.text)
    return {
        **({"order_number": number} if number else {}),
        **found,
        **({"address": address} if address else {}),
    }


def _wishes(number: str, heard: Heard) -> Buttons:
    return [
        {
            "title": title(intent, heard.language),
            "payload": payload(intent, {"order_number": number}),
        }
        for intent in _OFFERED
    ]
