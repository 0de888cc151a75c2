"""Makes look-alike characters one, character by character, so that every offset stays what it was."""

from __future__ import annotations

import sys
import unicodedata

# Full-width commas and full stops stay: in Chinese they separate ("10023，99"), a plain comma may not.
_SIGNS = {
    **dict.fromkeys("‐‑−﹣－", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t\r\n\v\f", " "),
    **{wide: unicodedata.normalize("NFKC", wide) for wide in "＃＄％＆＇＋．／：＝＠＿￡￥（）"},
    "’": "'",
    "№": "#",
}


def _table() -> dict[int, str]:
    """Digits of every script, full-width letters, signs and spaces."""
    folds = {ord(sign): plain for sign, plain in _SIGNS.items()}
    for code in range(128, sys.maxunicode + 1):
        character = chr(code)
        if character.isdecimal():
            folds[code] = str(unicodedata.decimal(character))
        elif "Ａ" <= character <= "Ｚ" or "ａ" <= character <= "ｚ":
            folds[code] = unicodedata.normalize("NFKC", character)
    return folds


_FOLDS = _table()


def fold(text: str) -> str:
    """The text with plain digits, Latin letters, signs and spaces; as long as it was."""
    return text.translate(_FOLDS)


def lower(text: str) -> str:
    """Lower case, as long as it was: a capital that grows (İ) stays a capital."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := one.lower()) == 1 else one for one in text)
