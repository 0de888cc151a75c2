"""A small believable shop to try Frontdesk with: the same every time, with dates around a given moment.

Four orders are for the README and the tests:

- 10023 of ana@example.com, +1 555 0123: shipped, arrives in two days, with tracking
- 10031 of the same customer: delivered, invoice INV-2031, a refund that has been paid
- 10042 of li@example.com, +86 138 0000 0042: processing, to an address in Chinese
- 10121 of the same customer: as 10031. Ana is a premium customer, for whom people are called sooner; Li is not

Other order numbers are given out in no order of time, as shops do to keep their volume to themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from desk.commerce.demo_data import (
    CARRIERS,
    CARRIERS_ZH,
    CITIES,
    CITIES_ZH,
    CURRENCY,
    HANDLES,
    HANDLES_ZH,
    PRODUCTS,
    REFUND_REASONS,
    STREETS,
    Row,
    product_row,
    total_cents,
)
from desk.commerce.demo_documented import (
    HALF_REFUNDED,
    OWNERS,
    documented,
    documented_customers,
    last_order,
)
from desk.commerce.importing import Importer, Kind
from desk.commerce.model import InvoiceStatus, OrderStatus, RefundStatus
from desk.imports.report import ImportReport, Progress

_SEED = 20_260_101
_FIRST, _LAST = 10_001, 10_120
_INVOICE_OFFSET = 8_000
"""Order 10031 has invoice INV-2031."""


_ARRIVED = (OrderStatus.DELIVERED, OrderStatus.RETURNED)
_UNDER_WAY = (OrderStatus.SHIPPED, OrderStatus.OUT_FOR_DELIVERY, *_ARRIVED)


@dataclass(frozen=True, kw_only=True)
class DemoShop:
    """The rows of every kind, as the importer takes them."""

    customers: tuple[Row, ...]
    products: tuple[Row, ...]
    orders: tuple[Row, ...]
    invoices: tuple[Row, ...]
    refunds: tuple[Row, ...]

    def by_kind(self) -> Mapping[Kind, tuple[Row, ...]]:
        """Return them parents first."""
        return {
            Kind.CUSTOMERS: self.customers,
            Kind.PRODUCTS: self.products,
            Kind.ORDERS: self.orders,
            Kind.INVOICES: self.invoices,
            Kind.REFUNDS: self.refunds,
        }


async def load_demo(
    importer: Importer, now: datetime, *, progress: Progress | None = None
) -> tuple[ImportReport, ...]:
    """Write the demo shop; again, it brings the dates up to ``now`` and adds nothing."""
    reports = []
    for kind, rows in demo_shop(now).by_kind().items():
        reports.append(await importer.rows(kind, rows, progress=progress))
    return tuple(reports)


def demo_shop(now: datetime) -> DemoShop:
    """Return the demo shop as it is at ``now``."""
    random = Random(_SEED)  # noqa: S311 - the same shop every time is the point
    customers = [*documented_customers(now), *_customers(now, random)]
    orders = [_order(number, customers, now, random) for number in range(_FIRST, _LAST + 1)]
    orders = [*(documented(order, now) for order in orders), last_order(now)]
    return DemoShop(
        customers=tuple(customers),
        products=tuple(product_row(*product) for product in PRODUCTS),
        orders=tuple(orders),
        invoices=tuple(_invoice(order) for order in orders),
        refunds=tuple(
            refund for order in orders if (refund := _refund(order, now, random)) is not None
        ),
    )


def _customers(now: datetime, random: Random) -> list[Row]:
    people = [(handle, handle.capitalize(), False) for handle in HANDLES]
    people += [(handle, name, True) for handle, name in HANDLES_ZH]
    return [
        {
            "id": f"C-{1003 + index}",
            "name": name,
            "email": f"{handle}@example.{random.choice(('com', 'org', 'net'))}",
            "phone": f"+86 555 {130 + index:04d}" if chinese else f"+1 555 {130 + index:04d}",
            "account_type": random.choice(("standard", "standard", "premium", "business")),
            "created_at": now - timedelta(days=random.randint(140, 900)),
            "address": _address(chinese, random),
        }
        for index, (handle, name, chinese) in enumerate(people)
    ]


def _address(chinese: bool, random: Random) -> str:
    house = random.randint(1, 199)
    if chinese:
        return f"{random.choice(CITIES_ZH)} {house} 号"
    return f"{house} {random.choice(STREETS)}, {random.choice(CITIES)}"


def _order(number: int, customers: list[Row], now: datetime, random: Random) -> Row:
    owner = OWNERS.get(number) or random.choice(customers[2:])["id"]
    customer = next(one for one in customers if one["id"] == owner)
    # Cubed, so that about a third of the orders are still under way.
    placed_at = now - timedelta(days=0.2 + 120 * random.random() ** 3)
    status = _status((now - placed_at).days, random)
    chinese = not customer["address"].isascii()
    lines = [
        {**product_row(*product), "quantity": random.choice((1, 1, 1, 2, 3))}
        for product in random.sample(PRODUCTS, random.choice((1, 1, 2, 2, 3)))
    ]
    order = {
        "number": str(number),
        "customer_id": customer["id"],
        "placed_at": placed_at,
        "currency": CURRENCY,
        "total_cents": total_cents(lines),
        "ship_name": customer["name"],
        "ship_address": customer["address"],
        "email": customer["email"],
        "phone": customer["phone"],
        "lines": lines,
    }
    carrier = random.choice(CARRIERS_ZH if chinese else CARRIERS)
    return order | _journey(status, placed_at, now, carrier, f"LL{random.randrange(10**9):09d}")


def _status(age_days: int, random: Random) -> OrderStatus:
    chance = random.random()
    if chance < 0.07:
        return OrderStatus.CANCELLED
    if age_days < 1:
        return OrderStatus.PROCESSING
    if age_days < 2:
        return OrderStatus.PACKED
    if age_days < 5:
        return OrderStatus.SHIPPED
    if age_days < 6:
        return OrderStatus.OUT_FOR_DELIVERY
    return OrderStatus.RETURNED if chance > 0.92 and age_days > 12 else OrderStatus.DELIVERED


def _journey(
    status: OrderStatus, placed_at: datetime, now: datetime, carrier: str, tracking: str
) -> Row:
    """Return what is known about the way of an order, by its status."""
    journey: Row = {"status": status}
    if status is not OrderStatus.CANCELLED:
        # What is still on its way is never expected in the past.
        journey["expected_at"] = placed_at + timedelta(days=5, hours=12)
        if status not in _ARRIVED:
            journey["expected_at"] = max(journey["expected_at"], now + timedelta(hours=6))
    if status in _UNDER_WAY:
        journey["shipped_at"] = min(
            placed_at + timedelta(days=1, hours=8), now - timedelta(hours=2)
        )
        journey |= {"carrier": carrier, "tracking_number": tracking}
    if status in _ARRIVED:
        journey["delivered_at"] = min(placed_at + timedelta(days=5), now - timedelta(hours=1))
    return journey


def _invoice(order: Row) -> Row:
    refunded = order["status"] in (OrderStatus.CANCELLED, OrderStatus.RETURNED)
    by_transfer = order["status"] is OrderStatus.PROCESSING and int(order["number"]) % 3 == 0
    status = InvoiceStatus.REFUNDED if refunded else InvoiceStatus.PAID
    number = f"INV-{int(order['number']) - _INVOICE_OFFSET}"
    return {
        "number": number,
        "order_number": order["number"],
        "issued_at": order["placed_at"],
        "due_at": order["placed_at"] + timedelta(days=14),
        "total_cents": order["total_cents"],
        "currency": CURRENCY,
        "status": InvoiceStatus.OPEN if by_transfer else status,
        "url": f"https://shop.example.com/invoices/{number}.pdf",
    }


def _refund(order: Row, now: datetime, random: Random) -> Row | None:
    chance, reason = random.random(), random.choice(REFUND_REASONS)
    refund = {
        "id": f"R-{order['number']}",
        "order_number": order["number"],
        "amount_cents": order["total_cents"],
        "currency": CURRENCY,
        "reason": reason,
    }
    if order["number"] in HALF_REFUNDED:
        # One of the two things went back.
        asked = {"reason": "Arrived damaged", "requested_at": now - timedelta(days=14)}
        paid = {"status": RefundStatus.PAID, "paid_at": now - timedelta(days=10)}
        return refund | asked | paid | {"amount_cents": order["lines"][1]["price_cents"]}
    if order["status"] in (OrderStatus.CANCELLED, OrderStatus.RETURNED):
        asked_at = (order.get("delivered_at") or order["placed_at"]) + timedelta(hours=5)
        return refund | _settled(min(asked_at, now - timedelta(hours=1)), now)
    if order["status"] is OrderStatus.DELIVERED and chance < 0.12:
        status = RefundStatus.REJECTED if chance < 0.04 else RefundStatus.REQUESTED
        asked_at = min(order["delivered_at"] + timedelta(days=2), now - timedelta(hours=1))
        return refund | {"status": status, "requested_at": asked_at}
    return None


def _settled(asked_at: datetime, now: datetime) -> Row:
    paid_at = asked_at + timedelta(days=4)
    if paid_at > now:
        return {"status": RefundStatus.APPROVED, "requested_at": asked_at}
    return {"status": RefundStatus.PAID, "requested_at": asked_at, "paid_at": paid_at}
