"""The trained classifier: reads a text and says what it means, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.encoders import Encoder
from bot.nlu.intents import evidence, storage
from bot.nlu.intents.features import ngrams, plain
from bot.nlu.intents.held_out import CANDIDATES, fuse
from bot.nlu.intents.lexicon import Lexicon, Vector
from bot.nlu.intents.linear import Linear
from bot.nlu.intents.neighbours import Neighbours
from bot.nlu.intents.out_of_scope import Familiarity, margin
from bot.nlu.normalise import Words as Vocabulary
from bot.nlu.normalise import normalise


@dataclass(frozen=True)
class Words:
    """What words say: scores for each label, and what held-out messages taught about them."""

    lexicon: Lexicon
    linear: Linear
    temperature: float
    familiarity: Familiarity
    # Where words alone lead by at least this, the encoder would hardly say anything else.
    sure: float


@dataclass(frozen=True)
class Meaning:
    """What the sentence's vector says, and how words and vector are put together."""

    linear: Linear
    neighbours: Neighbours
    weight_of_words: float
    temperature: float
    familiarity: Familiarity


@dataclass(frozen=True)
class Reading:
    """What a message probably means.

    `ranking` has (label, confidence) for every label, best first; `out_of_scope` is 0..1, above one half is out of
    scope; `encoded` tells whether the encoder ran.
    """

    ranking: list[tuple[str, float]]
    out_of_scope: float
    encoded: bool
    _model: IntentModel = field(repr=False, compare=False)
    _text: str = field(repr=False, default="")

    @property
    def is_out_of_scope(self) -> bool:
        """Whether the message is unlike everything learnt."""
        return self.out_of_scope > 0.5

    def why(self) -> list[dict[str, Any]]:
        """For the best five labels: the n-grams that spoke for them and the nearest examples."""
        return evidence.gather(self._model, self._text, self.ranking[: evidence.SHOWN])


@dataclass(frozen=True)
class IntentModel:
    """Words, and meaning unless it was trained without an encoder."""

    labels: list[str]
    examples: list[tuple[str, int]]
    words: Words
    meaning: Meaning | None
    encoder: Encoder | None
    report: dict[str, Any]
    cascade: bool = True
    vocabulary: Vocabulary | None = None

    def read(self, text: str) -> Reading:
        """Never fails; what has nothing in it has an empty ranking and is out of scope."""
        cleaned = self._meant(plain(text))
        if not cleaned:
            return Reading([], 1.0, False, self)
        vector = self.words.lexicon.vector(ngrams(cleaned))
        scores = self.words.linear.of_sparse(vector)
        lead = float(margin(scores))
        if self.meaning is None or (self.cascade and lead >= self.words.sure):
            return self._by_words(cleaned, vector, scores, lead)
        return self._by_meaning(self.meaning, cleaned, scores, lead)

    def save(self, folder: Path) -> None:
        """Writes plain arrays and JSON: nothing that runs code when it is read back."""
        storage.save(self, Path(folder))

    @staticmethod
    def load(folder: Path, *, cascade: bool | None = None) -> IntentModel:
        """Reads what `save` wrote; raises ModelError with one clear line."""
        return storage.load(Path(folder), cascade=cascade)

    def _meant(self, text: str) -> str:
        return normalise(text, self.vocabulary, spelling=True).text if self.vocabulary else text

    def _by_words(self, text: str, vector: Vector, scores: np.ndarray, lead: float) -> Reading:
        known = len(vector[0]) > 0
        signs = np.array([lead, float(scores.max())])
        strange = float(self.words.familiarity.strangeness(signs)) if known else 1.0
        ranking = self._ranked(scores / self.words.temperature)
        return Reading(ranking, strange, False, self, text)

    def _by_meaning(self, meaning: Meaning, text: str, scores: np.ndarray, lead: float) -> Reading:
        assert self.encoder is not None  # noqa: S101 - a model with meaning is opened with its encoder
        sentence = self.encoder.encode([text])[0]
        logits = meaning.linear.of(sentence)
        both = fuse(logits, scores, meaning.weight_of_words)
        candidates = np.argsort(-both, kind="stable")[:CANDIDATES]
        near = meaning.neighbours.similarity(sentence, candidates)
        signs = np.array([float(logits.max()), near, lead])
        strange = float(meaning.familiarity.strangeness(signs))
        return Reading(self._ranked(both / meaning.temperature), strange, True, self, text)

    def _ranked(self, scores: np.ndarray) -> list[tuple[str, float]]:
        powers = np.exp(scores - scores.max())
        confidences = (powers / powers.sum()).tolist()
        order = np.argsort(-scores, kind="stable").tolist()
        return [(self.labels[row], confidences[row]) for row in order]
