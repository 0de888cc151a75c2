"""What a message says beside its courtesies: "Great, thanks! Can I still return it?" asks about returns.

Plain code for the classifier alone: entities are read from the whole text, so that their offsets hold.
"""

from __future__ import annotations

import re

_KIND = (
    r"(?:(?:ok(?:ay)?|great|perfect|cool|nice|awesome|wonderful|lovely|good|al+ ?right|got it|i see)[ ,!.]*)?"
    r"(?:(?:many |ok |okay |great |perfect |cool )?(?:thanks?(?: you)?|thx|ty|cheers|tysm)"
    r"(?: (?:so|very) much| a lot| a million| again| in advance| for (?:the|your) (?:quick )?(?:help|info(?:rmation)?"
    r"|reply|answer))?(?: (?:mate|guys|team))?"
    r"|hi(?: there| again| all)?|hello(?: there| again)?|hey(?: there)?|good (?:morning|afternoon|evening|day)"
    r"|great|perfect|awesome|cool|nice|wonderful|ok(?:ay)?|got it|alright)"
)
_KIND_ZH = (
    r"(?:好的?|太好了|太棒了|知道了|明白了?|收到|嗯+|行|可以|真棒|不错)?[，,。.!！~～ ]*"
    r"(?:(?:非常|太|多|十分|真的?)?(?:谢谢|感谢|多谢|谢了|谢啦|辛苦了?|謝謝|感謝)(?:你们?|您|哈|啦|了|啊|帮忙|的回复|回复)*"
    r"|你好呀?|您好|哈[喽啰]|嗨|早上好|下午好|晚上好|在吗|亲|好的?|知道了|明白了?|收到|太好了|太棒了)"
)
_END = r"\s*(?:[,，、.。!！;；~～:：\n…]|\s[-–—]\s|[\U0001F300-\U0001FAFF☺]|(?=$))+\s*"
_FIRST = re.compile(rf"^\W*(?:(?:{_KIND}){_END}|(?:{_KIND_ZH}){_END})+", re.IGNORECASE)
_LAST = re.compile(
    rf"(?:[,，.。!！?？;；\n]\s*)(?:{_KIND}|{_KIND_ZH})[\s,，.。!！~～]*$", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[㐀-鿿]")


def essence(text: str) -> str:
    """The text without thanks and greetings around it; the whole text when little else is in it."""
    rest = _FIRST.sub("", text, count=1)
    last = _LAST.search(rest)
    if last is not None and last.start() > 0:
        # The sign before the courtesy belongs to the sentence: a question stays one.
        rest = rest[: last.start() + 1]
    rest = rest.strip(" ,，;；\n")
    return rest if _says_enough(rest) else text


def _says_enough(text: str) -> bool:
    return len(_WORD.findall(text)) >= 3 or len(_HAN.findall(text)) >= 4
