"""How alike texts are: cosine of TF-IDF vectors, for English and Chinese in one space.

English is cut into words without their plural, Chinese, which has no blanks, into single characters and pairs of them.
The weights are those of scikit-learn's TfidfVectorizer with ``sublinear_tf``, to which the tests compare them; it is
not used itself, as it would take 90 MB and seconds of the process that answers customers.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from analytics.offers.bandit import Floats

_PIECES = re.compile(r"[a-z0-9]+|[㐀-鿿豈-﫿]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?<!s)s$")
_EMPTY_WORDS = re.compile(
    r"all|an|and|any|are|as|at|be|but|by|can|do|every|for|from|get|ha[sd]|have|if|in|into|is|its?|me|more|my|no|not"
    r"|now|of|off|on|one|only|or|our|out|so|than|that|the|their|them|then|there|these|they|this|to|two|up|us|was|we"
    r"|what|when|which|who|will|with|your?"
)
"""What every offer says; it tells none from another."""


def terms(text: str) -> list[str]:
    """Return the terms of a text."""
    found: list[str] = []
    for piece in _PIECES.findall(text.lower()):
        if not piece.isascii():
            found += [*piece, *(piece[i : i + 2] for i in range(len(piece) - 1))]
        elif len(piece) > 1 and not _EMPTY_WORDS.fullmatch(piece):
            found.append(_PLURAL.sub("", piece))
    return found


class Content:
    """Texts as vectors of length 1 (0, when a text has no term), one row of ``vectors`` for each."""

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(terms(text)) for text in texts]
        known = Counter(term for counts in counted for term in counts)
        self._places = {term: place for place, term in enumerate(known)}
        shares = (1 + len(texts)) / (1 + np.fromiter(known.values(), np.float64, len(known)))
        self._rarity: Floats = np.log(shares) + 1
        self.vectors = self._weighed(counted)

    def read(self, text: str) -> csr_matrix:
        """Return the vector of another text; terms that no text had are not seen."""
        return self._weighed([Counter(term for term in terms(text) if term in self._places)])

    def person(self, rows: Sequence[int], weights: Sequence[float], words: str = "") -> Floats:
        """Return the vector of somebody: the sum of texts they had to do with, and of words of their own.

        It is a plain array: SciPy's sparse ones take longer to be made than all else that an answer takes.
        """
        summed = np.zeros(len(self._places))
        for row, weight in zip(rows, weights, strict=True):
            places, values = self._row(row)
            summed[places] += weight * values
        if words:
            summed += self.read(words).toarray().ravel()
        length = float(np.linalg.norm(summed))
        return summed / length if length else summed

    def alike(self, one: int, others: Sequence[int]) -> Floats:
        """Return the cosine of one text with some others."""
        vector = self.person([one], [1.0])
        found = [self._row(other) for other in others]
        return np.array([vector[places] @ values for places, values in found])

    def _row(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        start, end = self.vectors.indptr[row : row + 2]
        return self.vectors.indices[start:end], self.vectors.data[start:end]

    def _weighed(self, counted: Sequence[Counter[str]]) -> csr_matrix:
        ends = np.cumsum([0, *map(len, counted)])
        places = np.fromiter((self._places[t] for each in counted for t in each), np.int32)
        counts = np.fromiter((n for each in counted for n in each.values()), np.float64)
        values = ((1 + np.log(counts)) * self._rarity[places]).astype(np.float32)
        shape = (len(counted), len(self._places))
        return _of_length_one(csr_matrix((values, places, ends), shape=shape))


def cosines(rows: csr_matrix, vector: Floats) -> Floats:
    """Return the cosine of each row with a vector: 0 nothing in common, 1 the same."""
    found: Floats = rows @ vector
    return found


def _of_length_one(rows: csr_matrix) -> csr_matrix:
    squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    lengths = np.sqrt(np.where(squares > 0, squares, 1.0))
    rows.data = rows.data / np.repeat(lengths, np.diff(rows.indptr)).astype(np.float32)
    return rows
