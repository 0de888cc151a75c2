"""Who will leave, respond and spend: outcomes after a moment, learnt from the past, written as scores.

At several moments of the past, one horizon apart, stands what was known of each person then (``features``), and what
came in the horizon after it. Models learn from the earlier moments and are tried on later ones, as ``response`` and
``amount`` do with any time; no outcome that is learnt from lies after the moment that it is tried on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
from ibis.expr.types import Table

from analytics.engine import kept
from analytics.insight.predict import amount, encoding, features, judged, response, rows
from analytics.insight.predict.amount import Amount
from analytics.insight.predict.features import Tables
from analytics.insight.predict.outcomes import AMOUNTS, CHANCES, Outcome
from analytics.insight.predict.response import Response
from analytics.insight.quality import AmountQuality, ChanceQuality
from desk.errors import InvalidError

_MOMENTS = 4
"""Moments to learn from and be tried on; three at least."""
_MOST_PEOPLE = 50_000
"""People to learn from; of more a sample is taken before anything else is computed."""
_LIKELY, _UNLIKELY = 2 / 3, 1 / 3


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was known of people at moments of the past, with the moment as ``at_``."""

    tables: Tables
    moments: tuple[datetime, ...]
    horizon: timedelta
    known: Table


def moments(first: datetime, now: datetime, horizon: timedelta) -> tuple[datetime, ...]:
    """Return the moments to learn from, the earliest first; the outcome of the last one has just become known.

    Raises:
        InvalidError: there is not enough time behind us.
    """
    found = [now - horizon * number for number in range(_MOMENTS, 0, -1)]
    good = tuple(one for one in found if one > first)
    if len(good) < _MOMENTS - 1:
        raise InvalidError(
            f"purchases since {first:%Y-%m-%d} are too few for a horizon of {horizon.days} days: "
            f"choose at most {max(1, (now - first).days // _MOMENTS)}"
        )
    return good


def past(tables: Tables, now: datetime, horizon: timedelta) -> Past:
    """Look back from now, at a sample of people if there are many.

    Raises:
        InvalidError: there are no purchases, or not enough time behind us.
    """
    first = tables["purchase"].placed_at.min().to_pyarrow().as_py()
    if first is None:
        raise InvalidError("there are no purchases to learn from")
    found, tables = moments(first, now, horizon), _fewer(tables)
    known = ibis.union(
        *(
            features.people(tables, moment).mutate(at_=ibis.literal(moment, "timestamp"))
            for moment in found
        )
    )
    return Past(tables=tables, moments=found, horizon=horizon, known=kept(known))


def _fewer(tables: Tables) -> Tables:
    person = tables["person"]
    count = int(person.count().to_pyarrow().as_py())
    if count <= _MOST_PEOPLE:
        return tables
    chosen = kept(rows.sample(person.select("person_id"), _MOST_PEOPLE / count))
    return {
        name: table.semi_join(chosen, "person_id") if "person_id" in table.columns else table
        for name, table in tables.items()
    }


def learnt(past: Past, outcome: Outcome) -> Table:
    """Return what was known, with ``target``, what came in the horizon after it."""
    came = ibis.union(
        *(
            outcome.happened(past.tables, moment, moment + past.horizon).mutate(
                at_=ibis.literal(moment, "timestamp")
            )
            for moment in past.moments
        )
    )
    known = past.known.filter(past.known.orders > 0) if outcome.of_buyers else past.known
    joined = known.left_join(came, ["person_id", "at_"])
    named = joined.select(*known.columns, target=joined.target.fill_null(outcome.otherwise))
    return named.order_by("at_", "person_id")


def _rows(past: Past, outcome: Outcome) -> rows.Rows:
    held = kept(learnt(past, outcome))
    named = [name for name in features.names(held) if name not in {"target", "at_"}]
    return rows.read(held, encoding.fit(held, named), target="target", at="at_")


@dataclass(frozen=True, kw_only=True)
class Models:
    """Models by the name of their score, and how good they are; ``left_out`` says why there is none."""

    chances: Mapping[str, Response]
    amounts: Mapping[str, Amount]
    quality: Mapping[str, ChanceQuality | AmountQuality]
    left_out: Mapping[str, str]


def train(tables: Tables, now: datetime, horizon: timedelta, *, seed: int = 0) -> Models:
    """Learn who leaves, who responds and what is spent within the horizon; what cannot be learnt is left out.

    Raises:
        InvalidError: there is too little to learn any of it from.
    """
    seen = past(tables, now, horizon)
    left_out: dict[str, str] = {}

    def happens(outcome: Outcome) -> tuple[Response, ChanceQuality]:
        held = _rows(seen, outcome)
        found = response.train(held, seed=seed)
        return found, judged.chance(held, found, horizon)

    def spent(outcome: Outcome) -> tuple[Amount, AmountQuality]:
        held = _rows(seen, outcome)
        found = amount.train(held, seed=seed)
        return found, judged.amount(held, found, horizon)

    chances, amounts = _each(CHANCES, happens, left_out), _each(AMOUNTS, spent, left_out)
    if not chances and not amounts:
        raise InvalidError(next(iter(left_out.values())))
    return Models(
        chances={name: found for name, (found, _) in chances.items()},
        amounts={name: found for name, (found, _) in amounts.items()},
        quality={name: told for name, (_, told) in (chances | amounts).items()},
        left_out=left_out,
    )


def _each[T](
    outcomes: Mapping[str, Outcome], learn: Callable[[Outcome], T], left_out: dict[str, str]
) -> dict[str, T]:
    found: dict[str, T] = {}
    for name, outcome in outcomes.items():
        try:
            found[name] = learn(outcome)
        except InvalidError as error:
            left_out[name] = str(error)
    return found


def scores(tables: Tables, models: Models, now: datetime) -> Table:
    """Return rows for the table ``score`` as of now: for everybody whom an outcome concerns."""
    known = kept(features.people(tables, now))  # every model reads it
    buyers = known.filter(known.orders > 0)
    parts = [
        score_rows(
            found.model.scores(buyers if CHANCES[name].of_buyers else known, ["person_id"]),
            name,
            now,
            words=True,
        )
        for name, found in models.chances.items()
    ]
    parts += [
        score_rows(found.model.scores(buyers, ["person_id"]), name, now)
        for name, found in models.amounts.items()
    ]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def score_rows(scored: Table, name: str, computed_at: datetime, *, words: bool = False) -> Table:
    """Return ``person_id`` and ``score`` as rows of the table ``score``.

    With ``words`` a chance of 2/3 or more is ``high``, one under 1/3 is ``low``.
    """
    word = ibis.cases(
        (scored.score >= _LIKELY, "high"), (scored.score < _UNLIKELY, "low"), else_="medium"
    )
    return scored.select(
        "person_id",
        name=ibis.literal(name, "string"),
        value=scored.score,
        word=word if words else ibis.null("string"),
        computed_at=ibis.literal(computed_at, "timestamp"),
    )
