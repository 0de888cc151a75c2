"""A trained classifier as files that a later start can trust."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.nlu.encoders import open_encoder
from bot.nlu.intents.lexicon import Lexicon
from bot.nlu.intents.linear import Linear
from bot.nlu.intents.neighbours import Neighbours
from bot.nlu.intents.out_of_scope import Familiarity
from bot.nlu.normalise import Words as Vocabulary

if TYPE_CHECKING:
    from bot.nlu.intents.model import IntentModel

FORMAT = 2
ARRAYS = "intents.npz"
FACTS = "intents.json"


class ModelError(ValueError):
    """The trained intent classifier cannot be used: train again."""


def save(model: IntentModel, folder: Path) -> None:
    """The arrays first and the facts, which name their digest, last: a half-written folder is recognised."""
    arrays: dict[str, np.ndarray] = {
        "idf": model.words.lexicon.idf,
        **_linear("words", model.words.linear),
        **_familiarity("words", model.words.familiarity),
    }
    facts: dict[str, Any] = {
        "format": FORMAT,
        "labels": model.labels,
        "examples": model.examples,
        "words": list(model.words.lexicon.words),
        "pieces": list(model.words.lexicon.pieces),
        "temperature": model.words.temperature,
        "sure": model.words.sure,
        "cascade": model.cascade,
        "vocabulary": None if model.vocabulary is None else dict(model.vocabulary.counts),
        "report": model.report,
        "encoder": None,
    }
    if model.meaning is not None and model.encoder is not None:
        meaning = model.meaning
        arrays |= {
            **_linear("meaning", meaning.linear),
            **_familiarity("meaning", meaning.familiarity),
            # Half the size, and cosines do not need more digits.
            "near": meaning.neighbours.vectors.astype(np.float16),
            "near_starts": meaning.neighbours.starts,
            "near_rows": meaning.neighbours.rows,
        }
        facts["encoder"] = {
            "name": model.encoder.name,
            "fingerprint": model.encoder.fingerprint,
            "weight_of_words": meaning.weight_of_words,
            "temperature": meaning.temperature,
        }
    np.savez(folder / ARRAYS, **arrays)
    facts["digest"] = _digest(folder / ARRAYS)
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def load(folder: Path, *, cascade: bool | None) -> IntentModel:
    """The model as it was saved; every way in which it cannot be used is one line."""
    from bot.nlu.intents.model import IntentModel, Words  # noqa: PLC0415 - it imports this module

    facts = _facts(folder)
    try:
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            words = {name: row for row, name in enumerate(facts["words"])}
            pieces = {name: row for row, name in enumerate(facts["pieces"], start=len(words))}
            return IntentModel(
                labels=facts["labels"],
                examples=[(text, label) for text, label in facts["examples"]],
                words=Words(
                    Lexicon(words, pieces, arrays["idf"]),
                    _read_linear("words", arrays),
                    facts["temperature"],
                    _read_familiarity("words", arrays),
                    facts["sure"],
                ),
                **_meaning(folder, facts["encoder"], arrays),
                report=facts["report"],
                cascade=facts["cascade"] if cascade is None else cascade,
                vocabulary=_vocabulary(facts["vocabulary"]),
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / FACTS} misses or mistakes {error}: train again") from None


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        written = facts["format"]
        digest = facts["digest"]
    except FileNotFoundError:
        raise ModelError(f"{folder} has no {FACTS}, it was never finished: train again") from None
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"{folder / FACTS} is damaged: train again") from None
    if written != FORMAT:
        raise ModelError(
            f"the intent classifier was trained by another version of Frontdesk "
            f"(format {written}, this one reads {FORMAT}): train again"
        )
    if not (folder / ARRAYS).is_file() or _digest(folder / ARRAYS) != digest:
        raise ModelError(f"{folder / ARRAYS} is missing or damaged: train again")
    result: dict[str, Any] = facts
    return result


def _vocabulary(counts: dict[str, int] | None) -> Vocabulary | None:
    return None if counts is None else Vocabulary(Counter(counts))


def _meaning(
    folder: Path, facts: dict[str, Any] | None, arrays: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    from bot.nlu.intents.model import Meaning  # noqa: PLC0415 - it imports this module

    if facts is None:
        return {"meaning": None, "encoder": None}
    encoder = open_encoder(facts["name"])
    if encoder is None or encoder.fingerprint != facts["fingerprint"]:
        raise ModelError(
            f"the encoder {facts['name']!r} is not the one that the model in {folder} was trained with: train again"
        )
    vectors = arrays["near"].astype(np.float32)
    meaning = Meaning(
        _read_linear("meaning", arrays),
        Neighbours(vectors, arrays["near_starts"], arrays["near_rows"]),
        facts["weight_of_words"],
        facts["temperature"],
        _read_familiarity("meaning", arrays),
    )
    return {"meaning": meaning, "encoder": encoder}


def _linear(name: str, linear: Linear) -> dict[str, np.ndarray]:
    return {f"{name}_{part}": values for part, values in asdict(linear).items()}


def _read_linear(name: str, arrays: Mapping[str, np.ndarray]) -> Linear:
    return Linear(arrays[f"{name}_weights"], arrays[f"{name}_intercept"])


def _familiarity(name: str, found: Familiarity) -> dict[str, np.ndarray]:
    return {f"{name}_{part}": np.asarray(values) for part, values in asdict(found).items()}


def _read_familiarity(name: str, arrays: Mapping[str, np.ndarray]) -> Familiarity:
    mean, deviation, threshold = (
        arrays[f"{name}_{part}"] for part in ("mean", "deviation", "threshold")
    )
    return Familiarity(mean, deviation, float(threshold))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
