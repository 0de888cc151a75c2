"""Dates, masked addresses and titles, as text for customers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from desk.commerce.model import Order

_WEEKDAYS_ZH = "一二三四五六日"


def day(at: datetime | None, language: str, zone: str) -> str:
    """Return ``Tue, 4 Aug`` or ``8月4日（周二）`` in the shop's zone; an empty text for None."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{local.month}月{local.day}日（周{_WEEKDAYS_ZH[local.weekday()]}）"
    return f"{local:%a}, {local.day} {local:%b}"


def moment(at: datetime | None, language: str, zone: str) -> str:
    """Return a day with its time of day."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    space = "" if language == "zh" else " "
    return f"{day(at, language, zone)}{space}{local:%H:%M}"


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
