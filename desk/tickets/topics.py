"""What a ticket is about, told by how the assistant understood the customer's last messages. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from desk.tables.ticket import TicketTopic

VAGUE = frozenset({TicketTopic.HANDOFF, TicketTopic.OTHER, TicketTopic.QUESTION})
"""Topics that say nothing yet; only these are classified."""

TOPIC_OF: dict[str, TicketTopic] = {
    "track_order": TicketTopic.DELIVERY,
    "delivery_options": TicketTopic.DELIVERY,
    "delivery_period": TicketTopic.DELIVERY,
    "change_order": TicketTopic.ORDER_CHANGE,
    "place_order": TicketTopic.ORDER_CHANGE,
    "cancel_order": TicketTopic.CANCELLATION,
    "check_cancellation_fee": TicketTopic.CANCELLATION,
    "get_refund": TicketTopic.REFUND,
    "track_refund": TicketTopic.REFUND,
    "check_refund_policy": TicketTopic.REFUND,
    "check_invoice": TicketTopic.PAYMENT,
    "get_invoice": TicketTopic.PAYMENT,
    "check_payment_methods": TicketTopic.PAYMENT,
    "payment_issue": TicketTopic.PAYMENT,
    "change_shipping_address": TicketTopic.ADDRESS_CHANGE,
    "set_up_shipping_address": TicketTopic.ADDRESS_CHANGE,
    "complaint": TicketTopic.COMPLAINT,
    "create_account": TicketTopic.ACCOUNT,
    "edit_account": TicketTopic.ACCOUNT,
    "delete_account": TicketTopic.ACCOUNT,
    "switch_account": TicketTopic.ACCOUNT,
    "recover_password": TicketTopic.ACCOUNT,
    "registration_problems": TicketTopic.ACCOUNT,
}
"""Not feedback: whoever describes a matter sounds like a judge of it, and ratings open tickets of their own."""

INTENT_OF: dict[TicketTopic, str] = {
    TicketTopic.DELIVERY: "track_order",
    TicketTopic.ORDER_CHANGE: "change_order",
    TicketTopic.CANCELLATION: "cancel_order",
    TicketTopic.REFUND: "get_refund",
    TicketTopic.PAYMENT: "payment_issue",
    TicketTopic.ADDRESS_CHANGE: "change_shipping_address",
    TicketTopic.COMPLAINT: "complaint",
    TicketTopic.ACCOUNT: "edit_account",
}
"""The intent that a corrected topic most likely means; a person decides."""

_FADES = 0.7
_SURE_ENOUGH = 0.3


class Understood(NamedTuple):
    """How one message was understood; the confidence is from 0 to 1."""

    intent: str
    confidence: float


class Classified(NamedTuple):
    """A topic, and how sure that is, from 0 to 1."""

    topic: TicketTopic
    confidence: float


def topic_of(newest_first: Sequence[Understood]) -> Classified | None:
    """Return the topic of messages, of which each counts 0.7 times what the next newer one does; None when unsure.

    The confidence is the topic's share of what all messages would weigh if they were certain of it: what was asked
    long before, and settled, says little about a ticket that is opened now.
    """
    weights: dict[TicketTopic, float] = {}
    whole, weight = 0.0, 1.0
    for intent, confidence in newest_first:
        topic = TOPIC_OF.get(intent)
        if topic is not None:
            weights[topic] = weights.get(topic, 0.0) + weight * confidence
        whole += weight
        weight *= _FADES
    if not weights:
        return None
    topic = max(weights, key=lambda one: weights[one])
    share = min(1.0, weights[topic] / whole)
    return Classified(topic, share) if share >= _SURE_ENOUGH else None
