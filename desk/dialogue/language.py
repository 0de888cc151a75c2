"""Which of our two languages a message is in; short and wordless messages keep the language that was."""

import re

from desk.dialogue.identify import identify

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


def detect(text: str, current: str) -> str:
    """Return ``en`` or ``zh``: the language to answer in.

    A wish for a language decides ("speak English please", "说中文"), then the language of the text. Texts that tell
    none (numbers, addresses, names, "ok", emoji) and languages that we do not speak keep ``current``.
    """
    for language, wish in _ASKS_FOR:
        if wish.search(text):
            return language
    found = identify(text)
    return found if found in LANGUAGES else current
