"""Short names of wishes, for the buttons of "did you mean"."""

TITLES: dict[str, tuple[str, str]] = {
    "track_order": ("Where is my order?", "查物流"),
    "cancel_order": ("Cancel an order", "取消订单"),
    "change_order": ("Change an order", "修改订单"),
    "place_order": ("How to order", "怎么下单"),
    "check_invoice": ("See an invoice", "查看发票"),
    "get_invoice": ("Get an invoice", "开发票"),
    "get_refund": ("Get a refund", "申请退款"),
    "track_refund": ("Where is my refund?", "查退款进度"),
    "check_refund_policy": ("Refund rules", "退款规则"),
    "check_cancellation_fee": ("Cancellation fee", "取消手续费"),
    "check_payment_methods": ("Ways to pay", "支付方式"),
    "payment_issue": ("Trouble with a payment", "付款遇到问题"),
    "change_shipping_address": ("Change delivery address", "修改收货地址"),
    "set_up_shipping_address": ("Add a delivery address", "添加收货地址"),
    "delivery_options": ("Delivery options", "配送方式"),
    "delivery_period": ("Delivery times", "配送时间"),
    "complaint": ("Make a complaint", "我要投诉"),
    "review": ("Write a review", "写评价"),
    "give_feedback": ("Rate this chat", "评价本次服务"),
    "contact_customer_service": ("How to reach us", "联系方式"),
    "contact_human_agent": ("Talk to a person", "转人工"),
    "opening_hours": ("Opening hours", "营业时间"),
    "create_account": ("Open an account", "注册账户"),
    "edit_account": ("Change my details", "修改个人资料"),
    "delete_account": ("Delete my account", "注销账户"),
    "switch_account": ("Switch account", "切换账户"),
    "recover_password": ("Forgot my password", "忘记密码"),
    "registration_problems": ("Trouble signing up", "注册遇到问题"),
    "newsletter_subscription": ("Newsletter", "订阅资讯"),
    "unsubscribe": ("Stop all messages", "退订消息"),
    "open_ticket": ("Open a ticket", "提交工单"),
    "ticket_status": ("Status of my ticket", "查工单进度"),
    "recommend_offer": ("Current offers", "优惠活动"),
    "help": ("What can you do?", "你能做什么"),
}
"""English and Chinese; an intent that is missing here is never guessed aloud."""


def title(intent: str, language: str) -> str:
    """Return the name of a wish."""
    english, chinese = TITLES[intent]
    return chinese if language == "zh" else english


_TICKETS: dict[str, tuple[str, str]] = {
    "cancel_order": ("Cancel order {order}", "取消订单 {order}"),
    "change_order": ("Change order {order}", "修改订单 {order}"),
    "get_refund": ("Refund for order {order}", "订单 {order} 退款"),
    "get_invoice": ("Send the invoice of order {order}", "寄送订单 {order} 的发票"),
    "change_shipping_address": ("New address for order {order}", "订单 {order} 改地址"),
    "complaint": ("Complaint", "投诉"),
    "complaint_about": ("Complaint about order {order}", "投诉（订单 {order}）"),
    "edit_account": ("Change account details", "修改账户资料"),
    "switch_account": ("Change the kind of account", "变更账户类型"),
    "delete_account": ("Delete the account", "注销账户"),
    "locked": ("Could not prove whose order it is", "订单归属核对失败"),
}
"""Titles of the tickets that we open: customers see them when they ask what became of one."""


def ticket_title(kind: str, language: str, order: str = "") -> str:
    """Return a ticket's title in the customer's language."""
    english, chinese = _TICKETS[kind]
    return (chinese if language == "zh" else english).format(order=order)


_OFFER_REASONS: dict[str, tuple[str, str]] = {
    "bought": ("because you bought {name}", "因为您买过{name}"),
    "seen": ("because you looked at {name}", "因为您看过{name}"),
    "alike": ("people who bought {name} like it, too", "买过{name}的顾客也喜欢"),
    "popular": ("popular with our customers", "很多顾客都喜欢"),
}
"""Why something is offered; what is merely on needs no reason."""


def offer_reason(reason: str, language: str, name: str) -> str:
    """Return why something is offered, in words; an empty text for no reason."""
    english, chinese = _OFFER_REASONS.get(reason, ("", ""))
    return (chinese if language == "zh" else english).format(name=name)
