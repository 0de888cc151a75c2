"""Customer text on its way to the assistant: never a command, never endless, never invisible."""

import re
import unicodedata

LONGEST = 2_000
"""Characters that the assistant reads; the whole text is kept with the message."""

_PLAIN = {
    code: code - 0xFEE0
    for first, last in (("\uff10", "\uff19"), ("\uff21", "\uff3a"), ("\uff41", "\uff5a"))
    for code in range(ord(first), ord(last) + 1)
} | {ord(sign): ord(sign) - 0xFEE0 for sign in "\uff0f\uff20\uff03\uff0d\uff0b\uff0e\uff3f"}
_BREAKS = re.compile(r"[ \t\f\v]+")


def clean(text: str) -> str:
    """Return the text without control characters, in one normal form, at most ``LONGEST`` characters.

    Full-width letters, digits and the signs of numbers and addresses become plain ones; Chinese punctuation stays,
    because customers see these words again. A slash in front is cut, the full-width one too: Rasa reads
    ``/intent{...}`` as an intent that is already understood.
    """
    text = unicodedata.normalize("NFC", text[: LONGEST * 2]).translate(_PLAIN)
    text = "".join(
        c if unicodedata.category(c)[0] != "C" or c in "\n\t" else _keep(c) for c in text
    )
    return _BREAKS.sub(" ", text).strip().lstrip("/ \n\t")[:LONGEST].strip()


def _keep(character: str) -> str:
    # Joiners inside emoji and scripts carry meaning; everything else that cannot be seen becomes a space.
    return character if character in "\u200c\u200d" else " "
