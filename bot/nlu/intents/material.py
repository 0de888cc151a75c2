"""Training examples as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from bot.nlu.encoders import Encoder
from bot.nlu.intents.examples import Example
from bot.nlu.intents.features import ngrams, plain
from bot.nlu.intents.lexicon import Lexicon, learn

Say = Callable[[str], None]
# Encoded at a time, between two lines of progress.
BATCH = 1000


@dataclass(frozen=True)
class Material:
    """Labels (0 .. count - 1), words and sentence vectors of the examples, and of the labels' names behind them."""

    labels: np.ndarray
    count: int
    examples: int
    lexicon: Lexicon
    words: csr_matrix
    vectors: np.ndarray | None

    def without_names(self) -> Material:
        """The examples alone."""
        rows = slice(self.examples)
        vectors = None if self.vectors is None else self.vectors[rows]
        return replace(self, labels=self.labels[rows], words=self.words[rows], vectors=vectors)


def prepare(
    examples: Sequence[Example], names: list[str], encoder: Encoder | None, most: int, say: Say
) -> Material:
    """The names of the labels come last, as words: `ask_refund` is "ask refund"."""
    texts = [plain(example.text) for example in examples]
    texts += [" ".join(name.replace("_", " ").replace("/", " ").split()) for name in names]
    column = {name: number for number, name in enumerate(names)}
    labels = [*(column[example.label] for example in examples), *range(len(names))]
    grams = [ngrams(text) for text in texts]
    lexicon = learn(grams, most=most)
    vectors = None if encoder is None else _encode(encoder, texts, say)
    return Material(
        np.array(labels), len(names), len(examples), lexicon, lexicon.matrix(grams), vectors
    )


def _encode(encoder: Encoder, texts: list[str], say: Say) -> np.ndarray:
    parts = []
    for start in range(0, len(texts), BATCH):
        parts.append(encoder.encode(texts[start : start + BATCH]))
        say(f"encoded {min(start + BATCH, len(texts))} of {len(texts)}")
    return np.concatenate(parts)
