"""Sentence encoders by name: `use`, `minilm`, `none`, `hub:NAME_OR_FOLDER`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from bot.nlu.encoders.encoder import Encoder, EncoderError
from bot.nlu.encoders.hub import open_hub
from bot.nlu.encoders.minilm import open_minilm
from bot.nlu.encoders.use import Use

__all__ = ["Encoder", "EncoderError", "open_encoder"]

_OPEN: dict[str, Callable[[], Encoder | None]] = {
    "use": Use,
    "minilm": open_minilm,
    "none": lambda: None,
}
_HUB = "hub:"


@lru_cache(maxsize=2)
def open_encoder(name: str) -> Encoder | None:
    """The encoder of that name, opened once in a process; None for `none`."""
    if name.startswith(_HUB):
        return open_hub(name.removeprefix(_HUB))
    if name not in _OPEN:
        raise EncoderError(
            f"no encoder {name!r}: choose {', '.join(_OPEN)} or {_HUB}NAME_OR_FOLDER"
        )
    return _OPEN[name]()
