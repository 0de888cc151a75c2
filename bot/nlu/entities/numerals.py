"""Numbers in English and Chinese words."""

from __future__ import annotations

from collections.abc import Iterable

HAN = "〇零一二两兩三四五六七八九十廿百千万萬"
_HAN_DIGITS = {
    "〇": 0,
    "两": 2,
    "兩": 2,
    **{name: n for n, name in enumerate("零一二三四五六七八九")},
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}

_TEENS = "two three four five six seven eight nine ten eleven twelve"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ENGLISH = {
    **dict.fromkeys(("a", "an", "one"), 1),
    **{name: number for number, name in enumerate(_TEENS.split(), 2)},
    "fifteen": 15,
    **{name: 10 * number for number, name in enumerate(_TENS.split(), 2)},
}


def english(words: str) -> int | None:
    """`twenty`, `two hundred`, `a hundred`, `12`; None for what it does not know."""
    if words.isdecimal():
        return int(words)
    parts = words.lower().split()
    if len(parts) == 2 and parts[1] == "hundred":
        hundreds = ENGLISH.get(parts[0])
        return None if hundreds is None else hundreds * 100
    return ENGLISH.get(parts[0]) if len(parts) == 1 else None


def chinese(words: str) -> int | None:
    """`三万五千`, `一百五` (150), `十二`, `12`; None for what is no number."""
    if words.isdecimal():
        return int(words)
    total = section = digit = 0
    unit = 1
    for character in words.replace("廿", "二十"):
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
            # 零 says that a place is skipped: 一百零五 is 105, 一百五 is 150.
            unit = unit if digit else 1
        elif character in _HAN_UNITS:
            unit = _HAN_UNITS[character] // 10
            section += (digit or 1) * _HAN_UNITS[character]
            digit = 0
        elif character in "万萬":
            total += (section + digit or 1) * 10_000
            section = digit = 0
            unit = 1000
        else:
            return None
    return total + section + digit * unit


def any_of(words: Iterable[str]) -> str:
    """A pattern for one of the words, the longest that fits."""
    return "|".join(sorted(words, key=len, reverse=True))
