"""Which way of recommending would have told what people took later: four of them, side by side, on a split in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from analytics import columns
from analytics.analyses import source
from analytics.offers import collaborative
from analytics.offers.bandit import Floats
from analytics.offers.content import Content
from analytics.offers.measures import average_precision, ndcg, precision
from desk.errors import InvalidError

K = 10
_TRAINED = 0.8
"""Share of the rows, the earlier ones, that is learnt from."""
_MOST_TRIED = 5_000
_TIMES = 2_000
_TAIL = 2.5
"""Percent on either side of an interval."""
_AT_ONCE = 500

type Scores = Callable[[NDArray[np.int64]], Floats]
"""Return how much each of some people would like each item: people x items."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How good a way was; ``over`` is its nDCG above popularity's, its bootstrap interval 95% for all together."""

    name: str
    ndcg: float
    map: float
    precision: float
    over: float
    over_low: float
    over_high: float


@dataclass(frozen=True, kw_only=True)
class RecommendReport:
    """All there is to say. ``unreachable`` are later rows whose item nobody had taken before.

    ``winner`` is the best by nDCG, ``is_better`` whether it is surely better than what is popular.
    """

    rows: int
    people: int
    items: int
    by_time: bool
    learnt_from: int
    tried: int
    people_tried: int
    newcomers: int
    unreachable: int
    ways: tuple[Way, ...]
    winner: str
    is_better: bool
    left_out: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The columns: who took what; how much of it, what it is called, and when."""

    user: str
    item: str
    value: str | None = None
    text: str | None = None
    time: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class _World:
    train: csr_matrix
    relevant: dict[int, set[int]]
    texts: list[str] | None
    newcomers: int
    unreachable: int
    tried: int


def report(path: Path, asked: Asked) -> RecommendReport:
    """Try the ways on a file.

    Raises:
        InvalidError: the file or a column cannot be used, or there is nothing to learn from or to try on.
    """
    named = (asked.user, asked.item, asked.value, asked.text, asked.time)
    table = source.table(path, [name for name in named if name])
    rows = _rows(table, asked)
    world = _split(rows, asked)
    people = _people(world, asked.seed)
    scores, left_out = _ways(world, asked.seed)
    tried = {name: _tried(world, people, way) for name, way in scores.items()}
    # The best of several looks better than it is: each interval is as wide as makes all of them right together.
    tail = _TAIL / max(len(tried) - 1, 1)
    popular = tried["popularity"]
    ways = tuple(_way(name, one, popular, tail, asked.seed) for name, one in tried.items())
    best = max(ways, key=lambda way: way.ndcg)
    return RecommendReport(
        rows=len(rows),
        people=len(set(rows["user"].to_pylist())),
        items=world.train.shape[1],
        by_time=asked.time is not None,
        learnt_from=len(rows) - world.tried,
        tried=world.tried,
        people_tried=len(people),
        newcomers=world.newcomers,
        unreachable=world.unreachable,
        ways=ways,
        winner=best.name,
        is_better=best.over_low > 0,
        left_out=left_out,
    )


def _rows(table: Table, asked: Asked) -> pa.Table:
    """Return ``user``, ``item``, ``value`` and ``text`` from the earliest row on."""
    chosen: dict[str, Any] = {
        "user": table[asked.user].cast("string"),
        "item": table[asked.item].cast("string"),
    }
    if asked.value:
        chosen["value"] = columns.number(table, asked.value)
    if asked.text:
        chosen["text"] = table[asked.text].cast("string")
    if asked.time:
        chosen["time"] = columns.moment(table, asked.time)
    needed = [name for name in chosen if name != "text"]
    found = table.select(**chosen).drop_null(needed).to_pyarrow()
    if asked.time:
        found = found.sort_by(
            [("time", "ascending"), ("user", "ascending"), ("item", "ascending")]
        )
    if asked.value:
        found = found.filter(pc.greater(found["value"], 0))
    if not len(found):
        raise InvalidError("no row has somebody, an item and a value above 0")
    return found


def _split(rows: pa.Table, asked: Asked) -> _World:
    until = round(len(rows) * _TRAINED)
    if asked.time:
        # What happened at one moment is not torn apart.
        times = rows["time"].to_numpy()
        until = int(np.searchsorted(times, times[min(until, len(rows) - 1)]))
    if not 0 < until < len(rows):
        raise InvalidError(
            "there is no earlier and later part: the rows are too few or of one time"
        )
    early, late = rows.slice(0, until), rows.slice(until)
    users, items = early["user"].unique(), early["item"].unique()
    places = [
        pc.index_in(early[name], known).to_numpy()
        for name, known in (("user", users), ("item", items))
    ]
    amounts = early["value"].to_numpy() if asked.value else np.ones(len(early))
    train = csr_matrix((amounts, places), shape=(len(users), len(items)), dtype=np.float64)
    user, item = (
        pc.fill_null(pc.index_in(late[name], known), -1).to_numpy()
        for name, known in (("user", users), ("item", items))
    )
    relevant: dict[int, set[int]] = {}
    for one, thing in zip(user.tolist(), item.tolist(), strict=True):
        if one >= 0 and thing >= 0:
            relevant.setdefault(one, set()).add(thing)
    # What somebody has already is no news to them.
    new = {one: found - set(train[one].indices.tolist()) for one, found in relevant.items()}
    texts = _texts(early, items) if asked.text else None
    return _World(
        train=train,
        relevant={one: found for one, found in new.items() if found},
        texts=texts,
        newcomers=len(set(late["user"].to_pylist()) - set(users.to_pylist())),
        unreachable=int((item < 0).sum()),
        tried=len(late),
    )


def _texts(rows: pa.Table, items: pa.Array) -> list[str]:
    said: dict[str, str] = {}
    for item, text in zip(rows["item"].to_pylist(), rows["text"].to_pylist(), strict=True):
        if text:
            said.setdefault(item, text)
    return [said.get(item, "") for item in items.to_pylist()]


def _people(world: _World, seed: int) -> NDArray[np.int64]:
    people = np.array(sorted(world.relevant), np.int64)
    if not len(people):
        raise InvalidError("nobody of the earlier part took something new in the later one")
    if len(people) <= _MOST_TRIED:
        return people
    return np.sort(np.random.default_rng(seed).choice(people, _MOST_TRIED, replace=False))


def _ways(world: _World, seed: int) -> tuple[dict[str, Scores], dict[str, str]]:
    train, left_out = world.train, {}
    weighed = train.copy()
    weighed.data = 1 + np.log1p(train.data)
    popular = collaborative.popularity(train)
    taken = csr_matrix((train > 0).astype(np.float64))
    together = _together(taken)
    ways: dict[str, Scores] = {
        "popularity": lambda people: np.tile(popular, (len(people), 1)),
        "co-occurrence": lambda people: np.asarray((taken[people] @ together).todense()),
    }
    if world.texts is None:
        left_out["TF-IDF"] = "no --text is named"
    else:
        vectors = Content(world.texts).vectors
        ways["TF-IDF"] = lambda people: np.asarray(
            ((weighed[people] @ vectors) @ vectors.T).todense(), np.float64
        )
    if collaborative.enough(train):
        model = collaborative.learn(weighed, seed=seed)
        ways["ALS"] = lambda people: (model.people[people] @ model.items.T).astype(np.float64)
    else:
        most, items = collaborative.LEAST
        left_out["ALS"] = f"it needs {most} people with two items, and {items} items"
    return ways, left_out


def _together(taken: csr_matrix) -> csr_matrix:
    """Return how alike two items are: who took both, as a share of who took either (Jaccard)."""
    both = csr_matrix(taken.T @ taken).tocoo()
    people = np.asarray(taken.sum(axis=0)).ravel()
    either = people[both.row] + people[both.col] - both.data
    alike = csr_matrix((both.data / either, (both.row, both.col)), shape=both.shape)
    return csr_matrix(alike - diags(alike.diagonal()))


def _tried(world: _World, people: NDArray[np.int64], way: Scores) -> Floats:
    """Return nDCG, average precision and precision of each person."""
    found = []
    for start in range(0, len(people), _AT_ONCE):
        some = people[start : start + _AT_ONCE]
        for person, scores in zip(some.tolist(), way(some), strict=True):
            scores[world.train[person].indices] = -np.inf
            ranked = np.argsort(-scores, kind="stable")[:K].tolist()
            wanted = world.relevant[person]
            found.append(
                [each(ranked, wanted, K) for each in (ndcg, average_precision, precision)]
            )
    return np.array(found)


def _way(name: str, tried: Floats, popular: Floats, tail: float, seed: int) -> Way:
    over = tried[:, 0] - popular[:, 0]
    picked = np.random.default_rng(seed).integers(len(over), size=(_TIMES, len(over)))
    low, high = np.percentile(over[picked].mean(axis=1), (tail, 100 - tail))
    gain, mean, share = tried.mean(axis=0).tolist()
    return Way(
        name=name,
        ndcg=gain,
        map=mean,
        precision=share,
        over=float(over.mean()),
        over_low=float(low),
        over_high=float(high),
    )
