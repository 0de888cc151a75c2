"""Customer text on its way to the assistant: never a command, never endless, never invisible."""

import re
import unicodedata

LONGEST = 2_000
"""Characters that the assistant reads; the whole text is kept with the message."""

_BREAKS = re.compile(r"[ \t\f\v]+")


def clean(text: str) -> str:
    """Return the text without control characters, in one normal form, at most ``LONGEST`` characters.

    NFKC also turns a full-width slash into a plain one, so the slashes in front are cut afterwards: Rasa reads
    ``/intent{...}`` as an intent that is already understood.
    """
    text = unicodedata.normalize("NFKC", text[: LONGEST * 2])
    text = "".join(
        c if unicodedata.category(c)[0] != "C" or c in "\n\t" else _keep(c) for c in text
    )
    return _BREAKS.sub(" ", text).strip().lstrip("/ \n\t")[:LONGEST].strip()


def _keep(character: str) -> str:
    # Joiners inside emoji and scripts carry meaning; everything else that cannot be seen becomes a space.
    return character if character in "\u200c\u200d" else " "
