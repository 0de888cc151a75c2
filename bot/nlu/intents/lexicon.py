"""Texts as sparse vectors: sublinear tf-idf, words and pieces of words each of length 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.preprocessing import normalize

from bot.nlu.intents.features import Grams

Vector = tuple[np.ndarray, np.ndarray]
"""Rows of the vocabulary (int) and their values (float32)."""


@dataclass(frozen=True)
class Lexicon:
    """The n-grams of the training texts: words have the first rows, pieces the rest."""

    words: dict[str, int]
    pieces: dict[str, int]
    idf: np.ndarray

    @property
    def names(self) -> list[str]:
        """The n-gram of each row."""
        return [*self.words, *self.pieces]

    def vector(self, grams: Grams) -> Vector:
        """What the lexicon does not know is left out."""
        (words, counted), (pieces, weighed) = (
            self._part(vocabulary, part)
            for vocabulary, part in zip((self.words, self.pieces), grams, strict=True)
        )
        return np.concatenate((words, pieces)), np.concatenate((counted, weighed))

    def matrix(self, texts: Iterable[Grams]) -> csr_matrix:
        """One row for each text."""
        vectors = [self.vector(grams) for grams in texts]
        ends = np.cumsum([0, *(len(rows) for rows, _ in vectors)])
        rows, values = (np.concatenate([vector[part] for vector in vectors]) for part in (0, 1))
        return csr_matrix((values.astype(float), rows, ends), (len(vectors), len(self.idf)))

    def knowing(self, matrix: csr_matrix, known: np.ndarray) -> csr_matrix:
        """The rows of `matrix` as a lexicon with only the `known` n-grams (a mask) would have made them."""
        parts = np.split(np.arange(len(self.idf)), [len(self.words)])
        blocks = [matrix[:, part].multiply(known[part]) for part in parts]
        return hstack([normalize(block, copy=False) for block in blocks]).tocsr()

    def _part(self, vocabulary: dict[str, int], grams: list[str]) -> Vector:
        counts = Counter(map(vocabulary.get, grams))
        counts.pop(None, None)
        if not counts:
            return _NOTHING
        rows = np.fromiter(counts.keys(), np.intp, len(counts))
        times = np.fromiter(counts.values(), np.float32, len(counts))
        values = (1.0 + np.log(times)) * self.idf[rows]
        return rows, values / np.sqrt(values @ values)


_NOTHING: Vector = (np.empty(0, np.intp), np.empty(0, np.float32))


def learn(texts: Sequence[Grams], *, most: int) -> Lexicon:
    """The `most` frequent n-grams of each kind (ties by name), with idf = ln((1 + n) / (1 + df)) + 1."""
    vocabularies: list[dict[str, int]] = []
    frequencies: list[int] = []
    for kind in (0, 1):
        found = _frequencies(grams[kind] for grams in texts)
        names = sorted(found, key=lambda name: (-found[name], name))[:most]
        start = len(frequencies)
        vocabularies.append({name: start + row for row, name in enumerate(names)})
        frequencies += [found[name] for name in names]
    idf = np.log((1 + len(texts)) / (1 + np.array(frequencies, float))) + 1
    words, pieces = vocabularies
    return Lexicon(words, pieces, idf.astype(np.float32))


def _frequencies(texts: Iterable[list[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for grams in texts:
        found.update(set(grams))
    return found
