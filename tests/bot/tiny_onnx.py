"""Writes a very small sentence encoder: an ONNX file of one look-up, and a tokenizer of whole words."""

import json
from pathlib import Path

import numpy as np

WORDS = ["[UNK]", "[CLS]", "order", "parcel", "refund", "money"]
FLOAT, INT64 = 1, 7


def write(folder: Path, vectors: np.ndarray) -> None:
    """`vectors` (words x size, float32) is what the model says of each of `WORDS`."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").write_bytes(_model(vectors))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()))


def _tokenizer() -> dict:
    return {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}},
        },
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(WORDS)},
            "unk_token": "[UNK]",
        },
    }


def _model(vectors: np.ndarray) -> bytes:
    """ModelProto: Gather(vectors, input_ids) -> last_hidden_state."""
    tensor = b"".join(
        [
            *(_number(1, size) for size in vectors.shape),
            _number(2, FLOAT),
            _text(8, "vectors"),
            _bytes(9, vectors.astype("<f4").tobytes()),
        ]
    )
    node = b"".join(
        [
            _text(1, "vectors"),
            _text(1, "input_ids"),
            _text(2, "last_hidden_state"),
            _text(3, "look up"),
            _text(4, "Gather"),
        ]
    )
    size = vectors.shape[1]
    graph = b"".join(
        [
            _bytes(1, node),
            _text(2, "tiny"),
            _bytes(5, tensor),
            _bytes(11, _value("input_ids", INT64, ["batch", "tokens"])),
            _bytes(12, _value("last_hidden_state", FLOAT, ["batch", "tokens", size])),
        ]
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, 13))


def _value(name: str, kind: int, shape: list[str | int]) -> bytes:
    sizes = b"".join(
        _bytes(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, sizes)))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
