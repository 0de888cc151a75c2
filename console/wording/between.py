"""Words about what was between us and a contact, and about value and risk in the list of contacts."""

WORDS: dict[str, tuple[str, str]] = {
    "between.title": ("Messages and answers", "消息与回复"),
    "between.none": ("Nothing has been said yet.", "还没有消息往来。"),
    "between.channel": ("Channel", "渠道"),
    "between.received": ("Theirs", "客户消息"),
    "between.sent": ("Ours", "我方消息"),
    "between.all": ("All", "合计"),
    "between.elsewhere": ("Elsewhere", "其他"),
    "between.last_received": ("They wrote last", "客户最近来信"),
    "between.last_sent": ("We wrote last", "我方最近发送"),
    "between.speed.bot": ("The assistant answers in", "智能助手回复用时"),
    "between.speed.agent": ("People answer in", "人工回复用时"),
    "between.speed.us": ("We answer in", "我方回复用时"),
    "between.speed.them": ("They answer in", "客户回复用时"),
    "between.median": ("median of {n}", "{n} 次的中位数"),
    "between.how": (
        "From their first message without an answer, for people from the last call for a person; theirs from our last "
        "message, within 7 days.",
        "从客户第一条未回复的消息算起；人工从最近一次请求人工算起；客户回复从我方最后一条消息算起，7 天内有效。",
    ),
    "planned.title": ("Planned", "计划联系"),
    "planned.none": ("Nothing is planned.", "没有计划中的联系。"),
    "planned.message": ("A message waits to be sent", "有消息待发送"),
    "planned.survey": ("A survey is due", "将发送调查"),
    "planned.snoozed": ("A conversation comes back", "对话将重新打开"),
    "planned.task": ("A task is due", "有任务待办"),
    "planned.follow_up": ("Somebody promised to come back", "已承诺跟进"),
    "planned.campaign": ("A campaign goes out", "将发送营销活动"),
    "planned.no_day": ("no day set", "未定日期"),
    "effect.title": ("After we wrote first", "主动联系之后"),
    "effect.none": (
        "We have never written to them first, or the days after it are not over.",
        "我们还没有主动联系过该客户，或观察期尚未结束。",
    ),
    "effect.purchase": ("Bought within {days} days", "{days} 天内购买"),
    "effect.reply": ("Wrote within {days} days", "{days} 天内来信"),
    "effect.after": (
        "after {followed} of {contacts} contacts ({share})",
        "{contacts} 次联系中 {followed} 次之后发生（{share}）",
    ),
    "effect.before": (
        "before: in {before} of {windows} spells of {days} days ({share})",
        "此前：{windows} 个 {days} 天区间中有 {before} 个（{share}）",
    ),
    "effect.no_before": ("before: nothing to compare with", "此前：没有可比较的数据"),
    "effect.verdict.few": ("Too few to tell", "数据太少，无法判断"),
    "effect.verdict.more": ("More than before", "比之前多"),
    "effect.verdict.less": ("Less than before", "比之前少"),
    "effect.verdict.same": ("No clear difference", "没有明显差异"),
    "effect.everybody": (
        "Everybody ({people}): {after} after, {before} before.",
        "全部客户（{people} 人）：联系后 {after}，此前 {before}。",
    ),
    "effect.how": (
        "A contact is a message of ours, not of the assistant, with none of theirs in the day before; several within "
        "{days} days are one. Before means up to 26 spells of {days} days back from the first contact. The two are "
        "compared by Fisher's exact test, from 5 of each on. People were written to for a reason: this is what was "
        "seen, not what writing caused.",
        "“联系”指我方（非智能助手）发出、且此前一天内客户没有来信的消息，{days} 天内的多次算一次。"
        "“此前”指从首次联系往前、每 {days} 天一段、最多 26 段。两者各有至少 5 个时，用费希尔精确检验比较。"
        "联系客户往往事出有因：这只是观察结果，不代表因果关系。",
    ),
    "effect.how_title": ("How this is computed", "计算方法"),
    "contacts.value": ("Expected in a year", "预计一年消费"),
    "contacts.risk": ("Likely to leave", "流失可能性"),
    "contacts.show": ("Show", "显示"),
    "contacts.order": ("Order", "排序"),
    "contacts.by.newest": ("Newest first", "最新优先"),
    "contacts.by.value": ("Most valuable first", "价值最高优先"),
    "contacts.by.risk": ("Most likely to leave first", "最可能流失优先"),
    "contacts.any_risk": ("Any", "全部"),
    "contacts.scored_only": (
        "Only people with figures are listed here.",
        "这里只列出已有评分的联系人。",
    ),
    "contacts.none_scored": ("Nobody with such figures", "没有符合条件的联系人"),
    "contacts.none_scored_lead": (
        "Figures are computed once a day, for those who have bought something.",
        "评分每天计算一次，只针对有购买记录的客户。",
    ),
}
