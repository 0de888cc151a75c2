"""What is kept of a trained model: how good it is, and what it goes by."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import numpy as np

from analytics.insight.predict import drivers, measures
from analytics.insight.predict.amount import Amount
from analytics.insight.predict.drivers import Importance, ResponseRule
from analytics.insight.predict.encoding import Part
from analytics.insight.predict.measures import Column
from analytics.insight.predict.response import Response
from analytics.insight.predict.rows import Rows
from analytics.insight.quality import (
    AmountQuality,
    Bin,
    ChanceQuality,
    Check,
    Driver,
    Errors,
    Measures,
    Odds,
    Rule,
    Trial,
)

_DRIVERS = 8
"""The features that matter most; odds are of these, since of features that say the same no odds can be told apart."""
_RULES = 8


def chance(rows: Rows, found: Response, horizon: timedelta) -> ChanceQuality:
    """Judge a model of whether something happens."""
    important = drivers.importance(
        rows.encoding,
        rows.values[found.test],
        rows.target[found.test],
        measures.auc,
        found.tried_model.chance,
    )[:_DRIVERS]
    return ChanceQuality(
        model=found.model.name,
        days=horizon.days,
        learnt_from=len(rows.target),
        moments=_moments(rows),
        measures=msgspec.convert(found.quality, Measures, from_attributes=True),
        trials=msgspec.convert(found.trials, tuple[Trial, ...], from_attributes=True),
        drivers=_drivers(important),
        odds=_odds(rows, important),
        rules=_rules(drivers.rules(rows)),
    )


def amount(rows: Rows, found: Amount, horizon: timedelta) -> AmountQuality:
    """Judge a model of money."""
    important = drivers.importance(
        rows.encoding,
        rows.values[found.test],
        rows.target[found.test],
        _closeness,
        found.tried_model.amount,
    )[:_DRIVERS]
    return AmountQuality(
        model=found.model.name,
        days=horizon.days,
        learnt_from=len(rows.target),
        moments=_moments(rows),
        rows=len(found.test),
        errors=msgspec.convert(found.errors, Errors, from_attributes=True),
        of_mean=msgspec.convert(found.of_mean, Errors, from_attributes=True),
        bins=msgspec.convert(found.bins, tuple[Bin, ...], from_attributes=True),
        trials=msgspec.convert(found.trials, tuple[Trial, ...], from_attributes=True),
        drivers=_drivers(important),
    )


def _moments(rows: Rows) -> int:
    return 0 if rows.at is None else len(np.unique(rows.at))


def _closeness(actual: Column, guess: Column) -> float:
    """Return minus the mean absolute error, so that what is lost is money."""
    return -measures.errors(actual, guess).mean_absolute


def _drivers(important: Sequence[Importance]) -> tuple[Driver, ...]:
    """Return those without which the model would lose more than chance does."""
    return tuple(
        Driver(feature=one.feature, loss=one.loss, spread=one.spread)
        for one in important
        if one.loss > 0
    )


def _odds(rows: Rows, important: Sequence[Importance]) -> tuple[Odds, ...]:
    names = {one.feature for one in important}
    others = [one.name for one in rows.encoding.features if one.name not in names]
    held = rows.without(others, dict.fromkeys(others, "others matter more"))
    parts = {part.name: part for part in held.encoding.parts}
    return tuple(
        _factor(parts[one.name], one)
        for one in drivers.odds_ratios(held)
        if one.low is not None and one.high is not None
    )


def _factor(part: Part, odds: drivers.Odds) -> Odds:
    return Odds(
        feature=part.feature,
        kind=part.kind,
        word=part.word,
        step=odds.step,
        ratio=odds.ratio,
        low=odds.low or 0.0,
        high=odds.high or 0.0,
    )


def _rules(found: Sequence[ResponseRule]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            tests=tuple(
                Check(
                    feature=part.feature,
                    kind=part.kind,
                    word=part.word,
                    low=condition.low,
                    high=condition.high,
                )
                for part, condition in one.tests
            ),
            rows=one.rows,
            coverage=one.coverage,
            rate=one.rate,
            lift=one.lift,
        )
        for one in found[:_RULES]
    )
