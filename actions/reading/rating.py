"""A rating in a customer's words: "5 stars", "4/5", "great, thanks", 非常满意."""

from actions.reading import shape
from desk.feedback.words import CLAUSE, FILLER, NUMBERS, WITH_UNIT, mood

_LONGEST_MOOD = 8
"""Words of a clause that can still be a mere score."""


def with_unit(text: str) -> int | None:
    """Return the score of words that can be nothing else: "4/5", "5 stars", "给5分"."""
    found = WITH_UNIT.search(text)
    if found is None:
        return None
    if found["full"]:
        return 5
    word = (found["digit"] or found["word"] or found["han"]).lower()
    return NUMBERS.get(word) or int(word)


def rating(text: str) -> int | None:
    """Return a score of 1 to 5 when the text answers "how was it?"; None for anything that asks or wishes."""
    stars = text.count("⭐") + text.count("★")
    if 1 <= stars <= 5:
        return stars
    if shape.is_question(text):
        return None
    first, *rest = [part for part in CLAUSE.split(text) if part.strip()] or [""]
    if any(shape.is_command(part) or shape.is_question(part) for part in rest):
        return None
    return with_unit(text) or _mood(text) or _mood(first)


def comment(text: str) -> str | None:
    """Return the text when it says more than a score."""
    if rating(text) is None:
        return None
    parts = [part for part in CLAUSE.split(WITH_UNIT.sub(" ", text)) if _mood(part) is None]
    return text if shape.size(FILLER.sub(" ", " ".join(parts))) >= 2 else None


def _mood(text: str) -> int | None:
    return mood(text) if shape.size(text) <= _LONGEST_MOOD else None
