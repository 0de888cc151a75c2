"""A rating in a customer's words: "5 stars", "4/5", "great, thanks", 非常满意."""

import re

from actions.reading import shape

_WITH_UNIT = re.compile(
    r"(?<![\d.,])(?P<digit>[1-5])\s*(?:/\s*5|out of (?:5|five)|stars?\b|颗?星|分(?!钟))"
    r"|\b(?P<word>one|two|three|four|five)\s*(?:out of (?:5|five)|stars?\b)"
    r"|(?P<han>[一二两兩三四五])\s*(?:颗?星|分(?!钟))|(?P<full>满分|滿分)",
    re.IGNORECASE,
)
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5} | {
    "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5,
}  # fmt: skip
# What may stand around a score without changing it.
_FILLER = re.compile(
    r"\b(?:i'?d|i'?ll|i|would|will|say|give|rate|you|it|this|that|a|an|the|maybe|probably|around|about|was|is|were"
    r"|my|score|rating|points?|thank you|thanks|thx|please|ok|okay|well|guess|just|bot|service"
    r"|chat|all|so far|for|to)\b"
    r"|谢谢|感谢|多谢|我|给|给个|打|评|你们?|您|吧|个|就|服务|客服|大概|觉得|感觉|了|的|啊|呀|哦",
    re.IGNORECASE,
)
# Whole answers; the first that fits wins.
_MOODS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
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
_CLAUSE = re.compile(r"[,，。.!！;；:：\n~～]+|\s[-–—]\s")
_LONGEST_MOOD = 8
"""Words of a clause that can still be a mere score."""


def with_unit(text: str) -> int | None:
    """Return the score of words that can be nothing else: "4/5", "5 stars", "给5分"."""
    found = _WITH_UNIT.search(text)
    if found is None:
        return None
    if found["full"]:
        return 5
    word = (found["digit"] or found["word"] or found["han"]).lower()
    return _NUMBERS.get(word) or int(word)


def rating(text: str) -> int | None:
    """Return a score of 1 to 5 when the text answers "how was it?"; None for anything that asks or wishes."""
    stars = text.count("⭐") + text.count("★")
    if 1 <= stars <= 5:
        return stars
    if shape.is_question(text):
        return None
    first, *rest = [part for part in _CLAUSE.split(text) if part.strip()] or [""]
    if any(shape.is_command(part) or shape.is_question(part) for part in rest):
        return None
    return with_unit(text) or _mood(text) or _mood(first)


def comment(text: str) -> str | None:
    """Return the text when it says more than a score."""
    if rating(text) is None:
        return None
    parts = [part for part in _CLAUSE.split(_WITH_UNIT.sub(" ", text)) if _mood(part) is None]
    return text if shape.size(_FILLER.sub(" ", " ".join(parts))) >= 2 else None


def _mood(text: str) -> int | None:
    if shape.size(text) > _LONGEST_MOOD:
        return None
    plain = " ".join(
        re.sub(r"[^\w'👎😡😠😞🙁😐🙂😊👍❤️😍💯-]", " ", _FILLER.sub(" ", text)).split()
    )
    return next((score for score, mood in _MOODS if mood.fullmatch(plain)), None) or _number(plain)


def _number(plain: str) -> int | None:
    return _NUMBERS.get(plain.lower())
