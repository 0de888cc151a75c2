"""The port: something that turns sentences into vectors that are close when the meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class EncoderError(RuntimeError):
    """The encoder cannot be used."""


class Encoder(Protocol):
    """`name` opens it again (`open_encoder`); `fingerprint` changes with its weights."""

    name: str
    fingerprint: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, one row of length 1 for each text; long texts are cut."""
        ...
