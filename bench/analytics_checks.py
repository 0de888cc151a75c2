"""Did both sides of the bench of the analytics find the same? A difference ends the bench."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import csv
from pyarrow import parquet as pq
from sklearn.metrics import adjusted_rand_score

from bench.analytics_data import ENGINE
from bench.segments import BY_HAND

_MONEY = 1e-6
_SCORE = 1e-9
_LIKELIHOOD = 1e-3
_SAME_GROUPS = 0.9

type Facts = Mapping[str, Any]


def rfm(ours: Path, recipe: Path, _: Facts, __: Facts, ___: Path) -> str:
    """Compare features and scores of every customer."""
    mine = pq.read_table(ours).rename_columns({"customer": "person_id"})
    return _columns(mine, pq.read_table(recipe))


def features(ours: Path, recipe: Path, _: Facts, __: Facts, ___: Path) -> str:
    """Compare every column that both have."""
    return _columns(pq.read_table(ours), pq.read_table(recipe))


def _columns(mine: pa.Table, theirs: pa.Table) -> str:
    mine, theirs = mine.sort_by("person_id"), theirs.sort_by("person_id")
    if (
        not mine["person_id"]
        .combine_chunks()
        .cast("string")
        .equals(theirs["person_id"].combine_chunks().cast("string"))
    ):
        raise AssertionError("the sides speak of different people")
    shared = [name for name in mine.column_names if name in theirs.column_names[1:]]
    if len(shared) < 6:
        raise AssertionError(f"too little to compare: {shared}")
    for name in shared:
        left, right = (
            one[name].cast("float64").to_numpy(zero_copy_only=False) for one in (mine, theirs)
        )
        if not np.allclose(left, right, rtol=1e-9, atol=_MONEY, equal_nan=True):
            apart = np.nanmax(np.abs(left - right))
            raise AssertionError(f"{name} differs by up to {apart}")
    return f"{len(shared)} columns of {len(mine):,} people"


def segment(ours: Path, recipe: Path, _: Facts, __: Facts, shop: Path) -> str:
    """Compare with data frames and with SQL by hand."""
    connection = duckdb.connect(shop / ENGINE, read_only=True)
    by_hand = {row[0] for row in connection.execute(BY_HAND).fetchall()}
    connection.close()
    for path in (ours, recipe):
        if set(pq.read_table(path)["person_id"].to_pylist()) != by_hand:
            raise AssertionError(f"{path.name} differs from the SQL by hand")
    return f"{len(by_hand):,} people, as the SQL by hand"


def likelihoods(_: Path, __: Path, mine: Facts, theirs: Facts, ___: Path) -> str:
    """Compare the likelihoods that were reached; ours may be the better one."""
    apart = (mine["log_likelihood"] - theirs["log_likelihood"]) / abs(theirs["log_likelihood"])
    if abs(apart) > _LIKELIHOOD:
        raise AssertionError(f"log-likelihoods {mine} and {theirs}")
    return f"log-likelihood {mine['log_likelihood']:,.2f} and {theirs['log_likelihood']:,.2f}"


def groups(ours: Path, recipe: Path, mine: Facts, theirs: Facts, _: Path) -> str:
    """Compare who is with whom (adjusted Rand index, Hubert and Arabie 1985)."""
    index = adjusted_rand_score(np.load(_npy(ours)), np.load(_npy(recipe)))
    if mine["groups"] != theirs["groups"] or index < _SAME_GROUPS:
        raise AssertionError(f"{mine} and {theirs}, adjusted Rand index {index}")
    return f"{mine['groups']} groups, adjusted Rand index {index:.4f}"


def numbers(ours: Path, recipe: Path, _: Facts, __: Facts, ___: Path) -> str:
    """Compare the score of every row."""
    apart = float(np.abs(np.load(_npy(ours)) - np.load(_npy(recipe))).max())
    if not apart <= _SCORE:
        raise AssertionError(f"scores differ by up to {apart}")
    return f"apart by at most {apart:.0e}"


def _npy(path: Path) -> Path:
    return path.with_name(f"{path.name}.npy")


def cdnow(source: Path, folder: Path) -> Path:
    """Return the customers that the published figures are about, as the sides read them."""
    path = folder / "cdnow.parquet"
    held = csv.read_csv(source)
    names = dict(zip(held.column_names[1:4], ("frequency", "recency", "age"), strict=True))
    taken = held.select(list(names)).rename_columns(list(names.values()))
    pq.write_table(
        taken.cast(pa.schema([(name, pa.float64()) for name in taken.column_names])), path
    )
    return path
