"""Transformers in ONNX files: tokens in, one vector for each sentence out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

# Longer texts are cut; a question of a customer has ten to fifty tokens.
TOKENS = 128
# Sentences of about the same length run together; more at a time is not faster.
BATCH = 16
WORKERS = 2


class Onnx:
    """A model file and a tokenizer file; `first` takes the first token's vector instead of the mean of all."""

    def __init__(
        self, name: str, fingerprint: str, model: Path, tokenizer: Path, *, first: bool = False
    ) -> None:
        """Opens both with one thread."""
        import onnxruntime  # noqa: PLC0415 - only who uses it pays for it
        from tokenizers import Tokenizer  # noqa: PLC0415

        self.name = name
        self.fingerprint = fingerprint
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.no_padding()
        self._first = first

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (n, size), rows of length 1."""
        if len(texts) == 1:
            return self._run(list(texts))
        order = np.argsort([len(text) for text in texts], kind="stable")
        batches = [
            [texts[row] for row in order[start : start + BATCH]]
            for start in range(0, len(order), BATCH)
        ]
        # A message runs on one core; many texts are a training, which may have two.
        with ThreadPoolExecutor(WORKERS) as pool:
            vectors = np.concatenate(list(pool.map(self._run, batches)))
        found = np.empty_like(vectors)
        found[order] = vectors
        return found

    def _run(self, texts: list[str]) -> np.ndarray:
        encoded = [one.ids for one in self._tokenizer.encode_batch(texts)]
        longest = max(1, *map(len, encoded))
        tokens, mask = np.zeros((2, len(texts), longest), np.int64)
        for row, ids in enumerate(encoded):
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        given = {
            "input_ids": tokens,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(tokens),
        }
        hidden = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        return _unit(self._pooled(hidden, mask.astype(np.float32)[:, :, None]))

    def _pooled(self, hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """A model that pools by itself gives one row for each text."""
        if hidden.ndim == 2:
            return hidden
        if self._first:
            return hidden[:, 0]
        pooled: np.ndarray = (hidden * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)
        return pooled


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
