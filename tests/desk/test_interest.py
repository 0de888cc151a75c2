"""Who wants what was offered, and who says something else."""

import pytest

from desk.dialogue.interest import wants


@pytest.mark.parametrize(
    "text",
    [
        "I'm interested",
        "I’m very interested!",
        "interested",
        "Yes, tell me more please",
        "show me",
        "I'd like that",
        "I'll take one.",
        "count me in",
        "how can I order it?",
        "感兴趣",
        "我很感兴趣",
        "好的，发我看看",
        "想了解一下",
        "要的，谢谢",
        "怎么买？",
    ],
)
def test_this_wants_it(text: str) -> None:
    assert wants(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm not interested",
        "I was interested until I saw the price",
        "show me my order",
        "tell me more about the refund",
        "how can I return it?",
        "I want it gone",
        "不感兴趣",
        "我不想要",
        "发我看看订单",
        "怎么退订？",
        "",
    ],
)
def test_this_says_something_else(text: str) -> None:
    assert not wants(text)
