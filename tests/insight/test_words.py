"""Groups, rules and reasons in words that people use."""

import pytest

from analytics.insight import words
from analytics.insight.quality import Check


def test_groups_are_named_by_what_stands_out() -> None:
    found = words.group_names(
        [
            {"recency": 1.4, "frequency": -0.8, "money": -0.2},
            {"recency": -0.3, "frequency": 1.2, "money": 1.5},
            {"recency": 0.1, "frequency": 0.2, "money": -0.1},
        ]
    )
    assert found == ("long away, buys seldom", "spends much, buys often", "like most")
    assert [words.group(name, "zh") for name in found] == [
        "很久没来、很少购买",
        "消费高、经常购买",
        "与多数人相似",
    ]
    assert words.group(found[0], "en") == found[0]


def test_no_two_groups_have_one_name() -> None:
    near = {"frequency": 1.0, "money": 0.9}
    found = words.group_names(
        [near | {"recency": -0.6}, near | {"recency": 0.6}, near | {"recency": 0.7}]
    )
    assert found[0] == "buys often, spends much, here lately"
    assert found[1:] == (
        "buys often, spends much, long away (1)",
        "buys often, spends much, long away (2)",
    )
    assert words.group(found[2], "zh") == "经常购买、消费高、很久没来（2）"


def test_what_no_table_knows_keeps_its_name() -> None:
    (name,) = words.group_names([{"shoe_size": 2.0}])
    assert name == "much shoe size"
    assert words.group(name, "zh") == name
    assert words.group("<b>", "zh") == "<b>"
    assert words.feature("shoe_size", "zh") == "shoe size"
    assert words.reason("the moon was in the way", "zh") == "the moon was in the way"


_CHECKS = [
    (Check("r", "number", low=3.5), "recency score at least 4", "最近购买评分不少于 4"),
    (Check("f", "number", high=2.5), "frequency score at most 2", "购买频率评分不超过 2"),
    (Check("m", "number", low=1.5, high=3.5), "money score 2 to 3", "消费金额评分 2 到 3"),
    (Check("orders_90", "number", low=1.5, high=2.5), "orders in 90 days 2", "近 90 天订单数为 2"),
    (
        Check("recency", "number", low=120.25),
        "days since the last order over 120",
        "距上次下单天数大于 120",
    ),
    (Check("gender", "word", "female", low=0.5), "gender: woman", "性别为女"),
    (Check("country", "word", "DE", high=0.5), "country: not DE", "国家不是DE"),
    (Check("age", "missing", high=0.5), "age in years known", "年龄已知"),
]


@pytest.mark.parametrize(("check", "english", "chinese"), _CHECKS)
def test_rules_read_as_people_say_them(check: Check, english: str, chinese: str) -> None:
    assert words.rule([check], "en") == english
    assert words.rule([check], "zh") == chinese


def test_a_rule_joins_its_conditions() -> None:
    both = [_CHECKS[0][0], _CHECKS[1][0]]
    assert words.rule(both, "en") == "recency score at least 4 and frequency score at most 2"
    assert words.rule(both, "zh") == "最近购买评分不少于 4，且购买频率评分不超过 2"
    assert words.rule([], "en") == "everybody"


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("there are no purchases to learn from", "nothing has been bought yet", "还没有购买记录"),
        (
            "purchases since 2026-01-01 are too few for a horizon of 90 days: choose at most 12",
            "the purchases do not go back far enough: a year is needed",
            "购买记录时间太短，至少需要约一年",
        ),
        (
            "nobody bought a second time: there is nothing to learn from",
            "too few people bought a second time",
            "再次购买的人太少",
        ),
    ],
)
def test_reasons_are_told_in_the_readers_words(text: str, english: str, chinese: str) -> None:
    assert words.reason(text, "en") == english
    assert words.reason(text, "zh") == chinese
