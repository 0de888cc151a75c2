"""Which order "the other one" is."""

import re
from collections.abc import Sequence

from actions.heard import Heard
from desk.commerce.service import Commerce

_ORDINALS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (index, re.compile(pattern, re.IGNORECASE))
    for index, pattern in (
        (0, r"\bfirst\b|\b1st\b|第[一1]|newest|latest|most recent|recent|最新|最近"),
        (1, r"\bsecond\b|\b2nd\b|第[二2]"),
        (2, r"\bthird\b|\b3rd\b|第[三3]"),
        (3, r"\bfourth\b|第[四4]"),
        (-1, r"oldest|\blast\b|最后|最早|最後"),
    )
)
_OTHER = re.compile(
    r"other|another|next|previous|earlier|另|别的|還有|还有|上[一个個]|前一|下一|之前|那个|那個",
    re.IGNORECASE,
)


def pick(words: str, numbers: Sequence[str], current: str | None) -> str | None:
    """Return the order that ``words`` name among ``numbers``, newest first; None when it stays open."""
    for index, pattern in _ORDINALS:
        if pattern.search(words):
            return numbers[index] if -len(numbers) <= index < len(numbers) else None
    if not _OTHER.search(words):
        return None
    others = [number for number in numbers if number != current]
    return others[0] if len(others) == 1 else None


_CHOICE = re.compile(
    r"\b(?:my|all|of|the) orders\b|\bwhich (?:one|order)|哪些|哪个订单|哪一?[个笔单]|所有订单"
    r"|全部订单|几个订单",
    re.IGNORECASE,
)


def leaves_open(heard: Heard) -> bool:
    """Say whether the customer speaks of several orders, so that the last one must not be taken for granted."""
    return not heard.is_button and bool(_CHOICE.search(heard.text))


def refers(heard: Heard) -> bool:
    """Say whether the message points at an order without naming it."""
    return bool(heard.values("reference")) or bool(
        _OTHER.search(heard.text) and len(heard.text) < 24
    )


async def which_order(commerce: Commerce, heard: Heard) -> str | None:
    """Return the order that a verified customer points at without a number."""
    if heard.is_button or heard.values("order_number", "invoice_number"):
        return None
    words = " ".join(heard.values("reference"))
    if not words and heard.intent == "inform":
        words = heard.text
    if not words:
        return None
    customer = await commerce.verified(conversation_id=heard.conversation_id)
    if customer is None:
        return None
    orders = await commerce.orders_of(customer_id=customer.id)
    current = heard.slots.get("order_number")
    return pick(words, [order.number for order in orders], current)
