"""The answer to a question about an order or an account, from the shop's data."""

from collections.abc import Awaitable, Callable

from rasa_sdk.events import EventType, SlotSet

from actions.account import AccountAnswers
from actions.act import Act
from actions.again import again, payload
from actions.ending import ended_early
from actions.forms.catalogue import ACCOUNT_GOALS
from actions.heard import Heard
from actions.invoices import InvoiceAnswers
from actions.memory import CONFIRMED, ask, offer_paused
from actions.services import Services
from actions.speaker import Speaker
from actions.titles import ticket_title
from actions.wording import day, goods
from desk.commerce.model import Customer, Order, OrderStatus, Refund
from desk.commerce.money import format_money

type Answer = Callable[[Speaker, Heard, Order], Awaitable[list[EventType]]]

_ON_THE_WAY = frozenset({OrderStatus.SHIPPED, OrderStatus.OUT_FOR_DELIVERY})
_STILL_HERE = frozenset({OrderStatus.PROCESSING, OrderStatus.PACKED})


class Lookup(Act):
    """Answers the goal once the order form is done."""

    NAME = "action_lookup"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._account = AccountAnswers(services)
        invoices = InvoiceAnswers(services, self.NAME)
        self._answers: dict[str, Answer] = {
            "track_order": self._track,
            "track_refund": self._track_refund,
            "cancel_order": self._cancel,
            "change_order": self._change,
            "check_invoice": invoices.show,
            "get_invoice": invoices.send,
        }

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Look it up and say it."""
        if ended_early(speaker, heard):
            return [SlotSet("outcome", None), *offer_paused(speaker, heard)]
        if heard.slots.get("outcome") == CONFIRMED:
            pending = SlotSet("pending", heard.slots["pending"])
            return [SlotSet("outcome", None), pending, *again("/affirm")]
        customer = await self.services.commerce.verified(conversation_id=heard.conversation_id)
        if customer is None:
            # The proof ran out between two turns.
            speaker.say("utter_proof_expired")
            return []
        events = await self._answer(speaker, heard, customer)
        return events or offer_paused(speaker, heard)

    async def _answer(self, speaker: Speaker, heard: Heard, customer: Customer) -> list[EventType]:
        goal = heard.slots.get("goal")
        if goal in ACCOUNT_GOALS:
            return self._account.answer(speaker, heard, customer, str(goal))
        order = await self.services.commerce.order(
            customer_id=customer.id, number=str(heard.slots.get("order_number"))
        )
        answer = self._answers.get(str(goal))
        if order is None or answer is None:
            speaker.say("utter_proof_expired")
            return []
        return await answer(speaker, heard, order)

    async def _track(self, speaker: Speaker, heard: Heard, order: Order) -> list[EventType]:
        zone = self.services.policies.zone
        response = f"utter_track_{order.status}"
        if order.status in _ON_THE_WAY:
            response = self._on_the_way(order)
        speaker.say(
            response,
            order=order.number,
            goods=goods(order, heard.language),
            placed=day(order.placed_at, heard.language, zone),
            shipped=day(order.shipped_at or order.placed_at, heard.language, zone),
            expected=day(order.expected_at, heard.language, zone),
            delivered=day(order.delivered_at or order.expected_at, heard.language, zone),
            carrier=order.carrier or "",
            tracking=order.tracking_number or "",
        )
        if order.status is OrderStatus.DELIVERED and not heard.slots.get("paused_form"):
            # "Is anything missing or damaged?" may be answered with a yes.
            return [ask("damage", yes=payload("complaint", {"order_number": order.number}))]
        return []

    def _on_the_way(self, order: Order) -> str:
        told = order.carrier and order.tracking_number and order.expected_at
        if not told:
            return "utter_track_shipped_bare"
        late = order.expected_at is not None and order.expected_at < self.services.clock()
        return "utter_track_late" if late else f"utter_track_{order.status}"

    async def _track_refund(self, speaker: Speaker, heard: Heard, order: Order) -> list[EventType]:
        for refund in order.refunds:
            self.say_refund(speaker, heard, refund)
        if not order.refunds:
            speaker.say("utter_no_refund", order=order.number)
        return []

    def say_refund(self, speaker: Speaker, heard: Heard, refund: Refund) -> None:
        """Say how far a refund is."""
        zone = self.services.policies.zone
        speaker.say(
            f"utter_refund_{refund.status}",
            order=refund.order_number,
            amount=format_money(refund.amount_cents, refund.currency, heard.language),
            requested=day(refund.requested_at, heard.language, zone),
            paid=day(refund.paid_at or refund.requested_at, heard.language, zone),
            days=self.services.policies.rules.refunds.paid_within_days,
        )

    async def _cancel(self, speaker: Speaker, heard: Heard, order: Order) -> list[EventType]:
        if order.status in (OrderStatus.CANCELLED, OrderStatus.RETURNED):
            speaker.say(f"utter_track_{order.status}", order=order.number)
            return []
        rule = self.services.policies.cancellation(order.status, order.total_cents)
        if not rule.allowed:
            speaker.say(
                "utter_cannot_cancel",
                order=order.number,
                days=self.services.policies.refund_window_days,
            )
            return []
        speaker.say(
            "utter_confirm_cancel_fee" if rule.fee_cents else "utter_confirm_cancel",
            order=order.number,
            goods=goods(order, heard.language),
            fee=format_money(rule.fee_cents, order.currency, heard.language),
            total=format_money(order.total_cents, order.currency, heard.language),
        )
        return [ask("cancel_order", order=order.number)]

    async def _change(self, speaker: Speaker, heard: Heard, order: Order) -> list[EventType]:
        if order.status not in _STILL_HERE:
            speaker.say("utter_cannot_change", order=order.number)
            return []
        speaker.say("utter_can_change", order=order.number, goods=goods(order, heard.language))
        carried = {
            "title": ticket_title("change_order", heard.language, order.number),
            "priority": "high",
            "contact": "here",
            "topic": "order_change",
        }
        return again(payload("open_ticket", carried))
