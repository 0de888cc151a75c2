"""A dictionary that works out what it does not hold yet, and never grows beyond a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Words repeat, so a few thousand cover nearly all text; long ones hardly ever come again.
ENTRIES = 20_000
LONGEST = 40


class Memo(dict[str, T]):
    """`memo[word]` is `work_out(word)`, remembered; a full memo starts anew."""

    def __init__(self, work_out: Callable[[str], T]) -> None:
        """Nothing is remembered yet."""
        super().__init__()
        self._work_out = work_out

    def __missing__(self, word: str) -> T:
        """Works out a value that is not remembered."""
        value = self._work_out(word)
        if len(word) <= LONGEST:
            if len(self) >= ENTRIES:
                self.clear()
            self[word] = value
        return value
