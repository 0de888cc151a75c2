"""The words that bend a valence, as VADER publishes them in NLTK's version (licence: LICENSE.vader)."""

from __future__ import annotations

BOOST = 0.293
CAPITALS = 0.733
NEGATION = -0.74
ALPHA = 15

_STRENGTHEN = """
absolutely amazingly awfully completely considerably decidedly deeply effing enormously entirely especially
exceptionally extremely fabulously flipping flippin fricking frickin frigging friggin fully fucking greatly hella
highly hugely incredibly intensely majorly more most particularly purely quite really remarkably so substantially
thoroughly totally tremendously uber unbelievably unusually utterly very
"""
_WEAKEN = """
almost barely hardly kinda kindof kind-of less little marginally occasionally partly scarcely slightly somewhat
sorta sortof sort-of
"""

BOOSTERS: dict[str, float] = {
    **dict.fromkeys(_STRENGTHEN.split(), BOOST),
    **dict.fromkeys(_WEAKEN.split(), -BOOST),
}

# Words that contain "n't" negate too, so "don't" and its like need no entry.
_NEGATE = """
aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt neither never
none nope nor not nothing nowhere oughtnt shant shouldnt uhuh uh-uh wasnt werent without wont wouldnt rarely seldom
despite
"""
NEGATIONS = frozenset(_NEGATE.split())

WEAKENING_PAIRS = frozenset({("just", "enough"), ("kind", "of"), ("sort", "of")})

IDIOMS: dict[tuple[str, ...], float] = {
    ("the", "shit"): 3,
    ("the", "bomb"): 3,
    ("bad", "ass"): 1.5,
    ("yeah", "right"): -2,
    ("cut", "the", "mustard"): 2,
    ("kiss", "of", "death"): -1.5,
    ("hand", "to", "mouth"): -2,
}
# A text without any of these words has no idiom and no pair.
RARE_WORDS = frozenset(
    {"shit", "bomb", "ass", "right", "mustard", "death", "mouth", "enough", "kind", "sort"}
)

# Only these runs of punctuation are taken off a word; others stay on it.
_TAKEN_OFF = ". ! ? , ; : - ' \" !! !!! ?? ??? ?!? !?! ?!?! !?!?"
PUNCTUATION = frozenset(_TAKEN_OFF.split())
