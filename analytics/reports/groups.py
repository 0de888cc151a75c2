"""Groups as columns: there are tens of thousands, and every metric asks all of them."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from analytics.reports.span import Group

type Ints = npt.NDArray[np.int64]
type Yes = npt.NDArray[np.bool_]


class Groups:
    """A list of groups that only grows; of each field its words, and which of them every group has."""

    def __init__(self) -> None:
        self.names: list[Group] = []
        self._words: dict[str, dict[str, int]] = {field: {} for field in Group._fields}
        self._codes: dict[str, list[int]] = {field: [] for field in Group._fields}
        self._columns: dict[str, Ints] = {}

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.names)

    def add(self, group: Group) -> int:
        """Add a group and return its place."""
        self.names.append(group)
        for field, word in zip(Group._fields, group, strict=True):
            words = self._words[field]
            self._codes[field].append(words.setdefault(word, len(words)))
        self._columns.clear()
        return len(self.names) - 1

    def words(self, field: str) -> Sequence[str]:
        """Return the words of a field; a code is a place among them."""
        return list(self._words[field])

    def codes(self, field: str) -> Ints:
        """Return the code of every group in a field."""
        if field not in self._columns:
            self._columns[field] = np.array(self._codes[field], dtype=np.int64)
        return self._columns[field]

    def having(self, field: str, words: Collection[str]) -> Yes:
        """Return which groups have one of some words in a field."""
        known = self._words[field]
        wanted = np.zeros(len(known), dtype=bool)
        wanted[[known[word] for word in words if word in known]] = True
        return wanted[self.codes(field)] if len(known) else np.zeros(0, dtype=bool)


def groups_of(names: Sequence[Group]) -> Groups:
    """Return groups as columns."""
    groups = Groups()
    for name in names:
        groups.add(name)
    return groups
