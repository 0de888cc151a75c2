"""Whose order is it? Nothing about an order is said before this has an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from desk.commerce.model import Customer, MatchStatus, Order
from desk.commerce.service import Commerce


class Standing(StrEnum):
    """How far we are."""

    KNOWN = "known"
    NEED_NUMBER = "need_number"
    NEED_PROOF = "need_proof"
    WRONG = "wrong"
    LOCKED = "locked"
    STILL_LOCKED = "still_locked"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The customer and the order, as far as they are proved; ``orders`` to choose from."""

    standing: Standing
    customer: Customer | None = None
    order: Order | None = None
    orders: tuple[Order, ...] = ()


async def identify(
    commerce: Commerce, *, conversation_id: str, slots: Mapping[str, Any], order: bool, key: str
) -> Identity:
    """Find the order of the slots; with ``order`` false a proved customer is enough."""
    number, proof = slots.get("order_number"), slots.get("contact_proof")
    customer = await commerce.verified(conversation_id=conversation_id)
    if customer is not None:
        if not order:
            return Identity(standing=Standing.KNOWN, customer=customer)
        mine = await _mine(commerce, customer, number)
        if mine is not None:
            return mine
    asks = not (number and proof) and (number or customer is None)
    if asks and await commerce.locked(conversation_id=conversation_id):
        # Nobody is asked for a number or a proof that would not be looked at.
        return Identity(standing=Standing.STILL_LOCKED)
    if not number:
        return Identity(standing=Standing.NEED_NUMBER, customer=customer)
    if not proof:
        return Identity(standing=Standing.NEED_PROOF, customer=customer)
    match = await commerce.match(
        conversation_id=conversation_id, number=number, proof=proof, key=key
    )
    if match.status is MatchStatus.MATCHED:
        return Identity(standing=Standing.KNOWN, customer=match.customer, order=match.order)
    locked = match.status is MatchStatus.LOCKED
    return Identity(standing=Standing.LOCKED if locked else Standing.WRONG)


async def _mine(commerce: Commerce, customer: Customer, number: str | None) -> Identity | None:
    if number:
        order = await commerce.order(customer_id=customer.id, number=number)
        if order is None:
            return None
        return Identity(standing=Standing.KNOWN, customer=customer, order=order)
    orders = await commerce.orders_of(customer_id=customer.id)
    if len(orders) == 1:
        return Identity(standing=Standing.KNOWN, customer=customer, order=orders[0])
    return Identity(standing=Standing.NEED_NUMBER, customer=customer, orders=tuple(orders))
