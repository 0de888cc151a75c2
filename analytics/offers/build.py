"""Makes the index of everybody from the engine's tables; the daily child does it, as it takes many seconds."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from analytics.insight.predict.features import Tables
from analytics.offers import behaviour, collaborative, index
from analytics.warehouse.place import Warehouse
from analytics.warehouse.tables import SCHEMAS

_MOST = 20
"""Items of a person that are kept, of what was bought and of what was seen; the newest."""

type Places = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Built:
    """How many people and items the index knows, and whether people who buy alike could be learnt from."""

    people: int
    items: int
    collaborative: bool
    seconds: float


def build_index(warehouse: Warehouse, now: datetime, path: Path) -> Built:
    """Write the index of everybody in the engine as of now; raises NotFoundError while nothing is there."""
    with warehouse.reading() as engine:
        tables = {name: engine.table(name) for name in SCHEMAS}
        return build(tables, now.astimezone(UTC).replace(tzinfo=None), path)


def build(tables: Tables, now: datetime, path: Path, *, seed: int = 0) -> Built:
    """Write the index as of ``now`` (UTC, without a zone)."""
    began = perf_counter()
    deeds = behaviour.deeds(tables, now).sort_by(
        [("person_id", "ascending"), ("last_at", "descending"), ("item", "ascending")]
    )
    topics, known = behaviour.topics(tables), behaviour.items(tables)
    people = pa.concat_arrays(
        [
            *deeds["person_id"].cast(pa.string()).chunks,
            *topics["person_id"].cast(pa.string()).chunks,
        ]
    ).unique()
    people = people.take(pc.sort_indices(people))
    things = _things(known, deeds)
    rows = pc.index_in(deeds["person_id"], people).to_numpy()
    places = pc.index_in(deeds["item"], things["item"]).to_numpy()
    bought = deeds["bought"].to_numpy()
    shape = (len(people), len(things["item"]))
    matrix = csr_matrix((deeds["weight"].to_numpy(), (rows, places)), shape=shape)
    learnt = collaborative.enough(matrix)
    model = collaborative.learn(matrix, seed=seed) if learnt else None
    factors = model.items.shape[1] if model else 0
    words = pc.index_in(people, topics["person_id"].combine_chunks())
    index.write(
        path,
        {
            "person_id": people,
            "bought": _lists(rows[bought], places[bought], len(people)),
            "seen": _lists(rows[~bought], places[~bought], len(people)),
            "words": pc.fill_null(topics["words"].combine_chunks().take(words), ""),
            "purchases": np.bincount(rows[bought], minlength=len(people)).astype(np.int32),
            "factors": model.people if model else (),
        },
        things
        | {
            "popularity": collaborative.popularity(matrix),
            "factors": model.items if model else (),
        },
        factors,
    )
    return Built(
        people=shape[0], items=shape[1], collaborative=learnt, seconds=perf_counter() - began
    )


def _things(known: pa.Table, deeds: pa.Table) -> dict[str, Any]:
    """Return items with what they are called; what nobody ever bought is called as it is written."""
    names = pa.concat_arrays(
        [*known["item"].cast(pa.string()).chunks, *deeds["item"].cast(pa.string()).chunks]
    ).unique()
    names = names.take(pc.sort_indices(names))
    where = pc.index_in(names, known["item"].combine_chunks())
    called = known["name"].combine_chunks().take(where)
    category = known["category"].combine_chunks().take(where)
    return {
        "item": names,
        "name": pc.coalesce(called, names),
        "category": pc.fill_null(category, ""),
    }


def _lists(rows: Places, places: Places, people: int) -> pa.ListArray:
    """Return the first items of each person; ``rows`` are sorted."""
    starts = np.searchsorted(rows, np.arange(people))
    kept = np.arange(len(rows)) - starts[rows] < _MOST if len(rows) else np.zeros(0, bool)
    ends = np.cumsum([0, *np.bincount(rows[kept], minlength=people)])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(places[kept], pa.int32()))
