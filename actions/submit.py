"""Handing in a form: one ticket, one confirmation."""

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import EventType, SlotSet

from actions.act import Act
from actions.ending import ended_early
from actions.forms.catalogue import (
    ADDRESS,
    COMPLAINT,
    FEEDBACK,
    HERE,
    NOT_GIVEN,
    ON_FILE,
    REFUND,
    TICKET,
)
from actions.forms.form import Form
from actions.heard import Heard
from actions.memory import cleared, offer_paused
from actions.speaker import Speaker
from actions.titles import ticket_title
from actions.wording import mask_email
from desk.tickets.model import Ticket


class Submit(Act):
    """Ends a form: hands it in unless it ended early, forgets its answers, offers what was left."""

    FORM: ClassVar[Form]

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Hand it in."""
        if not ended_early(speaker, heard):
            await self.submit(speaker, heard)
        forgotten = [*cleared(self.FORM), SlotSet("outcome", None), SlotSet("topic", None)]
        return [*forgotten, *offer_paused(speaker, heard)]

    @abstractmethod
    async def submit(self, speaker: Speaker, heard: Heard) -> None:
        """Do what the form is for and say so."""

    async def open(
        self,
        heard: Heard,
        *,
        topic: str,
        title: str,
        description: str,
        order: str | None = None,
        priority: str = "normal",
        contact: str | None = None,
    ) -> Ticket:
        """Open the form's ticket, once for each message."""
        return await self.services.tickets.open(
            key=heard.key(self.NAME),
            conversation_id=heard.conversation_id,
            topic=topic,
            title=title,
            description=description,
            priority=priority,
            contact_detail=contact,
            order_number=order,
        )


class SubmitRefund(Submit):
    """Money back for an order."""

    NAME = "action_submit_refund"
    FORM = REFUND

    async def submit(self, speaker: Speaker, heard: Heard) -> None:
        """Ask for it, or say why not."""
        number = str(heard.slots.get("order_number"))
        ruling = heard.slots.get("outcome")
        if ruling is not None:
            days = self.services.policies.refund_window_days
            speaker.say(f"utter_refund_{ruling}", order=number, days=days)
            return
        ticket = await self.open(
            heard,
            topic="refund",
            title=ticket_title("get_refund", heard.language, number),
            description=_lines(heard, reason="Reason", wish="Wish"),
            order=number,
        )
        speaker.say("utter_refund_asked", order=number, ticket=ticket.number)


class SubmitComplaint(Submit):
    """A complaint; an order that the customer did not prove to be theirs is told as such."""

    NAME = "action_submit_complaint"
    FORM = COMPLAINT

    async def submit(self, speaker: Speaker, heard: Heard) -> None:
        """Pass it on."""
        given = heard.slots.get("about_order")
        proved = await self._proved(heard, str(given))
        kind = "complaint" if given == NOT_GIVEN else "complaint_about"
        about = "" if given == NOT_GIVEN or proved else _UNPROVED
        ticket = await self.open(
            heard,
            topic="complaint",
            title=ticket_title(kind, heard.language, str(given)),
            description=_lines(heard, reason="What happened", about_order="Order", wish="Wish")
            + about,
            order=proved,
            priority="high",
        )
        speaker.say("utter_complaint_taken", ticket=ticket.number)

    async def _proved(self, heard: Heard, number: str) -> str | None:
        commerce = self.services.commerce
        customer = await commerce.verified(conversation_id=heard.conversation_id)
        if customer is None:
            return None
        order = await commerce.order(customer_id=customer.id, number=number)
        return order.number if order else None


class SubmitAddress(Submit):
    """Another address for an order."""

    NAME = "action_submit_address"
    FORM = ADDRESS

    async def submit(self, speaker: Speaker, heard: Heard) -> None:
        """Pass it on while it can be done."""
        number = str(heard.slots.get("order_number"))
        ruling = heard.slots.get("outcome")
        if ruling is not None:
            speaker.say(f"utter_address_{ruling}", order=number)
            return
        address = str(heard.slots.get("address"))
        ticket = await self.open(
            heard,
            topic="address_change",
            title=ticket_title("change_shipping_address", heard.language, number),
            description=address,
            order=number,
            priority="high",
        )
        speaker.say("utter_address_asked", order=number, address=address, ticket=ticket.number)


class SubmitTicket(Submit):
    """A ticket in the customer's own words."""

    NAME = "action_submit_ticket"
    FORM = TICKET

    async def submit(self, speaker: Speaker, heard: Heard) -> None:
        """Open it."""
        contact, shown = await self._contact(heard)
        topic = heard.slots.get("topic")
        ticket = await self.open(
            heard,
            topic=str(topic or "question"),
            title=str(heard.slots.get("title")),
            description=str(heard.slots.get("description")),
            order=heard.slots.get("matched_order") if topic == "order_change" else None,
            priority=str(heard.slots.get("priority")),
            contact=contact,
        )
        response = "utter_ticket_opened" if contact is None else "utter_ticket_opened_contact"
        speaker.say(response, ticket=ticket.number, contact=shown)

    async def _contact(self, heard: Heard) -> tuple[str | None, str]:
        given = str(heard.slots.get("contact"))
        if given == HERE:
            return None, ""
        if given != ON_FILE:
            return given, given
        customer = await self.services.commerce.verified(conversation_id=heard.conversation_id)
        email = customer.email if customer else None
        return email, mask_email(email)


class SubmitFeedback(Submit):
    """The comment to a rating; the score is stored already."""

    NAME = "action_submit_feedback"
    FORM = FEEDBACK

    async def submit(self, speaker: Speaker, heard: Heard) -> None:
        """Keep the comment."""
        comment = heard.slots.get("comment")
        if comment and comment != NOT_GIVEN:
            await self.services.feedback.comment(
                conversation_id=heard.conversation_id,
                text=str(comment),
                key=heard.key(self.NAME),
            )
        speaker.say("utter_feedback_thanks")


_UNPROVED = "\nThe order number was given by the customer, not verified."


def _lines(heard: Heard, **labels: str) -> str:
    return "\n".join(f"{label}: {heard.slots.get(slot)}" for slot, label in labels.items())
