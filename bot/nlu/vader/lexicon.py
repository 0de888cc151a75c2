"""Reads VADER's lexicon: one word a line, a tab, its mean valence from -4 to 4; later columns are ignored."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).with_name("lexicon.tsv")


class LexiconError(ValueError):
    """A lexicon has lines of a word, a tab and a number."""


def read_lexicon(path: Path = SHIPPED) -> dict[str, float]:
    """The valence of each word; of a word that stands twice, the last one. NLTK's own file can be read too."""
    lexicon: dict[str, float] = {}
    # Not splitlines: it would cut at characters that an emoticon may contain.
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            word, valence = line.strip().split("\t")[:2]
            lexicon[word] = float(valence)
        except ValueError as error:
            raise LexiconError(
                f"{path}:{number}: a word, a tab and a number are expected"
            ) from error
    return lexicon
