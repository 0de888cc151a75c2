"""Order, invoice and ticket numbers as people write them, and the one way we write them.

An order number is digits without leading zeros, an invoice number ``INV-2041``, a ticket number ``T-000123``.
"""

import re
import unicodedata

_LONGEST_INPUT = 80

_ORDER = {"order", "ord", "fd", "订单", "訂單", "单", "單"}
_INVOICE = {"invoice", "inv", "bill", "发票", "發票", "账单", "帳單"}
_TICKET = {"ticket", "tkt", "t", "case", "工单", "工單", "服务单", "服務單"}
_FILLER = {
    "number",
    "no",
    "nr",
    "num",
    "is",
    "是",
    "为",
    "為",
    "编号",
    "編號",
    "号码",
    "號碼",
    "号",
    "號",
}

_WORDS = "|".join(sorted(_ORDER | _INVOICE | _TICKET | _FILLER, key=len, reverse=True))
# The possessive "*+" keeps a long run of "nonono" from being tried in every way.
_NUMBER = re.compile(
    rf"(?P<lead>(?:{_WORDS}|[\s#:.\-_(\[])*+)(?P<digits>\d(?:[\d\s\-.]*\d)?)[\s.,!?。，！？)\]号號]*"
)


def normalise_order_number(text: str) -> str | None:
    """Return the digits of an order number: ``#fd-10023`` gives ``10023``, ``INV-2041`` None."""
    return _digits(text, _ORDER, longest=20)


def normalise_invoice_number(text: str) -> str | None:
    """Return ``INV-2041`` for ``invoice no. 2041``, ``发票2041`` or ``2041``, else None."""
    digits = _digits(text, _INVOICE, longest=20)
    return f"INV-{digits}" if digits else None


def normalise_ticket_number(text: str) -> str | None:
    """Return ``T-000123`` for ``t123``, ``ticket #123``, ``工单 123`` or ``123``, else None."""
    digits = _digits(text, _TICKET, longest=18)
    return f"T-{digits:0>6}" if digits else None


def _digits(text: str, words: set[str], *, longest: int) -> str | None:
    plain = unicodedata.normalize("NFKC", text).casefold()
    # Only a number is a number: two of them, or a sentence around one, are the caller's to read.
    found = _NUMBER.fullmatch(plain) if len(plain) <= _LONGEST_INPUT else None
    if found is None or not set(re.findall(_WORDS, found["lead"])) <= words | _FILLER:
        return None
    digits = re.sub(r"\D", "", found["digits"]).lstrip("0")
    return digits if digits.isascii() and 0 < len(digits) <= longest else None
