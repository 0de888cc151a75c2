"""The wish in a message that looks like a mere piece of information: "10023退款，邮箱ana@example.com"."""

import re

from actions.forms.catalogue import FORM_OF
from actions.heard import Heard
from actions.reading import values

_ENOUGH = 0.15
"""Share of the runner-up that is taken for a wish; numbers and addresses draw a message to ``inform``."""

# The order matters: "cancel … and refund" is a cancellation, an invoice "for my order" is an invoice.
_HINTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("cancel_order", re.compile(r"\bcancel|\bcall off|取消", re.IGNORECASE)),
    ("track_refund", re.compile(r"\bwhere\b.{0,20}\brefund|退款.{0,4}(?:到哪|进度|到账|没到)", re.IGNORECASE)),
    ("get_refund", re.compile(r"\brefund|\bmoney back|退款|退钱|退货", re.IGNORECASE)),
    ("get_invoice", re.compile(r"\binvoice\b(?! ?#?\d)|\breceipt|开票|开.{0,3}发票|發票", re.IGNORECASE)),
    ("change_shipping_address", re.compile(r"\baddress|改地址|地址", re.IGNORECASE)),
    (
        "track_order",
        re.compile(r"\bwhere|\btrack|\bshipped|\bstatus|\barriv|到哪|物流|发货|进度|什么时候到", re.IGNORECASE),
    ),
)  # fmt: skip


def wish_beside(heard: Heard) -> str | None:
    """Return the wish that stands beside the values of a message, if there is one."""
    if values.only_corrects(heard):
        return None
    if values.address_inside(heard.text) and values.order_number(heard):
        return "change_shipping_address"
    runners = [(intent, share) for intent, share in heard.ranking if intent != heard.intent]
    if runners and runners[0][1] >= _ENOUGH and runners[0][0] in FORM_OF:
        return runners[0][0]
    return next((intent for intent, pattern in _HINTS if pattern.search(heard.text)), None)
