"""Yes, no, bits of information, and messages that were not understood."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.act import Act
from actions.again import again, payload
from actions.follow import follow
from actions.forms.catalogue import FORM_OF
from actions.heard import Heard
from actions.memory import ask, asked, dropped, offer_paused
from actions.reading import shape, values
from actions.speaker import Buttons, Speaker
from actions.titles import TITLES, ticket_title, title

_GUESSES = 3
_WORTH_GUESSING = 0.06
"""Below this share the classifier knows nothing; with some forty wishes chance alone gives 0.02."""
_CARRIED = ("order_number", "invoice_number", "ticket_number")


class Affirm(Act):
    """Yes, to whatever was asked last."""

    NAME = "action_affirm"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Do what was asked about."""
        pending = asked(heard)
        if pending is None or _is_no_answer(pending, heard):
            speaker.say("utter_yes_to_nothing")
            return []
        done: list[EventType] = [SlotSet("pending", None)]
        if pending.get("yes"):
            return [*done, *again(str(pending["yes"]))]
        if pending["kind"] == "score":
            # "ok" is no score: ask for one, with buttons.
            return [*done, *again(payload("give_feedback"))]
        if pending["kind"] == "cancel_order":
            await self._cancel(speaker, heard, str(pending["order"]))
        elif pending["kind"] == "delete_account":
            await self._delete(speaker, heard)
        else:
            speaker.say("utter_yes_to_nothing")
        return [*done, *offer_paused(speaker, heard)]

    async def _cancel(self, speaker: Speaker, heard: Heard, order: str) -> None:
        ticket = await self.services.tickets.open(
            key=heard.key(self.NAME),
            conversation_id=heard.conversation_id,
            topic="cancellation",
            title=ticket_title("cancel_order", heard.language, order),
            description="The customer confirmed the cancellation.",
            priority="high",
            order_number=order,
        )
        speaker.say("utter_cancel_asked", order=order, ticket=ticket.number)

    async def _delete(self, speaker: Speaker, heard: Heard) -> None:
        ticket = await self.services.tickets.open(
            key=heard.key(self.NAME),
            conversation_id=heard.conversation_id,
            topic="account",
            title=ticket_title("delete_account", heard.language),
            description="The customer confirmed that the account should be deleted.",
        )
        speaker.say("utter_delete_asked", ticket=ticket.number)


def _is_no_answer(pending: Mapping[str, Any], heard: Heard) -> bool:
    """Say whether "ok" only takes note of the news that ended with "is anything damaged?"."""
    if pending["kind"] != "damage":
        return False
    return bool(heard.done_since_pending) or not shape.is_plain_yes(heard.text)


class Deny(Act):
    """No, to whatever was asked last."""

    NAME = "action_deny"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Leave it."""
        pending = asked(heard)
        if pending is None:
            speaker.say("utter_no_to_nothing")
            return []
        done: list[EventType] = [SlotSet("pending", None)]
        if pending["kind"] == "or_ticket" and shape.is_still_wrong(heard.text):
            return [*done, *again(str(pending["yes"]))]
        if pending.get("no"):
            return [*done, *again(str(pending["no"]))]
        if pending.get("drop"):
            speaker.say("utter_dropped")
            return [*done, *dropped(heard)]
        speaker.say(_NO[str(pending["kind"])])
        return [*done, *offer_paused(speaker, heard)]


_NO = {
    "cancel_order": "utter_not_cancelled",
    "delete_account": "utter_not_deleted",
    "rephrase": "utter_please_rephrase",
    "score": "utter_no_score",
    "go": "utter_no_to_nothing",
    "damage": "utter_no_to_nothing",
    "or_ticket": "utter_no_to_nothing",
    "product": "utter_no_to_nothing",
}


class Inform(Act):
    """A number or a pointer that no form asked for: the last question, about another order."""

    NAME = "action_inform"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Ask the last question again for it."""
        followed = await follow(self.services.commerce, speaker, heard)
        if followed is not None:
            return followed
        proof = values.contact(heard)
        conversation = heard.conversation_id
        if proof and await self.services.commerce.locked(conversation_id=conversation):
            return again(payload("track_order"))
        speaker.say("utter_what_for")
        return [SlotSet("contact_proof", proof)] if proof else []


class Fallback(Act):
    """Not understood: first a guess, at the second time in a row a person or a ticket."""

    NAME = "action_fallback"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Ask what was meant, or offer a way out."""
        if values.only_corrects(heard) or heard.value("ticket_number"):
            followed = await follow(self.services.commerce, speaker, heard)
            if followed is not None:
                return followed
        if shape.is_language_wish(heard.text):
            speaker.say("utter_language")
            return []
        if self.NAME in heard.said_before:
            speaker.say("utter_offer_human")
            return [ask("go", yes="/contact_human_agent")]
        guesses = [
            intent
            for intent, share in heard.ranking
            if intent in TITLES and share >= _WORTH_GUESSING
        ][:_GUESSES]
        if not guesses:
            speaker.say("utter_not_understood")
            return [ask("go", yes="/help")]
        buttons = [
            {"title": title(intent, heard.language), "payload": _guess(intent, heard)}
            for intent in guesses
        ]
        speaker.say("utter_did_you_mean", buttons=[*buttons, *_something_else(heard)])
        return [ask("rephrase", yes=_guess(guesses[0], heard))]


def _guess(intent: str, heard: Heard) -> str:
    found = {name: value for name in _CARRIED if (value := heard.value(name)) is not None}
    return payload(intent, found if intent in FORM_OF or intent == "ticket_status" else None)


def _something_else(heard: Heard) -> Buttons:
    text = "都不是" if heard.language == "zh" else "Something else"
    return [{"title": text, "payload": "/deny"}]
