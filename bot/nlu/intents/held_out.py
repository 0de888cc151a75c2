"""What models say about examples that they have not seen: the source of every threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.nlu.intents.calibration import likelihood, temperature, weight_of_words
from bot.nlu.intents.folds import folds
from bot.nlu.intents.linear import log_softmax, regress, separate
from bot.nlu.intents.material import Material
from bot.nlu.intents.neighbours import gather
from bot.nlu.intents.options import Options

CANDIDATES = 5


@dataclass(frozen=True)
class HeldOut:
    """Right labels; scores by words; logits by meaning and closeness to the nearest examples (or None)."""

    labels: np.ndarray
    words: np.ndarray
    logits: np.ndarray | None
    near: np.ndarray | None

    def weight_of_words(self) -> float:
        """How much words count beside meaning."""
        if self.logits is None or not len(self.labels):
            return 1.0
        return weight_of_words(log_softmax(self.logits), self.words, self.labels)

    def scores(self, weight: float) -> np.ndarray:
        """Words and meaning together; words alone if there is no meaning."""
        return self.words if self.logits is None else fuse(self.logits, self.words, weight)

    def quality(self) -> float:
        """The mean log-probability of the right labels, calibrated."""
        scores = self.scores(self.weight_of_words())
        return likelihood(scores / temperature(scores, self.labels), self.labels)


def fuse(logits: np.ndarray, words: np.ndarray, weight: float) -> np.ndarray:
    """One score for each label from what meaning and words say."""
    both: np.ndarray = log_softmax(logits) + weight * words
    return both


def hold_out(material: Material, options: Options) -> HeldOut:
    """Examples are held out in turn; the names of labels, if there are any, are always learnt."""
    names = np.arange(material.examples, len(material.labels))
    parts = [
        _fold(material, np.concatenate([kept, names]), held, options)
        for kept, held in folds(material.labels[: material.examples], options.seed)
    ]
    if not parts:
        nothing = np.zeros((0, material.count))
        meaning = (None, None) if material.vectors is None else (nothing, np.zeros(0))
        return HeldOut(np.zeros(0, int), nothing, *meaning)
    if material.vectors is None:
        return HeldOut(_joined(parts, 0), _joined(parts, 1), None, None)
    return HeldOut(_joined(parts, 0), _joined(parts, 1), _joined(parts, 2), _joined(parts, 3))


def _fold(
    material: Material, learnt: np.ndarray, held: np.ndarray, options: Options
) -> list[np.ndarray]:
    labels, matrix = material.labels[learnt], material.words[learnt]
    machine = separate(matrix, labels, material.count, c=options.c_words, seed=options.seed)
    known = matrix.getnnz(axis=0) > 0
    scores = machine.of(material.lexicon.knowing(material.words[held], known))
    found = [material.labels[held], scores]
    if material.vectors is None:
        return found
    vectors = material.vectors[held]
    logits = regress(material.vectors[learnt], labels, material.count, c=options.c_meaning).of(
        vectors
    )
    neighbours = gather(
        material.vectors, material.labels, learnt[learnt < material.examples], material.count
    )
    best = np.argsort(-fuse(logits, scores, 1.0), axis=1, kind="stable")[:, :CANDIDATES]
    near = [neighbours.similarity(vector, row) for vector, row in zip(vectors, best, strict=True)]
    return [*found, logits, np.array(near)]


def _joined(parts: list[list[np.ndarray]], at: int) -> np.ndarray:
    return np.concatenate([part[at] for part in parts])
