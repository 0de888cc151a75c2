"""What the shop's rules say to a wish about one order; None means: go on."""

from datetime import datetime, timedelta

from desk.commerce.model import Order, OrderStatus, RefundStatus

_NOT_SENT = frozenset({OrderStatus.PROCESSING, OrderStatus.PACKED})
_GONE = {OrderStatus.CANCELLED: "cancelled", OrderStatus.RETURNED: "returned"}


def refund_ruling(order: Order, *, window_days: int, now: datetime) -> str | None:
    """Say why money back cannot simply be asked for this order."""
    if any(refund.status is not RefundStatus.REJECTED for refund in order.refunds):
        return "already_refunded"
    if order.status in _GONE:
        return _GONE[order.status]
    if order.status in _NOT_SENT:
        return "not_sent"
    delivered = order.delivered_at
    if delivered is not None and now > delivered + timedelta(days=window_days):
        return "too_late"
    return None


def address_ruling(order: Order, *, can_change: bool) -> str | None:
    """Say why the address of this order cannot be changed."""
    if order.status in _GONE:
        return _GONE[order.status]
    if can_change:
        return None
    return "delivered" if order.status is OrderStatus.DELIVERED else "already_sent"
