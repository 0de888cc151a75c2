"""What a message means because of what went before it, whatever the classifier makes of the words."""

from rasa_sdk.events import EventType, SlotSet

from actions.again import again, payload, taken_as
from actions.forms.catalogue import FORM_OF
from actions.heard import Heard
from actions.memory import asked
from actions.reading import product, rating, shape, values
from actions.services import Services

_SAYS_LITTLE = frozenset({"inform", "affirm", "deny", "nlu_fallback", "out_of_scope"})
"""Intents of "the teapot arrived broken" where no form asks what happened."""
_CANNOT_BE_UNDONE = frozenset({"cancel_order", "delete_account"})
_NUMBERS = ("order_number", "invoice_number")


async def meaning(services: Services, heard: Heard) -> list[EventType] | None:
    """Return the events that go on with it; None leaves the message to its intent."""
    if heard.is_button or heard.done_now:
        return None
    if heard.active_form is None:
        score = rating.rating(heard.text)
        if score is not None and await _is_asked_for_score(services, heard):
            return again(payload("give_feedback", _with_comment(score, heard.text)))
        if _refuses(heard):
            # Set again, or the question would seem to be one that the talk has moved on from.
            return [SlotSet("pending", heard.slots["pending"]), *again(payload("deny"))]
        if _corrects(heard):
            # "no, I meant 10042" is no refusal; the action for bits of information takes it up.
            found = {name: value for name in _NUMBERS if (value := heard.value(name))}
            return again(payload("inform", found))
        if heard.intent in _SAYS_LITTLE and shape.tells_damage(heard.text):
            return taken_as("complaint", heard)
    if heard.intent != "place_order" and await _asks_for_product(services, heard):
        return again(payload("place_order", {"product": heard.text}))
    return None


def _with_comment(score: int, text: str) -> dict[str, str]:
    said = rating.comment(text)
    return {"score": str(score), **({"comment": said} if said else {})}


async def _is_asked_for_score(services: Services, heard: Heard) -> bool:
    pending = asked(heard)
    if pending is not None:
        return bool(pending["kind"] == "score")
    # An agent who closes a conversation asks through the desk, and no slot knows of it.
    return await services.feedback.awaits_score(
        conversation_id=heard.conversation_id, since=heard.before_at
    )


def _refuses(heard: Heard) -> bool:
    """Say whether "nope, keep it" was taken for the yes, or for the wish itself, that cannot be undone."""
    pending = asked(heard)
    if pending is None or pending["kind"] not in _CANNOT_BE_UNDONE or _corrects(heard):
        return False
    return heard.intent in ("affirm", pending["kind"]) and shape.refuses(heard.text)


def _corrects(heard: Heard) -> bool:
    if heard.intent in FORM_OF or heard.intent == "inform" or not values.order_number(heard):
        return False
    return values.only_corrects(heard)


async def _asks_for_product(services: Services, heard: Heard) -> bool:
    pending = asked(heard)
    named = pending is not None and pending["kind"] == "product"
    if not product.may_ask(heard.text) and (not named or product.is_about_order(heard.text)):
        return False
    found = await services.commerce.products(words=heard.text)
    return bool(found.products or heard.values("product")) or product.asks_which(heard.text)
