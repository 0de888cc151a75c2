"""What customers read when they want no more messages, or want them again."""

from enum import StrEnum


class Phrase(StrEnum):
    """A thing to say."""

    STOPPED = "stopped"
    ASK = "ask"
    YES = "yes"
    NO = "no"
    KEPT = "kept"
    BACK = "back"


_TEXTS: dict[Phrase, tuple[str, str]] = {
    Phrase.STOPPED: (
        "Done. We won't send you any more marketing messages. What belongs to your orders and questions still reaches"
        " you. If you change your mind, write START.",
        "好的，以后不会再给您发营销消息了；与订单和咨询有关的通知仍会发送。如需重新接收，请回复“恢复订阅”。",
    ),
    Phrase.ASK: (
        "Do you want to stop receiving our offers and news?",
        "请问您是想停止接收我们的优惠和活动消息吗？",
    ),
    Phrase.YES: ("Stop messages", "停止接收"),
    Phrase.NO: ("Keep them", "继续接收"),
    Phrase.KEPT: ("All right, nothing changes.", "好的，一切照旧。"),
    Phrase.BACK: (
        "Welcome back: you will get our offers and news again. Write STOP whenever you have had enough.",
        "已为您恢复订阅，您将重新收到我们的优惠和活动消息。不想接收时，随时回复“退订”即可。",
    ),
}


def say(phrase: Phrase, language: str) -> str:
    """Return a text in the language, English when there is none."""
    return _TEXTS[phrase][language == "zh"]
