"""What the shop knows, as values that leave the database."""

from dataclasses import dataclass
from datetime import datetime

from desk.tables.shop import InvoiceStatus, MatchStatus, OrderStatus, RefundStatus

__all__ = [
    "Customer",
    "Invoice",
    "InvoiceStatus",
    "Match",
    "MatchStatus",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Product",
    "Refund",
    "RefundStatus",
]


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer of the shop."""

    id: str
    name: str
    email: str | None
    phone: str | None
    account_type: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Product:
    """Something the shop sells; ``in_stock`` is None when the shop does not say."""

    sku: str
    name_en: str
    name_zh: str
    price_cents: int
    currency: str
    in_stock: int | None

    def name(self, language: str) -> str:
        """Return its name in ``en`` or ``zh``."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """A position of an order; ``price_cents`` is for one piece."""

    position: int
    sku: str
    name_en: str
    name_zh: str
    quantity: int
    price_cents: int

    def name(self, language: str) -> str:
        """Return the product's name in ``en`` or ``zh``."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """An invoice of an order."""

    number: str
    order_number: str
    issued_at: datetime
    due_at: datetime | None
    total_cents: int
    currency: str
    status: InvoiceStatus
    url: str | None


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money that goes back, or was asked back."""

    id: str
    order_number: str
    amount_cents: int
    currency: str
    status: RefundStatus
    reason: str
    requested_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order with its lines, invoices and refunds."""

    number: str
    customer_id: str
    status: OrderStatus
    placed_at: datetime
    shipped_at: datetime | None
    expected_at: datetime | None
    delivered_at: datetime | None
    carrier: str | None
    tracking_number: str | None
    total_cents: int
    currency: str
    ship_name: str
    ship_address: str
    email: str | None
    phone: str | None
    lines: tuple[OrderLine, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    refunds: tuple[Refund, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Match:
    """What came of an attempt; customer and order are there only when it matched."""

    status: MatchStatus
    customer: Customer | None = None
    order: Order | None = None
    wrong_attempts: int = 0
