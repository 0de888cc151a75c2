"""Turns texts into vectors of length 1 whose products say how alike the texts are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.encoders.use import Use

_HASHES = 4096
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORDS = re.compile(r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W\d_])+")


@dataclass(frozen=True)
class Vectors:
    """A way to compare texts; the likenesses are where texts begin to mean the same, by eye."""

    name: str
    encode: Callable[[Sequence[str]], np.ndarray]
    same_wish: float
    same_message: float


def sentences() -> Vectors:
    """By meaning, in both languages; raises EncoderError where the encoder cannot be used."""
    return Vectors("use", Use().encode, same_wish=0.55, same_message=0.55)


def ngrams() -> Vectors:
    """By the pieces of words that texts have in common."""
    from sklearn.feature_extraction.text import (  # noqa: PLC0415 - takes a second, often unused
        HashingVectorizer,
    )

    hashing = HashingVectorizer(analyzer=_pieces, n_features=_HASHES, alternate_sign=False)

    def encode(texts: Sequence[str]) -> np.ndarray:
        return hashing.transform(texts).toarray().astype(np.float32)

    return Vectors("ngrams", encode, same_wish=0.5, same_message=0.45)


def _pieces(text: str) -> Iterator[str]:
    """Words and their parts of three letters; Chinese characters and their pairs."""
    for word in _WORDS.findall(text.lower()):
        yield word
        if not _HAN.match(word):
            edged = f" {word} "
            yield from (edged[start : start + 3] for start in range(len(edged) - 2))
    for run in _HAN.findall(text):
        yield from (run[start : start + 2] for start in range(len(run) - 1))


def in_batches(
    vectors: Vectors, texts: Sequence[str], tell: Callable[[str], None], size: int = 256
) -> np.ndarray:
    """One row for each text; tells how far it is."""
    if not texts:
        return np.zeros((0, 1), np.float32)
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    distinct, parts = list(places), []
    for start in range(0, len(distinct), size):
        tell(f"comparing {start} of {len(distinct)} texts")
        parts.append(vectors.encode(distinct[start : start + size]))
    return np.concatenate(parts)[[places[text] for text in texts]]
