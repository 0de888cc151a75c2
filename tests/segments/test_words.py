"""A rule in plain words, in both languages."""

from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings

from analytics.segments.phrases import NAMES, PHRASES
from analytics.segments.rule import read
from analytics.segments.words import in_words
from tests.segments.rules import LEAVES, Json

BOUGHT = {"kind": "purchase", "value": 2, "window": {"days": 90}}
EMAIL = {"kind": "reach", "channel": "email"}
TAG = {"kind": "tag", "values": ["vip", "new"]}

TOLD: list[tuple[Any, str, str]] = [
    (
        {"all": [BOUGHT, {"not": EMAIL}]},
        "Bought at least 2 times in the last 90 days and cannot be reached by e-mail",
        "最近 90 天购买至少 2 次，并且无法通过邮件联系",
    ),
    (
        {"any": [TAG, {"all": [EMAIL, {"kind": "consent", "purpose": "marketing"}]}]},
        "Tagged vip, new or (can be reached by e-mail and agreed to marketing)",
        "带有标签 vip、new，或者（可通过邮件联系，并且已同意营销）",
    ),
    (
        {"not": {"any": [TAG, EMAIL]}},
        "Not (tagged vip, new or can be reached by e-mail)",
        "不符合（带有标签 vip、new，或者可通过邮件联系）",
    ),
    (
        {"kind": "purchase", "op": "at_most", "value": 0, "category": "tea"},
        "Bought nothing from tea",
        "没有购买过tea 类商品",
    ),
    (
        {"kind": "purchase", "measure": "days_since", "value": 60},
        "Last bought at least 60 days ago",
        "上次购买距今至少 60 天",
    ),
    (
        {"kind": "event", "name": "email_open", "window": {"since": "2026-01-01"}},
        "Opened e-mails since 2026-01-01",
        "2026-01-01 起有过打开邮件",
    ),
    (
        {"kind": "person", "field": "age", "op": "between", "low": 20, "high": 30},
        "From 20 to 30 years old",
        "20 至 30 岁",
    ),
    (
        {"not": {"kind": "person", "field": "gender", "op": "is", "value": "female"}},
        "Gender is not female",
        "性别不为女",
    ),
    (
        {"kind": "score", "name": "churn", "op": "at_least", "value": 0.7},
        "Risk of leaving is at least 0.7",
        "流失风险至少 0.7",
    ),
    (
        {"kind": "person", "field": "email", "op": "is", "value": "a_b@example.com"},
        "E-mail address is a_b@example.com",
        "邮箱为a_b@example.com",
    ),
    ({"kind": "ticket", "open": True}, "Has open tickets", "有未解决工单"),
    (
        {"kind": "feedback", "of": "nps", "op": "at_most", "value": 6},
        "Last NPS score at most 6",
        "最近一次 NPS 评分最多 6",
    ),
]


@pytest.mark.parametrize(("where", "english", "chinese"), TOLD)
def test_rules_are_told(where: Any, english: str, chinese: str) -> None:
    rule = read({"where": where})
    assert [in_words(rule), in_words(rule, "zh")] == [english, chinese]


@settings(max_examples=150, deadline=None)
@given(leaf=LEAVES)
def test_every_question_and_its_opposite_can_be_told(leaf: Json) -> None:
    for language in ("en", "zh"):
        yes, no = (in_words(read({"where": w}), language) for w in (leaf, {"not": leaf}))
        assert yes != no
        assert "None" not in yes + no
        assert "{" not in yes + no


def test_both_languages_take_the_same_values() -> None:
    for key, texts in (PHRASES | NAMES).items():
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert fields[0] == fields[1], key
