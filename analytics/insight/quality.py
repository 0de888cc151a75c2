"""How good models are and what they go by, as it is kept with the scores: a line of JSON each in the table ``model``.

Cheap to import, as pages read it; what computes it is in ``predict.judged`` and ``outlook``.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

LEFT_OUT = "left out"
"""The row that says what could not be computed, and why."""


class Trial(Struct, frozen=True):
    """A model that was tried and what it reached, on later time and on random folds."""

    name: str
    by_time: float | None
    by_chance: float


class Tenth(Struct, frozen=True):
    """A tenth of the scores, the highest first: see ``predict.measures.Tenth``."""

    number: int
    rows: int
    rate: float
    lift: float
    found: float


class Bin(Struct, frozen=True):
    """Rows of about the same prediction: its mean, and what happened."""

    rows: int
    predicted: float
    actual: float


class Driver(Struct, frozen=True):
    """How much the model loses without a feature."""

    feature: str
    loss: float
    spread: float


class Check(Struct, frozen=True):
    """One test of a rule: ``low < value <= high`` of a number, or of a word whether it is (``low``) or not."""

    feature: str
    kind: str
    word: str = ""
    low: float | None = None
    high: float | None = None


class Rule(Struct, frozen=True):
    """A leaf of a tree: who is in it, and how often it happened to them."""

    tests: tuple[Check, ...]
    rows: int
    coverage: float
    rate: float
    lift: float


class Odds(Struct, frozen=True):
    """By which factor the odds grow with a feature, with its 95% interval: see ``predict.drivers.Odds``."""

    feature: str
    kind: str
    word: str
    step: float | None
    ratio: float
    low: float
    high: float


class Measures(Struct, frozen=True):
    """How good chances are on people and times that nothing was learnt from."""

    rows: int
    rate: float
    auc: float
    auc_low: float
    auc_high: float
    average_precision: float
    brier: float
    brier_of_rate: float
    calibration_error: float
    calibration: tuple[Bin, ...]
    lift: tuple[Tenth, ...]


class ChanceQuality(Struct, frozen=True):
    """A model of whether something happens within ``days``; ``learnt_from`` are rows: people at a moment."""

    model: str
    days: int
    learnt_from: int
    moments: int
    measures: Measures
    trials: tuple[Trial, ...]
    drivers: tuple[Driver, ...]
    odds: tuple[Odds, ...]
    rules: tuple[Rule, ...]


class Errors(Struct, frozen=True):
    """How far predictions are off, in money: see ``predict.measures.Errors``."""

    mean_absolute: float
    root_mean_square: float
    median: float
    bias: float
    explained: float


class AmountQuality(Struct, frozen=True):
    """A model of the money spent within ``days``; ``of_mean`` are the errors of telling everybody the mean."""

    model: str
    days: int
    learnt_from: int
    moments: int
    rows: int
    errors: Errors
    of_mean: Errors
    bins: tuple[Bin, ...]
    trials: tuple[Trial, ...]
    drivers: tuple[Driver, ...]


class Interval(Struct, frozen=True):
    """A figure, and the ends between which it lies with a chance of 95%."""

    value: float
    low: float
    high: float


class Simple(Struct, frozen=True):
    """The rule of thumb: ``revenue`` a year of who bought in it x ``lifetime`` in years, which is 1 / ``lost``."""

    buyers: int
    revenue: float
    lost: float
    lifetime: float
    value: float


class Tried(Struct, frozen=True):
    """What the model would have told ``weeks`` ago of the time since then, and what came; naive is the same rate."""

    weeks: int
    people: int
    expected: float
    actual: float
    naive: float
    error: float
    naive_error: float


class ValueQuality(Struct, frozen=True):
    """The models of value (BG/NBD: r, alpha, a, b; Gamma-Gamma: p, q, v) and what they expect in ``weeks``."""

    people: int
    repeaters: int
    weeks: int
    purchase: tuple[float, float, float, float]
    spending: tuple[float, float, float]
    purchases: Interval
    money: Interval
    alive: float
    simple: Simple | None
    tried: Tried | None


class UpliftQuality(Struct, frozen=True):
    """Whom campaigns change, tried on later ones: the Qini coefficient, and below what 95% of random orders stay."""

    learnt_from: int
    tried_on: int
    days: int
    qini: float
    by_chance: float


type Kept = ChanceQuality | AmountQuality | ValueQuality | UpliftQuality

_KINDS: Mapping[str, type[Kept]] = {
    "churn": ChanceQuality,
    "response": ChanceQuality,
    "value": AmountQuality,
    "clv": ValueQuality,
}


def told(quality: Kept | Mapping[str, str]) -> str:
    """Return what is kept."""
    return msgspec.json.encode(quality).decode()


def read(rows: Mapping[str, str]) -> dict[str, Kept]:
    """Return what was kept, by the name of the score; what an older version wrote otherwise is left out."""
    found: dict[str, Kept] = {}
    for name, text in rows.items():
        kind = _KINDS.get(name)
        if kind is not None:
            try:
                found[name] = msgspec.json.decode(text, type=kind)
            except msgspec.ValidationError:
                continue
    return found


def reasons(rows: Mapping[str, str]) -> dict[str, str]:
    """Return what was left out, and why."""
    return msgspec.json.decode(rows.get(LEFT_OUT, "{}"), type=dict[str, str])
