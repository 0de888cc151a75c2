"""Scores in a customer's words: "5 stars", "4/5", "very good", "9", 非常满意, 八分. Pure."""

import re
from dataclasses import dataclass

from desk.contacts.stop_words import Stop, understood
from desk.dialogue.clean import clean
from desk.feedback.kinds import SCALES, best
from desk.tables.feedback import FeedbackKind

WITH_UNIT = re.compile(
    r"(?<![\d.,])(?P<digit>[1-5])\s*(?:/\s*5(?!\d)|out of (?:5\b|five)|stars?\b|颗?星|分(?!钟))"
    r"|\b(?P<word>one|two|three|four|five)\s*(?:out of (?:5\b|five)|stars?\b)"
    r"|(?<![零一二两兩三四五六七八九十])(?P<han>[一二两兩三四五])\s*(?:颗?星|分(?!钟))|(?P<full>满分|滿分)",
    re.IGNORECASE,
)
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5} | {
    "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5,
}  # fmt: skip
_MORE_NUMBERS = NUMBERS | {
    "zero": 0, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "零": 0, "〇": 0, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
}  # fmt: skip
# What may stand around a score without changing it.
FILLER = re.compile(
    r"\b(?:i'?d|i'?ll|i|would|will|say|give|rate|you|it|this|that|a|an|the|maybe|probably|around|about|was|is|were"
    r"|my|score|rating|points?|thank you|thanks|thx|please|ok|okay|well|guess|just|bot|service"
    r"|chat|all|so far|for|to)\b"
    r"|谢谢|感谢|多谢|我|给|给个|打|评|你们?|您|吧|个|就|服务|客服|大概|觉得|感觉|了|的|啊|呀|哦",
    re.IGNORECASE,
)
# Whole answers; the first that fits wins.
MOODS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (score, re.compile(rf"(?:{words})", re.IGNORECASE))
    for score, words in (
        (1, r"1|terrible|awful|horrible|(?:the )?worst|useless|rubbish|(?:very|really|so) (?:bad|poor)|👎|😡|😠"
            r"|(?:非常|很|十分|特别|太)不满意?|(?:极|很|太|非常)差劲?|差劲|垃圾|糟糕|太糟"),
        (2, r"2|bad|poor|not (?:very |so |too |that )?(?:good|great|happy|satisfied|helpful)|unhappy"
            r"|disappoint(?:ed|ing)"
            r"|不(?:太|怎么)?(?:好|满意)|不怎么样|不行|差|较差|失望|😞|🙁"),
        (3, r"3|so[- ]?so|average|meh|mediocre|一般般?|还行|凑合|马马虎虎|普通|还可以|中等|😐"),
        (4, r"4|good|nice|helpful|(?:pretty|quite) good|not (?:too )?bad|happy|satisfied"
            r"|(?:挺|还|比较|蛮)?(?:满意|不错)|挺好|蛮好|🙂|😊"),
        (5, r"5|great|excellent|perfect|awesome|amazing|fantastic|wonderful|brilliant|superb|outstanding|very helpful"
            r"|(?:very|really|so) (?:good|nice|happy|satisfied|helpful)|(?:i )?loved?|(?:the )?best|👍+|❤️?|😍|💯"
            r"|(?:非常|很|十分|特别|超级?|太)(?:满意|好|棒|赞|给力)|完美|优秀|赞|点赞|好评|真?棒|给力|满意极"),
    )
)  # fmt: skip
CLAUSE = re.compile(r"[,，。.!！;；:：\n~～]+|\s[-–—]\s")
_KEPT_SIGNS = re.compile(r"[^\w'👎😡😠😞🙁😐🙂😊👍❤️😍💯-]")
_DIGITS = (
    r"\d{1,3}|[零〇一二两兩三四五六七八九十]|zero|one|two|three|four|five|six|seven|eight|nine|ten"
)
# A number that is the whole of a clause, with its scale behind it if it names one.
_NUMBER = re.compile(
    rf"(?P<number>{_DIGITS})\s*(?:(?:/|out of)\s*(?P<of>{_DIGITS})|分|points?|(?P<star>颗?星|stars?))?",
    re.IGNORECASE,
)
_KEYCAP = re.compile("([0-9])\ufe0f?\u20e3|(\U0001f51f)")
_STOP = re.compile(
    r"\W*(?:(?:stop(?:all| it| asking| sending)?|unsubscribe|cancel|end|quit|opt[ -]?out|revoke"
    r"|no more (?:surveys|questions)|don'?t (?:ask|write|message)(?: me)?(?: again| any ?more)?|td?)\b"
    r"|退订|退訂|取消订阅|别再?(?:问|发)了?|不要再?(?:问|发)了?)"
    r"\W*(?:thanks?(?: you)?|please|谢谢)?\W*",
    re.IGNORECASE,
)
_NEW_MATTER = re.compile(
    r"[?？]|\d{4,}|\b(?:where|when|what|why|how|which|can you|could you|i (?:want|need)|i'?d like|help|order|refund"
    r"|human|person|agent|someone|somebody|call me|hello|hi)\b"
    r"|[吗嗎么麼呢]\s*[。！!]*$|怎么|如何|什么|哪|人工|客服在|订单|退款|退货|我要|我想|帮我|请问|你好|在吗",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Heard:
    """A score as it was said; ``value`` is None when it is a number that is not on the scale."""

    value: int | None
    comment: str | None = None


def mood(text: str) -> int | None:
    """Return the 1 to 5 of a few words that say nothing else: "very good"."""
    plain = " ".join(_KEPT_SIGNS.sub(" ", FILLER.sub(" ", text)).split())
    found = next((score for score, words in MOODS if words.fullmatch(plain)), None)
    return found or NUMBERS.get(plain.lower())


def heard(text: str, kind: FeedbackKind) -> Heard | None:
    """Return the score that a text is the answer with; None for a text that is none.

    What follows in another clause is its comment. "10/10" is the best score on every scale; any other number that
    is not on the scale, or names another one, is a miss.
    """
    said = _KEYCAP.sub(lambda found: found[1] or "10", clean(text))
    stars = said.count("⭐") + said.count("★")
    if kind is FeedbackKind.CSAT and stars and not said.strip("⭐★\ufe0f "):
        return Heard(stars if stars in SCALES[kind] else None)
    first, *rest = [part.strip() for part in CLAUSE.split(said) if part.strip()] or [""]
    found = _number(first, kind) or (_words(first) if kind is FeedbackKind.CSAT else None)
    if found is None or any(is_new_matter(part) for part in rest) or "?" in said or "？" in said:
        return None
    more = [part for part in rest if mood(part) is None and FILLER.sub("", part).strip()]
    return Heard(found.value, comment=said if more else None)


def is_stop(text: str) -> bool:
    """Say whether somebody wants to be asked no more."""
    if len(text) < 60 and _STOP.fullmatch(clean(text)):
        return True
    meant = understood(text, "")
    return isinstance(meant, Stop) and not meant.as_answer


def is_new_matter(text: str) -> bool:
    """Say whether words after a rating ask for something rather than comment on it."""
    return _NEW_MATTER.search(text) is not None


def _number(text: str, kind: FeedbackKind) -> Heard | None:
    found = _NUMBER.fullmatch(" ".join(FILLER.sub(" ", text).split()))
    if found is None:
        return Heard(best(kind)) if text in ("满分", "滿分") else None
    value, of = _value(found["number"]), 5 if found["star"] else _value(found["of"])
    if of is not None and of != best(kind):
        return Heard(best(kind) if value == of and of > 1 else None)
    return Heard(value if value in SCALES[kind] else None)


def _words(text: str) -> Heard | None:
    score = mood(text)
    return None if score is None else Heard(score)


def _value(text: str | None) -> int | None:
    if text is None:
        return None
    return int(text) if text.isdigit() else _MORE_NUMBERS[text.lower()]
