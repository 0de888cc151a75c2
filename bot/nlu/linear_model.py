"""A linear classifier over weighted n-grams that is trained with scikit-learn and runs without it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

Features = Counter  # feature -> number of occurrences


@dataclass(frozen=True)
class LinearModel:
    """Weights (features x labels, float32) over length-normalised tf-idf, and an intercept for each label."""

    labels: list[str]
    vocabulary: dict[str, int]
    idf: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray

    def probabilities(self, features: Features[str]) -> np.ndarray:
        """One number for each label, in the order of `labels`, adding up to 1."""
        known = [
            (self.vocabulary[name], count)
            for name, count in features.items()
            if name in self.vocabulary
        ]
        scores = self.intercept.copy()
        if known:
            index = np.array([row for row, _ in known])
            counts = np.array([count for _, count in known], dtype=np.float32)
            values = (1.0 + np.log(counts)) * self.idf[index]
            scores += (values / np.linalg.norm(values)) @ self.weights[index]
        powers = np.exp(scores - scores.max())
        return powers / powers.sum()

    def save(self, folder: Path) -> None:
        """Writes plain arrays and JSON: nothing that runs code when it is read back."""
        np.savez(
            folder / "weights.npz", idf=self.idf, weights=self.weights, intercept=self.intercept
        )
        words = {"labels": self.labels, "features": list(self.vocabulary)}
        (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        """Reads what `save` wrote."""
        words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        vocabulary = {name: row for row, name in enumerate(words["features"])}
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            return cls(
                words["labels"],
                vocabulary,
                arrays["idf"],
                arrays["weights"],
                arrays["intercept"],
            )


def train(
    texts: list[Features[str]], labels: list[str], *, min_df: int, c: float, seed: int
) -> LinearModel:
    """One logistic regression for each label against the rest; equal input gives equal weights.

    `min_df` drops features that fewer texts have; `c` is the inverse strength of the L2 penalty.
    """
    vectorizer = TfidfVectorizer(analyzer=Counter.elements, min_df=min_df, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    classifier = LogisticRegression(C=c, solver="liblinear", random_state=seed)
    classifier.fit(matrix, labels)
    rows: dict[str, Any] = vectorizer.vocabulary_
    return LinearModel(
        labels=[str(label) for label in classifier.classes_],
        vocabulary={name: rows[name] for name in sorted(rows, key=rows.__getitem__)},
        idf=vectorizer.idf_.astype(np.float32),
        weights=_for_each_label(classifier.coef_).T.astype(np.float32).copy(),
        intercept=_for_each_label(classifier.intercept_).astype(np.float32),
    )


def _for_each_label(learned: np.ndarray) -> np.ndarray:
    """With two labels scikit-learn keeps the second one's numbers only; the first one's are their opposite."""
    return np.concatenate([-learned, learned]) if len(learned) == 1 else learned
