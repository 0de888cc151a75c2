"""What metrics and charts are called, and what they mean: English, Chinese."""

NAMES: dict[str, tuple[str, str]] = {
    "conversations": ("Conversations", "会话"),
    "ended": ("Conversations ended", "结束的会话"),
    "ended_bot": ("By the assistant alone", "助手独立完成"),
    "ended_human": ("With a person", "有人工参与"),
    "ended_nobody": ("Asked for a person, nobody came", "请求人工但无人接待"),
    "customers": ("Customers", "客户"),
    "messages_in": ("Messages from customers", "客户消息"),
    "messages_bot": ("Messages of the assistant", "助手消息"),
    "messages_agent": ("Messages of agents", "客服消息"),
    "messages_per_conversation": ("Messages per conversation", "每次会话消息数"),
    "first_response": ("First response", "首次响应"),
    "next_response": ("Next response", "后续响应"),
    "bot_response": ("Response of the assistant", "助手响应"),
    "waiting": ("Waiting for a person", "等待人工"),
    "abandoned": ("Waited in vain", "等待无果"),
    "handling": ("Handling", "处理时长"),
    "resolution": ("Resolution by people", "人工解决时长"),
    "bot_resolution": ("Resolution by the assistant", "助手解决时长"),
    "total_resolution": ("Resolution, all in all", "总解决时长"),
    "containment": ("Containment", "助手独立解决率"),
    "handoffs": ("Handoffs", "转人工次数"),
    "handoff_rate": ("Handoff rate", "转人工率"),
    "reopened": ("Reopened", "重新打开"),
    "reopen_rate": ("Reopen rate", "重新打开率"),
    "spam": ("Spam", "垃圾会话"),
    "tickets_opened": ("Tickets opened", "新建工单"),
    "tickets_resolved": ("Tickets resolved", "已解决工单"),
    "tickets_reopened": ("Tickets reopened", "重新打开的工单"),
    "ticket_reply": ("First reply to a ticket", "工单首次回复"),
    "ticket_resolution": ("Resolution of a ticket", "工单解决时长"),
    "sla_hit_rate": ("SLA met", "SLA 达成率"),
    "csat": ("Satisfaction (CSAT)", "满意度（CSAT）"),
    "csat_human": ("CSAT with people", "人工服务满意度"),
    "csat_bot": ("CSAT of the assistant", "助手满意度"),
    "csat_response": ("CSAT response rate", "满意度调查回复率"),
    "nps": ("Net promoter score (NPS)", "净推荐值（NPS）"),
    "nps_response": ("NPS response rate", "NPS 回复率"),
    "ces": ("Customer effort (CES)", "客户费力度（CES）"),
    "ces_response": ("CES response rate", "CES 回复率"),
}

SHORT: dict[str, tuple[str, str]] = {
    "ended": ("Ended", "结束"),
    "resolution": ("Resolution", "解决时长"),
    "bot_resolution": ("Resolution", "解决时长"),
    "ticket_reply": ("Ticket reply", "工单首复"),
    "ticket_resolution": ("Ticket resolution", "工单解决"),
    "csat": ("CSAT", "满意度"),
    "nps": ("NPS", "净推荐值"),
    "sla_hit_rate": ("SLA", "SLA"),
}
"""Where there is little room."""

CHARTS: dict[str, tuple[str, str]] = {
    "ended": ("Who answered", "由谁解决"),
    "csat": ("Satisfaction", "满意度"),
    "reasons": ("Why conversations were handed over", "转人工原因"),
    "median": ("Median", "中位数"),
    "p90": ("90th percentile", "90 分位"),
    "unknown": ("Unknown", "未知"),
    "nobody": ("No agent", "无客服"),
    "minutes": ("Minutes", "分钟"),
    "hours": ("Hours", "小时"),
    "days": ("Days", "天"),
    "seconds": ("Seconds", "秒"),
    "conversations": ("Conversations", "会话"),
    "handoffs": ("Handoffs", "转人工次数"),
}

REASONS: dict[str, tuple[str, str]] = {
    "asked": ("Asked for a person", "客户要求人工"),
    "agent": ("An agent stepped in", "客服主动介入"),
    "angry": ("Angry customer", "客户情绪激动"),
    "VIP complaint": ("Complaint of an important customer", "重要客户投诉"),
    "not understood": ("Not understood", "没有听懂"),
    "unsure": ("The assistant was unsure", "助手没有把握"),
    "open complaint": ("A complaint open for long", "投诉长时间未处理"),
    "transferred": ("Transferred", "转接"),
}


def name(key: str, language: str) -> str:
    """Return what a metric is called."""
    return NAMES[key][language == "zh"]


def short(key: str, language: str) -> str:
    """Return what a metric is called at the head of a narrow column."""
    return SHORT.get(key, NAMES[key])[language == "zh"]


def chart(key: str, language: str) -> str:
    """Return a word of a chart."""
    return CHARTS[key][language == "zh"]


def reason(key: str, language: str) -> str:
    """Return a reason of a handoff; those that a rule of one's own names are told as they are."""
    return REASONS[key][language == "zh"] if key in REASONS else key.replace("_", " ")


def group(key: str, language: str) -> str:
    """Return the name of a group; what has none has a word."""
    return CHARTS[key][language == "zh"] if key in ("unknown", "nobody") else key
