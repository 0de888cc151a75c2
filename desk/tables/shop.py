"""The shop: customers, products, orders, invoices, refunds, and attempts to prove whose an order is."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base, BigId, text_enum


class OrderStatus(StrEnum):
    """Where an order is."""

    PROCESSING = "processing"
    PACKED = "packed"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class InvoiceStatus(StrEnum):
    """Whether an invoice is settled."""

    PAID = "paid"
    OPEN = "open"
    REFUNDED = "refunded"


class RefundStatus(StrEnum):
    """How far a refund is."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PAID = "paid"
    REJECTED = "rejected"


class MatchStatus(StrEnum):
    """What came of an attempt to prove whose an order is."""

    MATCHED = "matched"
    WRONG = "wrong"
    LOCKED = "locked"


class CustomerRow(Base):
    """A customer of the shop."""

    __tablename__ = "shop_customer"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(32))
    account_type: Mapped[str] = mapped_column(String(32), default="standard")
    created_at: Mapped[datetime]


class ProductRow(Base):
    """Something the shop sells."""

    __tablename__ = "shop_product"

    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200))
    price_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    in_stock: Mapped[int | None]
    category: Mapped[str | None] = mapped_column(String(64))


class OrderRow(Base):
    """An order; ``number`` is digits only, as :mod:`desk.commerce.numbers` writes them."""

    __tablename__ = "shop_order"
    __table_args__ = (Index(None, "customer_id", "placed_at"),)

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("shop_customer.id", ondelete="CASCADE"))
    status: Mapped[OrderStatus] = mapped_column(text_enum(OrderStatus))
    placed_at: Mapped[datetime]
    shipped_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    carrier: Mapped[str | None] = mapped_column(String(64))
    tracking_number: Mapped[str | None] = mapped_column(String(64))
    total_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    ship_name: Mapped[str] = mapped_column(String(200))
    ship_address: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(32))


class OrderLineRow(Base):
    """A position of an order, with the names and the price as they were when it was placed."""

    __tablename__ = "shop_order_line"

    order_number: Mapped[str] = mapped_column(
        ForeignKey("shop_order.number", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(64))
    name_en: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    price_cents: Mapped[int]


class InvoiceRow(Base):
    """An invoice of an order."""

    __tablename__ = "shop_invoice"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    order_number: Mapped[str] = mapped_column(
        ForeignKey("shop_order.number", ondelete="CASCADE"), index=True
    )
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    total_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[InvoiceStatus] = mapped_column(text_enum(InvoiceStatus))
    url: Mapped[str | None] = mapped_column(String(2000))


class RefundRow(Base):
    """Money that goes back, or was asked back."""

    __tablename__ = "shop_refund"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_number: Mapped[str] = mapped_column(
        ForeignKey("shop_order.number", ondelete="CASCADE"), index=True
    )
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[RefundStatus] = mapped_column(text_enum(RefundStatus))
    reason: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]


class MatchAttemptRow(Base):
    """One attempt. ``matched`` is empty when nothing was compared because the contact was locked."""

    __tablename__ = "shop_match_attempt"
    __table_args__ = (
        Index(None, "conversation_id", "attempted_at"),
        Index(None, "number", "attempted_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(32))
    order_number: Mapped[str | None] = mapped_column(String(20))
    matched: Mapped[bool | None]
    status: Mapped[MatchStatus] = mapped_column(text_enum(MatchStatus))
    wrong_attempts: Mapped[int]
    attempted_at: Mapped[datetime]
