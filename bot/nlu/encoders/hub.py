"""Any sentence encoder in ONNX: a folder on this machine, or a name on the hub (needs a network the first time)."""

from __future__ import annotations

import json
from pathlib import Path

from bot.nlu.encoders.encoder import EncoderError
from bot.nlu.encoders.files import digest
from bot.nlu.encoders.onnx import Onnx

MODELS = ("onnx/model.onnx", "model.onnx")
POOLING = "1_Pooling/config.json"
FILES = [*MODELS, "onnx/model.onnx_data", "tokenizer.json", POOLING]


def open_hub(where: str) -> Onnx:
    """`where` follows `hub:`; the weights' digest is kept with the trained model and compared at each start."""
    folder = Path(where)
    if not folder.is_dir():
        folder = _fetched(where)
    model = next((folder / path for path in MODELS if (folder / path).is_file()), None)
    if model is None or not (folder / "tokenizer.json").is_file():
        raise EncoderError(
            f"hub:{where} has no ONNX weights or no tokenizer ({' or '.join(MODELS)}, and tokenizer.json)"
        )
    try:
        return Onnx(
            f"hub:{where}",
            digest(model),
            model,
            folder / "tokenizer.json",
            first=_first(folder / POOLING),
        )
    except (
        Exception
    ) as error:  # both libraries raise their own kinds of Exception for a damaged file
        raise EncoderError(
            f"hub:{where} cannot be opened: {str(error).splitlines()[0]}"
        ) from error


def _fetched(name: str) -> Path:
    """The local copy if there is one, else the hub is asked."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - slow, and seldom needed

    for only_local in (True, False):
        try:
            return Path(snapshot_download(name, allow_patterns=FILES, local_files_only=only_local))
        except Exception as error:  # it raises a dozen kinds: names, network, disk, rights
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    raise EncoderError(f"hub:{name} is no folder and could not be fetched: {reason}")


def _first(pooling: Path) -> bool:
    """Whether the vector of the first token stands for the sentence."""
    if not pooling.is_file():
        return False
    return bool(json.loads(pooling.read_text(encoding="utf-8")).get("pooling_mode_cls_token"))
