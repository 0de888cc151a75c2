"""What a shop's people are like, all together: distributions, groups, value, risk, and who comes back.

Each panel says on how many people it stands; what is not known of somebody is counted as such and never guessed.
"""

from collections.abc import Mapping
from datetime import datetime

import ibis
import numpy as np
from ibis.expr.types import Table, Value
from numpy.typing import NDArray

from analytics.insight import quality
from analytics.insight.board import OTHERS, UNKNOWN, Bar, Cohort, Dashboard, GroupRule
from analytics.insight.predict.features import Tables, bought
from analytics.insight.predict.rows import sample
from analytics.insight.quality import Check
from analytics.insight.rules import tree_rules

type Column = NDArray[np.float64]

_MOST_PLACES = 12
_SAMPLE = 20_000
_SCORES = ("r", "f", "m")
_MONTHS = 12
BANDS = ((0, 18), (18, 25), (25, 35), (35, 45), (45, 55), (55, 65), (65, 120))
"""Ages from and below; others cannot be."""
_TENTHS = tuple(n / 10 for n in range(10))
_PURCHASES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Where parts of chances, and of purchases expected, begin."""


def dashboard(tables: Tables, now: datetime) -> Dashboard:
    """Compute it from the engine's tables, as of now (UTC, without a zone)."""
    person, score = tables["person"], tables["score"]
    wide = _wide(score)
    known = (
        wide.aggregate(n=wide.rfm_word.count(), at=wide.computed_at.max())
        .to_pyarrow()
        .to_pylist()[0]
    )
    money = bought(tables["purchase"]).group_by("person_id").agg(money=lambda t: t.amount.sum())
    bars = {
        "age": _ordered(person, _band(person, now), [f"{low}" for low, _ in BANDS]),
        "gender": _ordered(person, person.gender, ["female", "male", "other"]),
        "language": _largest(person, person.language),
        "country": _largest(person, person.country),
        "city": _largest(person, person.city),
        "rfm": _with_money(wide, wide.rfm_word, money),
        "cluster": _with_money(wide, wide.cluster_word, money),
        "churn": _with_money(wide, wide.churn_word, money),
        "churn_chance": _spread(wide, wide.churn, _TENTHS),
        "response_chance": _spread(wide, wide.response, _TENTHS),
        "alive": _spread(wide, wide.alive, _TENTHS),
        "purchases": _spread(wide, wide.purchases, _PURCHASES),
    }
    expected = wide.filter(wide.clv.notnull()).select("clv").to_pyarrow()["clv"]
    values: Column = -np.sort(-expected.to_numpy())
    told = {row["name"]: row["told"] for row in tables["model"].to_pyarrow().to_pylist()}
    currencies = tables["purchase"].select("currency").distinct().to_pyarrow()["currency"]
    return Dashboard(
        people=person.count().to_pyarrow().as_py(),
        buyers=known["n"],
        computed_at=known["at"],
        bars=bars,
        grid=_grid(wide),
        expected=float(values.sum()),
        tenths=_tenths(values),
        cohorts=_cohorts(tables["purchase"], now),
        rules=_rules(wide),
        currency=currencies[0].as_py() if len(currencies) == 1 else None,
        models=quality.read(told),
        left_out=quality.reasons(told),
    )


def _wide(score: Table) -> Table:
    """Return one row a person with the scores side by side."""

    def value(name: str) -> Value:
        return score.value.max(where=score.name == name)

    def word(name: str) -> Value:
        return score.word.max(where=score.name == name)

    return score.group_by("person_id").agg(
        r=value("rfm_recency"),
        f=value("rfm_frequency"),
        m=value("rfm_money"),
        clv=value("clv"),
        alive=value("alive"),
        purchases=value("purchases"),
        churn=value("churn"),
        response=value("response"),
        cluster=value("cluster"),
        rfm_word=word("rfm"),
        cluster_word=word("cluster"),
        churn_word=word("churn"),
        computed_at=score.computed_at.max(),
    )


def _band(person: Table, now: datetime) -> Value:
    age = (ibis.literal(now, "timestamp").date().delta(person.born, unit="day") / 365.25).floor()
    return ibis.cases(*(((age >= low) & (age < high), str(low)) for low, high in BANDS))


def _counts(table: Table, key: Value) -> dict[str | None, int]:
    keyed = table.select(key=key.cast("string"))
    found = keyed.group_by("key").agg(n=keyed.count()).to_pyarrow().to_pylist()
    return {row["key"]: row["n"] for row in found}


def _ordered(table: Table, key: Value, order: list[str]) -> tuple[Bar, ...]:
    counts = _counts(table, key)
    keys = [*order, *sorted(one for one in counts if one is not None and one not in order)]
    bars = [Bar(key=one, people=counts[one]) for one in keys if one in counts]
    return (*bars, *_missing(counts))


def _spread(wide: Table, value: Value, starts: tuple[float, ...]) -> tuple[Bar, ...]:
    """Return how many have a value in each part, named by where it begins; nothing where nobody has one."""
    known = wide.select(value=value).drop_null()
    which = ibis.cases(*((known.value >= low, f"{low:g}") for low in reversed(starts)))
    counts = _counts(known, which)
    if not counts:
        return ()
    return tuple(Bar(key=f"{low:g}", people=counts.get(f"{low:g}", 0)) for low in starts)


def _largest(table: Table, key: Value) -> tuple[Bar, ...]:
    counts = _counts(table, key)
    named = {one: n for one, n in counts.items() if one is not None}
    order = sorted(named, key=lambda one: (-named[one], one))
    bars = [Bar(key=one, people=named[one]) for one in order[:_MOST_PLACES]]
    rest = sum(named[one] for one in order[_MOST_PLACES:])
    return (*bars, *([Bar(key=OTHERS, people=rest)] if rest else []), *_missing(counts))


def _missing(counts: Mapping[str | None, int]) -> list[Bar]:
    return [Bar(key=UNKNOWN, people=counts[None])] if counts.get(None) else []


def _with_money(wide: Table, key: Value, money: Table) -> tuple[Bar, ...]:
    named = wide.select("person_id", key=key)
    named = named.filter(named.key.notnull())
    joined = named.left_join(money, "person_id")
    found = joined.group_by("key").agg(n=joined.count(), money=joined.money.sum())
    rows = found.order_by(ibis.desc("n"), "key").to_pyarrow().to_pylist()
    return tuple(Bar(key=row["key"], people=row["n"], money=row["money"] or 0.0) for row in rows)


def _grid(wide: Table) -> tuple[tuple[int, ...], ...]:
    scored = wide.filter(wide.r.notnull())
    placed = scored.select(
        r=scored.r.cast("int64"), fm=((scored.f + scored.m) / 2 + 0.001).round().cast("int64")
    )
    rows = placed.group_by("r", "fm").agg(n=placed.count()).to_pyarrow().to_pylist()
    counts = {(row["r"], row["fm"]): row["n"] for row in rows}
    return tuple(tuple(counts.get((r, fm), 0) for fm in range(1, 6)) for r in range(5, 0, -1))


def _tenths(values: Column) -> tuple[float, ...]:
    total = values.sum()
    if len(values) < 10 or total <= 0:
        return ()
    return tuple(float(part.sum() / total) for part in np.array_split(values, 10))


def _cohorts(purchase: Table, now: datetime) -> tuple[Cohort, ...]:
    """Return the retention of the last 12 months' cohorts: the share of each that bought n months later."""
    held = bought(purchase)
    held = held.filter(held.placed_at < ibis.literal(now, "timestamp"))
    months = held.select(
        "person_id", month=held.placed_at.year() * 12 + held.placed_at.month() - 1
    ).distinct()
    first = months.group_by("person_id").agg(first=months.month.min())
    joined = months.join(first, "person_id")
    counted = joined.group_by("first", after=joined.month - joined["first"]).agg(n=joined.count())
    counts = {(row["first"], row["after"]): row["n"] for row in counted.to_pyarrow().to_pylist()}
    last = now.year * 12 + now.month - 1
    cohorts = []
    for month in range(last - _MONTHS + 1, last + 1):
        people = counts.get((month, 0), 0)
        if people:
            shares = [
                _share(counts.get((month, n), 0), people, month + n < last)
                for n in range(1, last - month + 1)
            ]
            cohorts.append(
                Cohort(
                    month=f"{month // 12}-{month % 12 + 1:02d}",
                    people=people,
                    shares=tuple(shares),
                )
            )
    return tuple(cohorts)


def _share(count: int, people: int, is_over: bool) -> float | None:
    """Return the share; a month that still goes on is not told, it would look like a fall."""
    return count / people if is_over else None


def _rules(wide: Table) -> tuple[GroupRule, ...]:
    """Return what tells the groups apart in terms of the scores, learnt from about 20,000 people."""
    known = wide.filter(wide.cluster.notnull(), wide.r.notnull()).order_by("person_id")
    count = known.count().to_pyarrow().as_py()
    held = known if count <= _SAMPLE else sample(known, _SAMPLE / count)
    found = held.select("r", "f", "m", "cluster", "cluster_word").to_pyarrow()
    labels = found["cluster"].to_numpy().astype(np.int64)
    names = dict(zip(labels.tolist(), found["cluster_word"].to_pylist(), strict=True))
    if len(names) < 2:
        return ()
    features = np.column_stack([found[name].to_numpy() for name in ("r", "f", "m")])
    return tuple(
        GroupRule(
            group=names[rule.label],
            checks=tuple(
                Check(feature=one.feature, kind="number", low=one.low, high=one.high)
                for one in rule.conditions
            ),
            coverage=rule.coverage,
            purity=rule.purity,
        )
        for rule in tree_rules(features, labels, _SCORES)
    )
