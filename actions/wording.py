"""Dates, masked addresses and titles, as text for customers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from desk.commerce.model import Order, Product
from desk.commerce.money import format_money

_WEEKDAYS_ZH = "一二三四五六日"


def day(at: datetime | None, language: str, zone: str) -> str:
    """Return ``Tuesday, 4 August`` or ``8月4日（周二）`` in the shop's zone; an empty text for None."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{local.month}月{local.day}日（周{_WEEKDAYS_ZH[local.weekday()]}）"
    return f"{local:%A}, {local.day} {local:%B}"


def moment(at: datetime | None, language: str, zone: str) -> str:
    """Return a day with its time of day."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    between = "" if language == "zh" else " at "
    return f"{day(at, language, zone)}{between}{local:%H:%M}"


def mask_email(email: str | None) -> str:
    """Return ``an•••@example.com``: enough for its owner to know it."""
    if not email or "@" not in email:
        return "—"
    name, _, host = email.partition("@")
    return f"{name[: 2 if len(name) > 2 else 1]}•••@{host}"


def mask_phone(phone: str | None) -> str:
    """Return the last two digits of a phone number."""
    digits = [sign for sign in phone or "" if sign.isdigit()]
    return "•••" + "".join(digits[-2:]) if digits else "—"


def goods(order: Order, language: str, *, most: int = 2) -> str:
    """Return what is in an order: ``Copper kettle × 2, Mug`` and "…" for more."""
    names = [
        line.name(language) + (f" × {line.quantity}" if line.quantity > 1 else "")
        for line in order.lines[:most]
    ]
    comma = "、" if language == "zh" else ", "
    return comma.join(names) + (" …" if len(order.lines) > most else "")


_FEW = 5
"""Pieces from which on the exact number does not matter to a customer."""


def product_line(product: Product, language: str) -> str:
    """Return ``- Desk lamp: $49.90, in stock``; nothing on stock when the shop does not say."""
    price = format_money(product.price_cents, product.currency, language)
    stock = _stock(product.in_stock, in_chinese=language == "zh")
    if language == "zh":
        return f"- {product.name(language)}：{price}" + (f"，{stock}" if stock else "")
    return f"- {product.name(language)}: {price}" + (f", {stock}" if stock else "")


def _stock(pieces: int | None, *, in_chinese: bool) -> str:
    if pieces is None:
        return ""
    if pieces == 0:
        return "暂时缺货" if in_chinese else "sold out at the moment"
    if pieces <= _FEW:
        return f"仅剩 {pieces} 件" if in_chinese else f"only {pieces} left"
    return "有货" if in_chinese else "in stock"
