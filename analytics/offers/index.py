"""What answers need to know of everybody, in one file that is mapped into memory and not read.

An Arrow file of people, sorted by their id, whose header holds the table of items: so both are always of one build.
"""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from analytics.offers.bandit import Floats
from analytics.offers.vectors import Factors

FILE = "offers.arrow"
_ITEMS = b"items"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a person: items by their place in the index, newest first; ``factors`` may be empty."""

    bought: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()
    words: str = ""
    purchases: int = 0
    factors: Factors


class Index:
    """An opened file."""

    def __init__(self, people: pa.RecordBatch, items: pa.RecordBatch) -> None:
        self._people = people
        self._ids = people.column("person_id")
        self._factors = _square(people.column("factors"))
        self.items: tuple[str, ...] = tuple(items.column("item").to_pylist())
        self.names: tuple[str, ...] = tuple(items.column("name").to_pylist())
        self.categories: tuple[str, ...] = tuple(items.column("category").to_pylist())
        self.popularity: Floats = items.column("popularity").to_numpy()
        self.factors: Factors = _square(items.column("factors"))
        self.place = {item: place for place, item in enumerate(self.items)}

    @classmethod
    def empty(cls) -> "Index":
        """Return an index of nobody, for as long as nothing is computed."""
        return cls(_batch(_PEOPLE, {}, 0), _batch(_THINGS, {}, 0))

    def __len__(self) -> int:
        return len(self._ids)

    def of(self, person_id: str) -> Known:
        """Return what is known of somebody; of a stranger nothing."""
        row = bisect_left(range(len(self._ids)), person_id, key=lambda n: str(self._ids[n]))
        if row == len(self._ids) or str(self._ids[row]) != person_id:
            return Known(factors=np.zeros(self.factors.shape[1], np.float32))
        cell = {name: self._people.column(name)[row].as_py() for name in _CELLS}
        return Known(
            bought=tuple(cell["bought"]),
            seen=tuple(cell["seen"]),
            words=cell["words"],
            purchases=cell["purchases"],
            factors=self._factors[row],
        )


_CELLS = ("bought", "seen", "words", "purchases")
_PEOPLE: dict[str, Any] = {
    "person_id": pa.string(),
    "bought": pa.list_(pa.int32()),
    "seen": pa.list_(pa.int32()),
    "words": pa.string(),
    "purchases": pa.int32(),
}
_THINGS: dict[str, Any] = {
    "item": pa.string(),
    "name": pa.string(),
    "category": pa.string(),
    "popularity": pa.float64(),
}


def write(path: Path, people: dict[str, Any], items: dict[str, Any], factors: int) -> None:
    """Put a new index in the place of the old one; readers keep what they have mapped until they look again."""
    header = _batch(_THINGS, items, factors)
    batch = _batch(_PEOPLE, people, factors)
    schema = batch.schema.with_metadata(
        {_ITEMS: header.serialize().to_pybytes(), b"n": b"%d" % factors}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.next")
    with pa.OSFile(str(fresh), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(schema.metadata))
    fresh.replace(path)


def read(path: Path) -> Index:
    """Return the index of a file; an empty one where there is none."""
    try:
        source = pa.memory_map(str(path))
    except FileNotFoundError:
        return Index.empty()
    reader = pa.ipc.open_file(source)
    metadata = reader.schema.metadata
    schema = _schema(_THINGS, int(metadata[b"n"]))
    items = pa.ipc.read_record_batch(pa.py_buffer(metadata[_ITEMS]), schema)
    return Index(reader.get_batch(0), items)


def _schema(columns: dict[str, Any], factors: int) -> pa.Schema:
    return pa.schema({**columns, "factors": pa.list_(pa.float32(), factors)})


def _batch(columns: dict[str, Any], values: dict[str, Any], factors: int) -> pa.RecordBatch:
    schema = _schema(columns, factors)
    filled: list[pa.Array] = []
    for field in schema:
        given = values.get(field.name, [])
        if field.name == "factors" and not factors:
            filled.append(pa.array([[]] * len(filled[0]), field.type))
        elif field.name == "factors" and len(given):
            flat = pa.array(np.ascontiguousarray(given, np.float32).ravel())
            filled.append(pa.FixedSizeListArray.from_arrays(flat, factors))
        else:
            filled.append(given if isinstance(given, pa.Array) else pa.array(given, field.type))
    return pa.record_batch(filled, schema=schema)


def _square(column: Any) -> Factors:
    size = column.type.list_size
    return (
        column.flatten().to_numpy().reshape(len(column), size)
        if size
        else np.zeros((len(column), 0), np.float32)
    )
