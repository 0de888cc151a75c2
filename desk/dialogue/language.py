"""Which of our two languages a message is in; short and wordless messages keep the language that was."""

import re
import unicodedata

LANGUAGES = ("en", "zh")

_ASKS_FOR = (
    (
        "en",
        re.compile(
            r"\b(?:in|speak|talk|use|switch to|answer in|reply in)\s+english\b|^\s*english\s*(?:please|pls)?\W*$"
            r"|(?:说|讲|用|换成?|切换到?|转)\s*(?:英文|英语|英語|english)",
            re.IGNORECASE,
        ),
    ),
    (
        "zh",
        re.compile(
            r"\b(?:in|speak|talk|use|switch to|answer in|reply in)\s+(?:chinese|mandarin)\b"
            r"|^\s*(?:chinese|mandarin)\s*(?:please|pls)?\W*$"
            r"|(?:说|讲|講|用|换成?|切换到?|转|會|会)\s*(?:中文|汉语|漢語|普通话|國語)|^\s*(?:中文|汉语)\W*$",
            re.IGNORECASE,
        ),
    ),
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_NOT_WORDS = re.compile(
    r"\S+@\S+|https?://\S+|\b[A-Za-z]{1,4}-?\d+\b|\b(?:ok|okay|hi|bye|no|yes|pro|app|vip)\b",
    re.IGNORECASE,
)


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿" or unicodedata.name(character, "").startswith("CJK UNIFIED")


def detect(text: str, current: str) -> str:
    """Return ``en`` or ``zh``.

    A wish for a language decides ("speak English please", "说中文"); then any two Chinese characters, or one without
    an English word, make it Chinese; two English words make it English. Numbers, addresses, "ok" and emoji keep
    ``current``.
    """
    for language, wish in _ASKS_FOR:
        if wish.search(text):
            return language
    han = sum(map(_is_han, text))
    words = len(_WORD.findall(_NOT_WORDS.sub(" ", text)))
    if han >= 2 or (han and not words):
        return "zh" if han * 4 >= words else "en"
    if words >= 2 or (words == 1 and current != "zh"):
        return "en"
    if words == 1 and len(text.strip()) >= 5 and text.isascii():
        return "en"
    return current
