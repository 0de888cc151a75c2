"""What customers read about questions and answers, in English and Chinese."""

from collections.abc import Mapping
from enum import StrEnum

from desk.feedback.kinds import SCALES
from desk.tables.feedback import FeedbackKind


class Phrase(StrEnum):
    """A thing to say."""

    THANKS = "thanks"
    SORRY = "sorry"
    NOTED = "noted"
    OFF_SCALE = "off_scale"
    STANDS = "stands"
    TOO_LATE = "too_late"
    STOPPED = "stopped"


_QUESTIONS: Mapping[FeedbackKind, tuple[str, str]] = {
    FeedbackKind.CSAT: (
        "How did we do when you last talked with us, from 1 (bad) to 5 (very good)?",
        "上次的服务您觉得怎么样？1 分（很差）到 5 分（很好）。",
    ),
    FeedbackKind.CES: (
        "How easy was it to get your matter settled, from 1 (very hard) to 7 (very easy)?",
        "这次解决问题方便吗？1 分（很麻烦）到 7 分（很方便）。",
    ),
    FeedbackKind.NPS: (
        "How likely are you to recommend us to a friend, from 0 (not at all) to 10 (certainly)?",
        "您有多大可能把我们推荐给朋友？0 分（完全不会）到 10 分（一定会）。",
    ),
}
_ABOUT_TICKET = (
    "How did we do with your ticket {ticket}, from 1 (bad) to 5 (very good)?",
    "工单 {ticket} 的处理您觉得怎么样？1 分（很差）到 5 分（很好）。",
)
_BY_MESSAGE = ("Just answer with a number.", "直接回复数字就可以。")
_BY_LINK = ("One click is enough:", "点一下即可评分：")
_STOP = (
    "If you do not want to be asked again, answer STOP.",
    "如果不想再收到这类询问，请回复“退订”。",
)
_TEXTS: Mapping[Phrase, tuple[str, str]] = {
    Phrase.THANKS: (
        "Thank you for your rating! If you like, tell us in a few words why; just answer here.",
        "感谢您的评分！方便的话，请用几句话告诉我们原因，直接在这里回复就行。",
    ),
    Phrase.SORRY: (
        "Thank you for your frankness, and we are sorry. What went wrong? Just answer here; a colleague will read it.",
        "感谢您的坦诚，很抱歉没有让您满意。哪里做得不好？请直接在这里回复，同事会认真看。",
    ),
    Phrase.NOTED: (
        "Thank you, I have passed that on. If there is anything else, just write.",
        "谢谢，我已经转达。还有其他事情的话，随时发消息给我们。",
    ),
    Phrase.OFF_SCALE: (
        "I did not get that: please answer with a number from {first} to {last}.",
        "没有看懂您的评分，请回复 {first} 到 {last} 之间的数字。",
    ),
    Phrase.STANDS: (
        "Thank you. Your earlier rating of {score} stands; it can be changed for a day only.",
        "谢谢。您之前的评分（{score} 分）已经生效，评分只能在一天内修改。",
    ),
    Phrase.TOO_LATE: (
        "Thank you, but that question is closed. If there is anything we can do, just write.",
        "谢谢，不过这次评价已经结束。如果需要帮助，随时发消息给我们。",
    ),
    Phrase.STOPPED: (
        "All right, we will not ask you again.",
        "好的，以后不会再向您发送这类询问。",
    ),
}


def say(phrase: Phrase, language: str, **values: int) -> str:
    """Return a text in the language, English when there is none."""
    return _in(_TEXTS[phrase], language).format(**values)


def question(kind: FeedbackKind, language: str, *, ticket: str | None = None) -> str:
    """Return the question alone; one about a ticket names it."""
    if ticket is not None:
        return _in(_ABOUT_TICKET, language).format(ticket=ticket)
    return _in(_QUESTIONS[kind], language)


def by_message(
    kind: FeedbackKind, language: str, *, buttons: bool, ticket: str | None = None
) -> str:
    """Return the question with how to answer it; one that nobody expects says how to be left alone, too."""
    parts = [question(kind, language, ticket=ticket)]
    if not buttons:
        parts.append(_in(_BY_MESSAGE, language))
    if kind is FeedbackKind.NPS:
        parts.append(_in(_STOP, language))
    return _JOINED[language == "zh"].join(parts)


def by_link(
    kind: FeedbackKind, language: str, urls: Mapping[int, str], *, ticket: str | None = None
) -> str:
    """Return the question with an address for each score."""
    lines = [f"{score}: {urls[score]}" for score in SCALES[kind]]
    return "\n\n".join(
        [
            question(kind, language, ticket=ticket),
            "\n".join([_in(_BY_LINK, language), *lines]),
            _in(_STOP, language),
        ]
    )


_JOINED = {False: " ", True: ""}


def _in(texts: tuple[str, str], language: str) -> str:
    return texts[language == "zh"]
