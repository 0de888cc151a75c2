"""Learns from past campaigns whom to write to: who answers (response), and whom it changes (uplift).

What is known of a person is what was known at the midnight before they were written to; the answer is what they did in
the days after. Models are tried on later campaigns than they have learnt from. Of one that does no better there than
chance the reason is kept, and no campaign is ranked by it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table
from numpy.typing import NDArray

from analytics.campaigns.ranking import RESPONSE, UPLIFT
from analytics.campaigns.ranking_past import SCHEMA, WINDOW
from analytics.engine import add, kept
from analytics.experiments.qini import qini_coefficient
from analytics.experiments.samples import Numbers
from analytics.insight.predict import compiled, encoding, features, folds, judged, response, rows
from analytics.insight.predict.churn import score_rows
from analytics.insight.predict.features import Tables
from analytics.insight.predict.models import CLASSIFIERS, predicted
from analytics.insight.predict.rows import Rows
from analytics.insight.quality import UpliftQuality
from analytics.insight.scoring.everybody import Compute, Part
from desk.errors import InvalidError

ANSWERS = ("campaign.clicked", "link_click", "message.received")
"""What somebody does who answers; a purchase counts, too."""
_DAYS = 12
"""Days of sending that are learnt from, the last ones."""
_FEWEST_DAYS = 3
_FEWEST = 20
"""People of each kind, in all that is learnt from."""
_SHUFFLES = 200
_SURE = 0.95
_ANSWERED, _BOUGHT = "answered", "bought"
_NOT_FEATURES = frozenset({"at_", "treated", "reached", _ANSWERED, _BOUGHT, "both"})
_LINEAR = "logistic regression"


def computed(past: pa.Table) -> Mapping[str, Compute]:
    """Return what is to be computed with the other scores of everybody; nothing before there was a campaign."""

    held: list[Table] = []

    def learnt(learn: Callable[[Table, Tables, datetime], Part]) -> Compute:
        def compute(tables: Tables, now: datetime) -> Part:
            if not held:  # both learn from the same rows
                held.append(known(tables, past))
            return learn(held[0], tables, now)

        return compute

    return {RESPONSE: learnt(_response), UPLIFT: learnt(_uplift)} if len(past) else {}


def known(tables: Tables, past: pa.Table) -> Table:
    """Return a row for each person and day on which they were written to, or were to be: features and answers.

    Raises:
        InvalidError: there were too few such days.
    """
    days = pc.unique(pc.floor_temporal(past["at"], unit="day")).sort()[-_DAYS:].to_pylist()
    if len(days) < _FEWEST_DAYS:
        raise InvalidError(
            f"it takes campaigns of {_FEWEST_DAYS} days whose {WINDOW.days} days of answers are over; "
            f"there are {len(days)}"
        )
    held = _held(tables, past)
    # Each by itself: to write one statement of all takes many times as long as to answer it.
    return kept(ibis.union(*(kept(_on(tables, held, day)) for day in days)))


def _held(tables: Tables, past: pa.Table) -> Table:
    """Put the past into the engine, for as long as its connection lasts."""
    backend, name = ibis.get_backend(tables["person"]), f"past_{uuid4().hex}"
    table = backend.create_table(name, schema=ibis.Schema.from_pyarrow(SCHEMA), temp=True)
    add(backend, name, past)
    return table


def _on(tables: Tables, held: Table, day: datetime) -> Table:
    """Return the rows of one day."""
    since, until = (ibis.literal(at, "timestamp") for at in (day, day + timedelta(days=1)))
    inside = held.filter(held["at"] >= since, held["at"] < until)
    sent = kept(
        inside.group_by("person_id").agg(
            sent_at=inside["at"].min(), treated=inside.treated.max(), reached=inside.reached.max()
        )
    )
    some = {
        name: table.semi_join(sent, "person_id") if "person_id" in table.columns else table
        for name, table in tables.items()
    }
    before = features.people(some, day)
    joined = before.inner_join(sent, "person_id")
    for name, did in ((_ANSWERED, _answers(some)), (_BOUGHT, _purchases(some))):
        came = _after(sent, did).select("person_id", **{name: ibis.literal(1.0)})
        joined = joined.left_join(came, "person_id").drop("person_id_right")
    return joined.mutate(
        at_=ibis.literal(day, "timestamp"),
        answered=joined[_ANSWERED].fill_null(0.0),
        bought=joined[_BOUGHT].fill_null(0.0),
    ).drop("sent_at")


def _answers(tables: Tables) -> Table:
    activity = tables["activity"]
    did = activity.filter(activity.name.isin(ANSWERS)).select("person_id", did_at="occurred_at")
    return did.union(_purchases(tables))


def _purchases(tables: Tables) -> Table:
    return features.bought(tables["purchase"]).select("person_id", did_at="placed_at")


def _after(sent: Table, did: Table) -> Table:
    """Return who did something within the window after they were written to."""
    both = sent.inner_join(did, "person_id")
    until = both.sent_at + ibis.interval(days=WINDOW.days)
    return (
        both.filter(both.did_at >= both.sent_at, both.did_at < until)
        .select("person_id")
        .distinct()
    )


def _read(held: Table, target: str) -> Rows:
    """Return a matrix with the target; its rows are in an order of their own, the same every time."""
    named = [name for name in features.names(held) if name not in _NOT_FEATURES]
    ordered = kept(held.order_by("at_", "person_id"))
    return rows.read(ordered, encoding.fit(ordered, named), target=target, at="at_")


def _response(held: Table, tables: Tables, now: datetime) -> Part:
    """Learn who answers, from those who were reached."""
    read = _read(held.filter(held.reached == 1), _ANSWERED)
    _enough("were written to", "answered", int(read.target.sum()), len(read.target))
    found = response.train(read)
    reached = found.quality
    if reached.auc_low <= 0.5:
        raise InvalidError(
            f"on the last campaigns the model did no better than chance "
            f"(area under the curve {reached.auc:.2f}, from {reached.auc_low:.2f} to {reached.auc_high:.2f})"
        )
    everybody = kept(features.people(tables, now))
    scored = score_rows(found.model.scores(everybody, ["person_id"]), RESPONSE, now)
    return Part(scored.to_pyarrow(), quality={RESPONSE: judged.chance(read, found, WINDOW)})


def _enough(whom: str, did: str, ones: int, of: int) -> None:
    if min(ones, of - ones) < _FEWEST:
        raise InvalidError(
            f"of {of} people who {whom} in past campaigns {ones} {did}: "
            f"it takes at least {_FEWEST} who did and {_FEWEST} who did not"
        )


def _uplift(held: Table, tables: Tables, now: datetime) -> Part:
    """Learn the chance of a purchase with and without being written to apart (two models)."""
    # Both in one column, so that a sample of the rows cannot part them.
    read = _read(held.mutate(both=held[_BOUGHT] + 2.0 * held.treated), "both")
    told = _judge(read)
    every = np.ones(len(read.target), bool)
    everybody = kept(features.people(tables, now))
    with_it, without = (
        compiled.scores(everybody, read.encoding, model, keep=["person_id"])
        for model in _two(read, every)
    )
    both = with_it.inner_join(without.select("person_id", less="score"), "person_id")
    scored = both.select("person_id", score=both.score - both.less)
    return Part(score_rows(scored, UPLIFT, now).to_pyarrow(), quality={UPLIFT: told})


def _judge(read: Rows) -> UpliftQuality:
    """Try on the last campaigns what was learnt from those before.

    Raises:
        InvalidError: there is too little to learn from or to try on, or it is no better than chance.
    """
    block = folds.blocks(read.at if read.at is not None else np.zeros(len(read.target), np.int64))
    last = block == block.max()
    for part in (read.target, read.target[~last]):
        _enough_of_both(part % 2, part // 2)
    first, second = _two(read, ~last)
    bought, treated = read.target[last] % 2, read.target[last] // 2
    if len(np.unique(treated)) < 2 or not bought.any():
        raise InvalidError("on the last campaigns nobody bought, or nobody was left out (holdout)")
    told = predicted(first, read.values[last]) - predicted(second, read.values[last])
    qini, chance = qini_coefficient(bought, told, treated), np.random.default_rng(0)
    by_chance = [
        qini_coefficient(bought, chance.permutation(told), treated) for _ in range(_SHUFFLES)
    ]
    bar = float(np.quantile(by_chance, _SURE))
    if not qini > bar:
        raise InvalidError(
            f"on the last campaigns the model did no better than chance (Qini {qini:.2f}; by chance up to {bar:.2f})"
        )
    return UpliftQuality(
        learnt_from=int((~last).sum()),
        tried_on=int(last.sum()),
        days=WINDOW.days,
        qini=qini,
        by_chance=bar,
    )


def _two(read: Rows, learn: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Return models of who buys: of those who were written to, and of those who were not."""
    bought, treated = read.target % 2, read.target // 2

    def model(arm: int) -> Any:
        rows_ = learn & (treated == arm)
        made = CLASSIFIERS[_LINEAR](int(rows_.sum()), 0)
        return made.fit(read.values[rows_], bought[rows_])

    return model(1), model(0)


def _enough_of_both(bought: Numbers, treated: Numbers) -> None:
    """Raise InvalidError unless there are enough purchases with and without a campaign."""
    for arm, whom in ((1, "were written to"), (0, "were left out (holdout)")):
        of = bought[treated == arm]
        _enough(whom, "bought", int(of.sum()), len(of))
