"""What customers say: dialogues of six messages, the same for everybody who is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialogue:
    """One customer's messages, in order."""

    name: str
    messages: tuple[str, ...]


DIALOGUES = (
    Dialogue(
        "order, English",
        (
            "hi there",
            "where is my order?",
            "10023",
            "ana@example.com",
            "how can I pay?",
            "thanks",
        ),
    ),
    Dialogue(
        "order, Chinese",
        ("你好", "我的订单到哪了？", "10023", "ana@example.com", "你们支持哪些付款方式？", "谢谢"),
    ),
    Dialogue(
        "ticket, English",
        (
            "hello",
            "I want to open a ticket",
            "The handle came off",
            "It broke on the first day and I would like a new one",
            "high",
            "ana@example.com",
        ),
    ),
    Dialogue(
        "ticket, Chinese",
        (
            "你好",
            "我要提交一个工单",
            "把手掉了",
            "收到第一天就坏了，希望换一个新的",
            "高",
            "ana@example.com",
        ),
    ),
)
