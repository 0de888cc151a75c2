"""The forms whose answers are checked against the shop's data or stored at once."""

from collections.abc import Mapping
from typing import Any

from actions.again import payload
from actions.ending import with_ticket
from actions.forms.catalogue import ACCOUNT_GOALS
from actions.forms.fill import Filled, Outcome
from actions.forms.identify import Identity, Standing, identify
from actions.forms.rulings import address_ruling, refund_ruling
from actions.forms.validate import REQUESTED, Check, ValidateForm
from actions.heard import Heard
from actions.speaker import Buttons
from actions.titles import ticket_title, title
from actions.which import which_order
from actions.wording import goods, mask_email
from desk.commerce.model import Order

_TOPICS = frozenset({"account", "order_change"})
_PROVED = frozenset({"order_number", "contact_proof"})
_SPOKE_OF_ORDER = frozenset({"action_lookup", "action_submit_refund", "action_submit_address"})
_LOCKED = frozenset({Standing.LOCKED, Standing.STILL_LOCKED})


class ValidateOrderForm(ValidateForm):
    """A form about one order: first whose it is, then whether the wish can be met."""

    async def understand(self, heard: Heard) -> Filled:
        """Read an answer; "the second one" is one of the orders that were offered."""
        filled = await super().understand(heard)
        asked_for = heard.slots.get(REQUESTED)
        if filled.outcome is not Outcome.UNUSABLE or asked_for != "order_number":
            return filled
        number = await which_order(self.services.commerce, heard)
        return filled if number is None else Filled(values={"order_number": number})

    async def check(
        self, heard: Heard, slots: Mapping[str, Any], fresh: Mapping[str, Any]
    ) -> Check:
        """Identify the order; a wrong pair is asked for again, too many end the form."""
        needs_order = slots.get("goal") not in ACCOUNT_GOALS
        identity = await identify(
            self.services.commerce,
            conversation_id=heard.conversation_id,
            slots=slots,
            order=needs_order,
            key=heard.key(self.name()),
        )
        if identity.standing in _LOCKED:
            return await self._locked(heard, slots, identity.standing)
        if identity.standing is Standing.KNOWN:
            return self._known(identity)
        if identity.standing is Standing.NEED_NUMBER and not needs_order:
            return Check(ask="order_number", say="utter_please_account_order")
        return _missing(identity, heard.language)

    def ruling(self, order: Order) -> str | None:
        """Say why the wish cannot be met for this order."""
        return None

    def _known(self, identity: Identity) -> Check:
        if identity.order is None:
            return Check(done=_PROVED)
        number = identity.order.number
        return Check(
            # The proof has done its work: the contact is verified now, and nobody needs it here again.
            slots={"order_number": number, "matched_order": number, "contact_proof": None},
            done=_PROVED,
            outcome=self.ruling(identity.order),
        )

    async def _locked(self, heard: Heard, slots: Mapping[str, Any], standing: Standing) -> Check:
        today = self.services.clock().date().isoformat()
        goal = slots.get("goal")
        ticket = await self.services.tickets.open(
            key=f"{heard.conversation_id}:locked:{today}",
            conversation_id=heard.conversation_id,
            topic="other",
            title=ticket_title("locked", heard.language),
            description=f"Wish: {title(goal, 'en') if goal else '—'}."
            f" Last number given: {slots.get('order_number') or '—'}.",
            contact_detail=slots.get("contact_proof"),
        )
        return Check(
            slots={"order_number": None, "contact_proof": None},
            outcome=with_ticket(standing, ticket.number),
        )


class ValidateRefundForm(ValidateOrderForm):
    """Money back, within the shop's window."""

    def ruling(self, order: Order) -> str | None:
        """Apply the refund rules."""
        window = self.services.policies.refund_window_days
        return refund_ruling(order, window_days=window, now=self.services.clock())


class ValidateAddressForm(ValidateOrderForm):
    """Another address, while the order is still here."""

    def ruling(self, order: Order) -> str | None:
        """Apply the rules for addresses."""
        return address_ruling(
            order, can_change=self.services.policies.can_change_address(order.status)
        )


class ValidateComplaintForm(ValidateForm):
    """A complaint: about the order we have just spoken of, when there is one."""

    async def understand(self, heard: Heard) -> Filled:
        """Read an answer; "yes" is the order that was offered."""
        filled = await super().understand(heard)
        offered = heard.slots.get(REQUESTED) == "about_order" and heard.intent == "affirm"
        order = await self._known_order(heard, heard.slots) if offered else None
        return Filled(values={"about_order": order.number}) if order else filled

    async def check(
        self, heard: Heard, slots: Mapping[str, Any], fresh: Mapping[str, Any]
    ) -> Check:
        """Take the order that is known, or offer it."""
        if slots.get("about_order") is not None:
            return Check()
        order = await self._known_order(heard, slots)
        if order is None:
            return Check()
        if _SPOKE_OF_ORDER.intersection(heard.said_before) and slots.get("reason") is not None:
            known = {"about_order": order.number, "order_number": order.number}
            return Check(slots=known, ask="wish", say="utter_please_complaint_wish_known")
        asks = slots.get("reason") is not None
        return Check(buttons=order_buttons((order,), heard.language) if asks else None)

    async def _known_order(self, heard: Heard, slots: Mapping[str, Any]) -> Order | None:
        customer = await self.services.commerce.verified(conversation_id=heard.conversation_id)
        number = slots.get("matched_order")
        if customer is None or number is None:
            return None
        return await self.services.commerce.order(customer_id=customer.id, number=str(number))


class ValidateTicketForm(ValidateForm):
    """A ticket; a customer we know may choose the e-mail address on file."""

    async def check(
        self, heard: Heard, slots: Mapping[str, Any], fresh: Mapping[str, Any]
    ) -> Check:
        """Ask what a change is about; offer the known address once everything else is there."""
        topic = slots.get("topic")
        if topic in _TOPICS and slots.get("title") and slots.get("description") is None:
            return Check(ask="description", say=f"utter_please_description_{topic}")
        rest = ("title", "description", "priority")
        if slots.get("contact") is not None or any(slots.get(slot) is None for slot in rest):
            return Check()
        customer = await self.services.commerce.verified(conversation_id=heard.conversation_id)
        if customer is None or not customer.email:
            return Check()
        buttons = [
            {
                "title": mask_email(customer.email),
                "payload": payload("inform", {"contact": "on_file"}),
            }
        ]
        return Check(buttons=buttons)


class ValidateFeedbackForm(ValidateForm):
    """A rating: the score is kept at once, since many people leave without a comment."""

    async def check(
        self, heard: Heard, slots: Mapping[str, Any], fresh: Mapping[str, Any]
    ) -> Check:
        """Keep a new score."""
        if "score" not in fresh:
            return Check()
        rating = await self.services.feedback.record(
            conversation_id=heard.conversation_id,
            score=int(fresh["score"]),
            key=heard.key(self.name()),
        )
        if slots.get("comment") is not None:
            return Check()
        low = rating.ticket_number is not None
        return Check(ask="comment", say="utter_please_comment_low" if low else None)


def _missing(identity: Identity, language: str) -> Check:
    if identity.standing is Standing.WRONG:
        return Check(
            slots={"order_number": None, "contact_proof": None},
            ask="order_number",
            say="utter_match_wrong",
        )
    if identity.standing is Standing.NEED_PROOF:
        say = "utter_please_other_proof" if identity.customer else None
        return Check(ask="contact_proof", say=say)
    if identity.orders:
        return Check(
            ask="order_number",
            say="utter_please_pick_order",
            buttons=order_buttons(identity.orders, language),
        )
    return Check(ask="order_number")


def order_buttons(orders: tuple[Order, ...], language: str) -> Buttons:
    """Return a button for each order, with what is in it."""
    return [
        {
            "title": f"{order.number} · {goods(order, language, most=1)}",
            "payload": payload("inform", {"order_number": order.number}),
        }
        for order in orders
    ]
