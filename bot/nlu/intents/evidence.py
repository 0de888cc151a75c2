"""What spoke for an intent, for people who ask why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bot.nlu.intents.features import ngrams, plain

if TYPE_CHECKING:
    from bot.nlu.intents.model import IntentModel

SHOWN = 5


def gather(
    model: IntentModel, text: str, ranking: list[tuple[str, float]]
) -> list[dict[str, Any]]:
    """One entry for each of the labels in `ranking`: `{"name", "confidence", "ngrams", "nearest"}`."""
    rows, values = model.words.lexicon.vector(ngrams(text))
    names = model.words.lexicon.names
    nearest = _nearest(model, text)
    found = []
    for label, confidence in ranking:
        column = model.labels.index(label)
        spoke = values * model.words.linear.weights[rows, column]
        best = np.argsort(-spoke, kind="stable")[:SHOWN]
        found.append(
            {
                "name": label,
                "confidence": confidence,
                "ngrams": [
                    [names[rows[at]], round(float(spoke[at]), 4)] for at in best if spoke[at] > 0
                ],
                "nearest": nearest(column),
            }
        )
    return found


def _nearest(model: IntentModel, text: str) -> Any:
    """A function from a label to its nearest examples and their cosines."""
    if model.meaning is None or model.encoder is None:
        return lambda column: _alike(model, text, column)
    near, vector = model.meaning.neighbours, model.encoder.encode([text])[0]

    def nearest(column: int) -> list[list[Any]]:
        cosines, rows = near.closest(vector, np.array([column]))
        return [
            [model.examples[row][0], round(float(cosine), 4)]
            for cosine, row in zip(cosines, rows, strict=True)
        ]

    return nearest


def _alike(model: IntentModel, text: str, column: int) -> list[list[Any]]:
    """Without an encoder: the examples that share most n-grams (cosine of tf-idf)."""
    texts = [example for example, label in model.examples if label == column]
    both = [ngrams(plain(one)) for one in [text, *texts]]
    matrix = model.words.lexicon.matrix(both)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()) + 1e-9
    cosines = (matrix[1:] @ matrix[0].T).toarray().ravel() / lengths[1:] / lengths[0]
    best = np.argsort(-cosines, kind="stable")[:SHOWN]
    return [[texts[at], round(float(cosines[at]), 4)] for at in best]
