"""What features, groups and rules are called: English and Chinese side by side, from tables keyed by feature.

A feature that no table knows, such as a column of somebody's own file, is called what it is called there.
"""

import re
from collections.abc import Mapping, Sequence

from analytics.insight.quality import Check

type Both = tuple[str, str]

_STANDS_OUT = 0.5
"""Standard deviations from the mean of all."""
LIKE_MOST = "like most"

GROUPS: Mapping[tuple[str, bool], Both] = {
    ("recency", True): ("long away", "很久没来"),
    ("recency", False): ("here lately", "最近来过"),
    ("frequency", True): ("buys often", "经常购买"),
    ("frequency", False): ("buys seldom", "很少购买"),
    ("money", True): ("spends much", "消费高"),
    ("money", False): ("spends little", "消费低"),
}
"""What stands out in a group, by feature and whether it is above the mean."""
_ELSE: Mapping[bool, Both] = {
    True: ("much {name}", "{name}较高"),
    False: ("little {name}", "{name}较低"),
}

FEATURES: Mapping[str, Both] = {
    "r": ("recency score", "最近购买评分"),
    "f": ("frequency score", "购买频率评分"),
    "m": ("money score", "消费金额评分"),
    "gender": ("gender", "性别"),
    "language": ("language", "语言"),
    "country": ("country", "国家"),
    "age": ("age in years", "年龄"),
    "tenure": ("days since they came", "成为客户的天数"),
    "recency": ("days since the last order", "距上次下单天数"),
    "last_activity": ("days since the last activity", "距上次活动天数"),
    "last_ticket": ("days since the last ticket", "距上次工单天数"),
    "gap": ("usual days between orders", "平均下单间隔天数"),
    "late": ("usual gaps since the last order", "距上次下单的间隔倍数"),
    "mean_order": ("money of an order on average", "平均订单金额"),
    "largest_order": ("money of the largest order", "最大订单金额"),
    "orders": ("orders", "订单数"),
    "money": ("money spent", "消费金额"),
    "products": ("different products", "购买过的商品种类"),
    "categories": ("kinds of products", "购买过的品类"),
    "pieces": ("pieces bought", "购买件数"),
    "activities": ("activities", "活动次数"),
    "channels": ("channels used", "使用的渠道数"),
    "items": ("different things looked at", "浏览过的内容数"),
    "tickets": ("tickets", "工单数"),
    "tickets_open": ("open tickets", "未解决工单数"),
    "answers": ("answers to surveys", "问卷回答次数"),
    "mood": ("mood in messages", "消息情绪"),
    "satisfied": ("satisfaction (CSAT)", "满意度（CSAT）"),
    "recommends": ("recommends us (NPS)", "推荐意愿（NPS）"),
    "page_view": ("pages viewed", "页面浏览次数"),
    "email_open": ("e-mails opened", "邮件打开次数"),
    "link_click": ("links clicked", "链接点击次数"),
    "like": ("likes", "点赞次数"),
    "follow": ("follows", "关注次数"),
    "share": ("shares", "分享次数"),
    "message_received": ("messages from them", "发来的消息数"),
    "message_sent": ("messages to them", "发出的消息数"),
}
_WINDOW = re.compile(r"(.+)_(\d+)")
_INSIDE: Both = ("{name} in {days} days", "近 {days} 天{name}")
_WORDS: Mapping[str, Both] = {
    "female": ("woman", "女"),
    "male": ("man", "男"),
    "other": ("other", "其他"),
}
_MODELS: Mapping[str, Both] = {
    "logistic regression": ("logistic regression", "逻辑回归"),
    "decision tree": ("decision tree", "决策树"),
    "random forest": ("random forest", "随机森林"),
    "linear regression": ("linear regression", "线性回归"),
}
_REASONS: tuple[tuple[str, Both], ...] = (
    (
        "there are no purchases|there is no purchase|nothing was bought|there are no customers",
        ("nothing has been bought yet", "还没有购买记录"),
    ),
    (
        "are too few for a horizon|fewer than 3 different times|in the earlier or in the last part",
        (
            "the purchases do not go back far enough: a year is needed",
            "购买记录时间太短，至少需要约一年",
        ),
    ),
    (
        "the target is the same|the target has|too few rows",
        ("too few people did it, or did not", "发生或未发生的人数太少"),
    ),
    (
        "bought a second time|bought again",
        ("too few people bought a second time", "再次购买的人太少"),
    ),
    (
        "everybody has bought the same|fewer than 3 different|nothing to tell apart",
        ("too few people have bought, or all the same", "购买的人太少，或行为相同"),
    ),
    ("could be told apart", ("too little is known of people", "对客户了解太少")),
)


def _said(both: Both, language: str) -> str:
    return both[1] if language == "zh" else both[0]


def feature(name: str, language: str) -> str:
    """Return what a feature is called."""
    known = FEATURES.get(name)
    if known is not None:
        return _said(known, language)
    inside = _WINDOW.fullmatch(name)
    if inside is not None and inside[1] in FEATURES:
        return _said(_INSIDE, language).format(name=feature(inside[1], language), days=inside[2])
    return name.replace("_", " ")


def model(name: str, language: str) -> str:
    """Return what a kind of model is called."""
    return _said(_MODELS.get(name, (name, name)), language)


def word(name: str, language: str) -> str:
    """Return what a value of a feature of words is called."""
    return _said(_WORDS.get(name, (name, name)), language)


def reason(text: str, language: str) -> str:
    """Return in the reader's words why something could not be computed; what no table knows stays as it is."""
    for pattern, both in _REASONS:
        if re.search(pattern, text):
            return _said(both, language)
    return text


# --- groups


def group_names(centres: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """Return English names for groups, each a different one, from how far each feature is from the mean of all.

    The two features that stand out most; where that does not tell two groups apart, all that stand out, then a number.
    """
    short = [_named(one, 2) for one in centres]
    names = [
        _named(one, len(one)) if short.count(name) > 1 else name
        for one, name in zip(centres, short, strict=True)
    ]
    return tuple(
        f"{name} ({names[:n].count(name) + 1})" if names.count(name) > 1 else name
        for n, name in enumerate(names)
    )


def _named(centre: Mapping[str, float], most: int) -> str:
    order = sorted(centre, key=lambda name: -abs(centre[name]))
    told = [
        _trait(name, centre[name] > 0, "en")
        for name in order[:most]
        if abs(centre[name]) >= _STANDS_OUT
    ]
    return ", ".join(told) or LIKE_MOST


def _trait(name: str, high: bool, language: str) -> str:
    known = GROUPS.get((name, high))
    if known is not None:
        return _said(known, language)
    return _said(_ELSE[high], language).format(name=feature(name, language))


def group(name: str, language: str) -> str:
    """Return a group's name in the reader's language; a name that no table knows stays as it is."""
    if language != "zh":
        return name
    whole, _, number = name.partition(" (")
    parts = [_CHINESE.get(part, part) for part in whole.split(", ")]
    return "、".join(parts) + (f"（{number.rstrip(')')}）" if number else "")


_CHINESE = dict(GROUPS.values()) | {LIKE_MOST: "与多数人相似"}


# --- rules


def rule(checks: Sequence[Check], language: str) -> str:
    """Return a rule as people say it."""
    if not checks:
        return _said(("everybody", "所有人"), language)
    return _said((" and ", "，且"), language).join(_check(one, language) for one in checks)


def _check(check: Check, language: str) -> str:
    name = feature(check.feature, language)
    if check.kind == "number":
        return _range(name, check, language)
    holds = check.low is not None
    table: Mapping[tuple[str, bool], Both] = {
        ("missing", True): ("{name} not known", "{name}未知"),
        ("missing", False): ("{name} known", "{name}已知"),
        ("other", True): ("{name}: a rare one", "{name}为少见值"),
        ("other", False): ("{name}: a common one", "{name}为常见值"),
        ("word", True): ("{name}: {word}", "{name}为{word}"),
        ("word", False): ("{name}: not {word}", "{name}不是{word}"),
    }
    return _said(table[check.kind, holds], language).format(
        name=name, word=word(check.word, language)
    )


def _range(name: str, check: Check, language: str) -> str:
    low, high = check.low, check.high
    # A number that is cut at a half is a count: between 1.5 and 3.5 lie 2 and 3.
    counts = all(one is None or one % 1 == 0.5 for one in (low, high))
    if counts:
        ends = (None if low is None else low + 0.5, None if high is None else high - 0.5)
        return _ends(name, ends, (_AT_LEAST, _AT_MOST), language)
    return _ends(name, (low, high), (_OVER, _UP_TO), language)


_AT_LEAST: Both = ("{name} at least {low}", "{name}不少于 {low}")
_AT_MOST: Both = ("{name} at most {high}", "{name}不超过 {high}")
_OVER: Both = ("{name} over {low}", "{name}大于 {low}")
_UP_TO: Both = ("{name} up to {high}", "{name}不超过 {high}")
_BETWEEN: Both = ("{name} {low} to {high}", "{name} {low} 到 {high}")
_EXACTLY: Both = ("{name} {low}", "{name}为 {low}")


def _ends(
    name: str, ends: tuple[float | None, float | None], open_ends: tuple[Both, Both], language: str
) -> str:
    low, high = ends
    both = _EXACTLY if low == high else _BETWEEN
    if low is None or high is None:
        both = open_ends[0] if high is None else open_ends[1]
    told = {"low": number(low), "high": number(high)}
    return _said(both, language).format(name=name, **told)


def number(value: float | None) -> str:
    """Return a number with as many digits as people want to read."""
    if value is None:
        return ""
    size = abs(value)
    digits = 0 if size >= 100 or value == round(value) else 1 if size >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
