"""The customers and orders of the demo shop that the README and the tests speak of."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from desk.commerce.demo_data import CURRENCY, PRODUCTS, Row, product_row, total_cents
from desk.commerce.model import OrderStatus

OWNERS: Mapping[int, str] = {10023: "C-1001", 10031: "C-1001", 10042: "C-1002"}
"""Whose each order is."""
HALF_REFUNDED = frozenset({"10031", "10121"})
"""Orders of which one thing went back, and was paid for."""


def documented_customers(now: datetime) -> tuple[Row, Row]:
    """Return them as they are at ``now``."""
    return _ana(now), _li(now)


def _ana(now: datetime) -> Row:
    return {
        "id": "C-1001",
        "name": "Ana",
        "email": "ana@example.com",
        "phone": "+1 555 0123",
        "account_type": "premium",
        "created_at": now - timedelta(days=400),
        "address": "12 Example Street, Springfield",
    }


def _li(now: datetime) -> Row:
    return {
        "id": "C-1002",
        "name": "小李",
        "email": "li@example.com",
        "phone": "+86 138 0000 0042",
        "account_type": "standard",
        "created_at": now - timedelta(days=90),
        "address": "上海市示例区样板路 42 号 3 单元 501 室",
    }


def last_order(now: datetime) -> Row:
    """Return Li's second order. It comes after all others, which stay as they are without it."""
    customer = _li(now)
    return documented(
        {
            "number": "10121",
            "customer_id": customer["id"],
            "currency": CURRENCY,
            "ship_name": customer["name"],
            "ship_address": customer["address"],
            "email": customer["email"],
            "phone": customer["phone"],
        },
        now,
    )


def documented(order: Row, now: datetime) -> Row:
    """Return an order as it is, or as the documentation says it is."""
    lines: dict[str, tuple[tuple[str, int], ...]] = {
        "10023": (("LGT-202", 1), ("TEA-105", 2)),
        "10031": (("TEA-101", 1), ("TEA-102", 1)),
        "10042": (("HOM-302", 1), ("KIT-403", 1)),
        "10121": (("TEA-101", 1), ("TEA-102", 1)),
    }
    if order["number"] not in lines:
        return order
    prices = {product[0]: product for product in PRODUCTS}
    chosen = [
        {**product_row(*prices[sku]), "quantity": quantity}
        for sku, quantity in lines[order["number"]]
    ]
    kept = {
        name: order[name]
        for name in (
            "number",
            "customer_id",
            "currency",
            "ship_name",
            "ship_address",
            "email",
            "phone",
        )
    }
    return (
        kept
        | {"lines": chosen, "total_cents": total_cents(chosen)}
        | _documented_journey(order, now)
    )


def _documented_journey(order: Row, now: datetime) -> Row:
    return {
        "10023": {
            "status": OrderStatus.SHIPPED,
            "placed_at": now - timedelta(days=3),
            "shipped_at": now - timedelta(days=2),
            "expected_at": now + timedelta(days=2),
            "carrier": "UPS",
            "tracking_number": "LL000010023",
        },
        "10031": {
            "status": OrderStatus.DELIVERED,
            "placed_at": now - timedelta(days=20),
            "shipped_at": now - timedelta(days=19),
            "expected_at": now - timedelta(days=15),
            "delivered_at": now - timedelta(days=16),
            "carrier": "DHL",
            "tracking_number": "LL000010031",
        },
        "10121": {
            "status": OrderStatus.DELIVERED,
            "placed_at": now - timedelta(days=20),
            "shipped_at": now - timedelta(days=19),
            "expected_at": now - timedelta(days=15),
            "delivered_at": now - timedelta(days=16),
            "carrier": "顺丰速运",
            "tracking_number": "LL000010121",
        },
        "10042": {
            "status": OrderStatus.PROCESSING,
            "placed_at": now - timedelta(hours=9),
            "expected_at": now + timedelta(days=6),
        },
    }[order["number"]]
