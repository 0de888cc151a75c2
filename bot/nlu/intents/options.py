"""How a classifier learns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`encoder` is `use`, `minilm`, `none` or `hub:NAME_OR_FOLDER`.

    `keep` is the share of held-out messages that stays in scope; `loss` the accuracy that the cascade may cost;
    `c_words` and `c_meaning` are inverse strengths of the penalties; `most` cuts the n-grams of each kind.
    `spelling` repairs words that the examples do not have; it wants enough examples to have most words people use.
    """

    encoder: str = "use"
    cascade: bool = True
    seed: int = 42
    keep: float = 0.95
    loss: float = 0.001
    c_words: float = 0.5
    c_meaning: float = 10.0
    most: int = 100_000
    spelling: bool = False
