"""The usual recipe: data frames and scikit-learn as tutorials have them, in their quicker forms. Nothing of ours."""

import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from bench.analytics_child import Work, main

_NOW = pd.Timestamp("2026-01-01")
_WINDOWS = (30, 90, 365)
_SCORES = 5

type Frames = dict[str, pd.DataFrame]


def _frames(**columns: Sequence[str]) -> Callable[[Path], Frames]:
    def load(folder: Path) -> Frames:
        return {
            name: pd.read_parquet(folder / f"{name}.parquet", columns=list(some))
            for name, some in columns.items()
        }

    return load


def _rfm(frames: Frames) -> pd.DataFrame:
    """Score by fifths of the average rank; most tutorials call Python for each customer, which is left out here."""
    orders = frames["purchase"]
    orders = orders[(orders.status != "cancelled") & (orders.placed_at < _NOW)]
    orders = orders.assign(day=orders.placed_at.dt.normalize())
    found = orders.groupby("person_id").agg(
        last=("day", "max"), frequency=("day", "nunique"), money=("amount", "sum")
    )
    found["recency"] = (_NOW - found["last"]).dt.days
    for name, column, sign in (("r", "recency", -1), ("f", "frequency", 1), ("m", "money", 1)):
        middle = (found[column] * sign).rank(method="average") - 0.5
        found[name] = np.ceil(_SCORES * middle / len(found)).clip(1, _SCORES).astype(int)
    return found.reset_index()[["person_id", "recency", "frequency", "money", "r", "f", "m"]]


def _features(frames: Frames) -> pd.DataFrame:
    orders, done = frames["purchase"], frames["activity"]
    orders = orders[(orders.status != "cancelled") & (orders.placed_at < _NOW)]
    done = done[done.occurred_at < _NOW]
    bought = orders.groupby("person_id").agg(
        orders=("amount", "size"),
        money=("amount", "sum"),
        largest_order=("amount", "max"),
        first=("placed_at", "min"),
        last=("placed_at", "max"),
    )
    acted = done.groupby("person_id").agg(
        activities=("name", "size"), channels=("channel", "nunique"), latest=("occurred_at", "max")
    )
    parts = [bought, acted]
    for days in _WINDOWS:
        since = _NOW - pd.Timedelta(days=days)
        lately = orders[orders.placed_at >= since].groupby("person_id").amount.agg(["size", "sum"])
        parts.append(lately.rename(columns={"size": f"orders_{days}", "sum": f"money_{days}"}))
        recent = done[done.occurred_at >= since]
        parts.append(recent.groupby("person_id").size().rename(f"activities_{days}").to_frame())
    recent = done[done.occurred_at >= _NOW - pd.Timedelta(days=90)]
    named = recent.groupby(["person_id", "name"]).size().unstack(fill_value=0)
    parts.append(named.add_suffix("_90"))
    people = frames["person"].set_index("person_id")
    found = people.join(parts)
    day = pd.Timedelta(days=1)
    found["recency"] = (_NOW - found["last"]) / day
    found["last_activity"] = (_NOW - found.latest) / day
    found["age"] = (_NOW - pd.to_datetime(found.born)) / day / 365.25
    gap = (found["last"] - found["first"]) / day / (found.orders - 1)
    found["gap"] = gap.where(found.orders > 1)
    found["mean_order"] = found.money / found.orders
    found = found.drop(columns=["first", "last", "latest", "born"])
    counts = found.columns.difference(["recency", "last_activity", "age", "gap", "mean_order"])
    found[counts] = found[counts].fillna(0)
    return found.reset_index()


def _segment(frames: Frames) -> set[str]:
    """Return the segment as it is commonly done with data frames."""
    now = _NOW
    people, orders = frames["person"], frames["purchase"]
    orders = orders[orders.status != "cancelled"]
    grouped = orders.groupby("person_id").agg(money=("amount", "sum"), last=("placed_at", "max"))
    lately = orders[orders.placed_at >= now - pd.Timedelta(days=365)].groupby("person_id").size()
    done = frames["activity"]
    opened = done[(done.name == "email_open") & (done.occurred_at >= now - pd.Timedelta(days=90))]
    score, reach, tag = frames["score"], frames["reach"], frames["tag"]
    born = pd.to_datetime(people.born)
    found = people[
        people.country.isin(["DE", "AT", "CH"])
        & (born <= now - pd.DateOffset(years=25))
        & (born > now - pd.DateOffset(years=55))
    ]
    ids = found.person_id
    enough = grouped[
        (grouped.money >= 200 - 1e-6) & (grouped["last"] <= now - pd.Timedelta(days=30))
    ]
    fine = score[(score.name == "churn") & (score.value <= 0.8)].person_id
    good = score[(score.name == "rfm") & score.word.isin(["champions", "loyal"])].person_id
    reached = reach[(reach.channel == "email") & reach.reachable].person_id
    return set(
        ids[
            ids.isin(lately[lately >= 2].index)
            & ids.isin(enough.index)
            & ids.isin(opened.person_id)
            & ids.isin(fine)
            & (ids.isin(good) | ids.isin(reached))
            & ~ids.isin(tag[tag.tag == "blocked"].person_id)
        ]
    )


def _keep_frame(found: pd.DataFrame, out: Path) -> Mapping[str, Any]:
    found.to_parquet(out, index=False)
    return {"rows": len(found)}


def _keep_ids(found: set[str], out: Path) -> Mapping[str, Any]:
    return _keep_frame(pd.DataFrame({"person_id": sorted(found)}), out)


def _clusters(values: Any) -> tuple[Any, int]:
    """Standardise, try 2 to 8 groups on all rows, and keep those that stand apart best on a sample."""
    scaled = StandardScaler().fit_transform(values)
    tried = {}
    for groups in range(2, 9):
        labels = KMeans(n_clusters=groups, n_init="auto", random_state=1).fit_predict(scaled)
        apart = silhouette_score(scaled, labels, sample_size=2_000, random_state=1)
        tried[apart] = (labels, groups)
    return tried[max(tried)]


def _keep_labels(found: tuple[Any, int], out: Path) -> Mapping[str, Any]:
    np.save(out, found[0])
    return {"groups": found[1]}


def _score(name: str) -> Work:
    """Read the rows out, let the model tell, write the answers back."""

    def load(folder: Path) -> tuple[Path, Any]:
        model = pickle.loads((folder / f"{name}.pickle").read_bytes())  # noqa: S301 - our own
        return folder, model

    def do(held: tuple[Path, Any]) -> Any:
        folder, model = held
        cases = pd.read_parquet(folder / "cases.parquet")
        told = model.predict_proba(cases.drop(columns="row").to_numpy())[:, 1]
        answers = pd.DataFrame({"row": cases.row, "score": told})
        answers.to_parquet(folder / f"recipe-{name}.parquet", index=False)
        return told

    return Work(load, do, _keep_array)


def _keep_array(found: Any, out: Path) -> Mapping[str, Any]:
    np.save(out, found)
    return {"rows": len(found)}


_ORDERS = ("person_id", "placed_at", "status", "amount")
_DEEDS = ("person_id", "name", "occurred_at", "channel")

WORKS: Mapping[str, Work] = {
    "rfm": Work(_frames(purchase=_ORDERS), _rfm, _keep_frame),
    "features": Work(
        _frames(person=("person_id", "born"), purchase=_ORDERS, activity=_DEEDS),
        _features,
        _keep_frame,
    ),
    "segment": Work(
        _frames(
            person=("person_id", "country", "born"),
            purchase=_ORDERS,
            activity=("person_id", "name", "occurred_at"),
            score=("person_id", "name", "value", "word"),
            reach=("person_id", "channel", "reachable"),
            tag=("person_id", "tag"),
        ),
        _segment,
        _keep_ids,
    ),
    "clusters": Work(np.load, _clusters, _keep_labels),
    "score-linear": _score("linear"),
    "score-tree": _score("tree"),
    "score-forest": _score("forest"),
}

if __name__ == "__main__":
    main(WORKS)
