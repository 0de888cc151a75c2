"""Finds the longest known phrases in a sequence of characters or words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Phrases(Generic[T]):
    """A dictionary of phrases that are sequences of pieces: the characters of a text, or its words."""

    def __init__(self, phrases: Mapping[tuple[str, ...], T]) -> None:
        """A phrase must have at least one piece."""
        self._phrases = phrases
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for phrase in phrases:
            lengths[phrase[0]].add(len(phrase))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def find(self, pieces: Sequence[str]) -> Iterator[tuple[int, int, T]]:
        """(start, end, value) from left to right, at each place the longest phrase, none overlapping."""
        place = 0
        while place < len(pieces):
            found = self._longest(pieces, place)
            if found is not None:
                yield found
            place = place + 1 if found is None else found[1]

    def _longest(self, pieces: Sequence[str], start: int) -> tuple[int, int, T] | None:
        lengths: Iterable[int] = self._lengths.get(pieces[start], ())
        for length in lengths:
            phrase = tuple(pieces[start : start + length])
            if phrase in self._phrases:
                return start, start + length, self._phrases[phrase]
        return None
