"""The word lists beside this file: a text, a tab, its valence, and perhaps a tab and how angry it sounds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent


class Entry(NamedTuple):
    """A valence from -4 to 4, and anger from 0 (none) to 1."""

    valence: float
    anger: float


class Tone(NamedTuple):
    """What a text, or a part of it, sounds like: a sum of valences, and the anger of each cue."""

    valence: float
    anger: tuple[float, ...]


def read_entries(name: str) -> dict[str, Entry]:
    """The entries of `NAME.tsv`; lines that start with # are comments."""
    entries: dict[str, Entry] = {}
    for line in (_FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            text, valence, *anger = line.split("\t")
            entries[text] = Entry(float(valence), float(anger[0]) if anger else 0.0)
    return entries
