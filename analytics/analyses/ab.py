"""An experiment in a file: was it split as it should, what did each variant do, and what may be concluded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.analyses.ab_columns import AbAsked, Experiment, read, weights
from analytics.analyses.ab_looks import Look, looks
from analytics.analyses.ab_outcomes import FEWEST, Outcome, outcome
from analytics.experiments import (
    compare,
    guardrails,
    plan,
    ratio,
    samples,
    sequence,
    several,
    winner,
)
from analytics.experiments.guardrails import Guarded, Guardrail
from analytics.experiments.plan import Aim
from analytics.experiments.samples import Numbers, Sample
from analytics.experiments.winner import Decision, Rule
from desk.errors import InvalidError
from desk.feedback.csat import wilson_interval


@dataclass(frozen=True, kw_only=True)
class ArmFigures:
    """One arm: contacts with a known outcome, mean, and the ends of its own 95% interval (Wilson's for rates)."""

    name: str
    assigned: int
    contacts: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Span:
    """An estimate with the ends of two intervals: for one look at the end, and for any number of looks."""

    estimate: float
    low: float
    high: float
    always_low: float | None
    always_high: float | None


@dataclass(frozen=True, kw_only=True)
class Lift:
    """What a variant adds, in units of the outcome and relative to the control (None: it has no mean above 0).

    ``p`` holds for one look, ``always_p`` for any number of looks; ``always_p_adjusted`` takes all variants and
    outcomes into account (Holm): compare it with alpha itself.
    """

    variant: str
    added: Span
    relative: Span | None
    p: float
    always_p: float
    always_p_adjusted: float


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One outcome. ``reduction`` is the share of variance that earlier behaviour took out (None: it was not asked).

    ``detectable`` is the smallest change that the contacts so far would show with a power of 80% at any look.
    """

    name: str
    binary: bool
    left_out: int
    reduction: float | None
    arms: tuple[ArmFigures, ...]
    lifts: tuple[Lift, ...]
    detectable: float | None


@dataclass(frozen=True, kw_only=True)
class AbReport:
    """All there is to say; ``looks`` are of the first outcome (none without a time), ``first_proved`` of the choice.

    ``without_arm`` rows had no variant (or no time) and ``of_two_arms`` users had several: they are left out.
    """

    rows: int
    without_arm: int
    of_two_arms: int
    control: str
    alpha: float
    tuned_at: float
    planned: int | None
    ratio_p: float
    expected_shares: dict[str, float]
    metrics: tuple[Metric, ...]
    guardrails: tuple[Guarded, ...]
    decision: Decision
    looks: tuple[Look, ...]
    first_proved: Look | None


def report(path: Path, asked: AbAsked) -> AbReport:
    """Read an experiment.

    Raises:
        InvalidError: the file, a column or an option cannot be used, or an arm has too few contacts.
    """
    samples.check_share("--alpha", asked.alpha)
    found = read(path, asked)
    shares = weights(found.arms, asked.shares)
    counts = np.bincount(found.arm, minlength=len(found.arms)).tolist()
    rule = Rule(
        alpha=asked.alpha,
        planned=asked.planned,
        tuned_at=_tuned_at(asked.planned, len(found.arms)),
        tolerated=asked.tolerated,
    )
    outcomes = [outcome(found, name, asked.before) for name in asked.outcomes]
    guarded = _guarded(found, asked, rule)
    ratio_p = ratio.ratio_p(counts, shares)
    first = outcomes[0]
    seen = looks(found, first, rule)
    decision = winner.decide(
        found.arms[0],
        first.arms[0],
        dict(zip(found.arms[1:], first.arms[1:], strict=True)),
        ratio_p=ratio_p,
        rule=rule,
        guarded=guarded,
    )
    return AbReport(
        rows=found.rows,
        without_arm=found.without_arm,
        of_two_arms=found.of_two_arms,
        control=found.arms[0],
        alpha=asked.alpha,
        tuned_at=rule.tuned_at,
        planned=asked.planned,
        ratio_p=ratio_p,
        expected_shares={
            arm: share / sum(shares) for arm, share in zip(found.arms, shares, strict=True)
        },
        metrics=_metrics(found, outcomes, counts, rule),
        guardrails=guarded,
        decision=decision,
        looks=seen,
        first_proved=next(
            (one for one in seen if one.variant == decision.choice and one.proves), None
        ),
    )


def _tuned_at(planned: int | None, arms: int) -> float:
    """Return the contacts of two arms about which the sequence is narrowest: those planned, if any are."""
    if planned is None:
        return sequence.TUNED_AT
    if planned < 2 * FEWEST:
        raise InvalidError(f"--planned: at least {2 * FEWEST} contacts are needed")
    return planned * 2 / arms


def _metrics(
    found: Experiment, outcomes: Sequence[Outcome], counts: Sequence[int], rule: Rule
) -> tuple[Metric, ...]:
    variants = found.arms[1:]
    p = [
        one.p
        for metric in outcomes
        for one in winner.standings(
            metric.arms[0], dict(zip(variants, metric.arms[1:], strict=True)), rule
        )
    ]
    adjusted = several.holm(p)
    told = []
    for place, metric in enumerate(outcomes):
        begin = place * len(variants)
        lifts = tuple(
            _lift(
                name,
                metric.arms[0],
                sample,
                p[begin + n],
                adjusted[begin + n],
                rule,
                len(variants),
            )
            for n, (name, sample) in enumerate(zip(variants, metric.arms[1:], strict=True))
        )
        told.append(
            Metric(
                name=metric.name,
                binary=metric.binary,
                left_out=int((~metric.known).sum()),
                reduction=metric.reduction,
                arms=tuple(
                    _figures(name, assigned, sample)
                    for name, assigned, sample in zip(found.arms, counts, metric.raw, strict=True)
                ),
                lifts=lifts,
                detectable=_detectable(metric, rule),
            )
        )
    return tuple(told)


def _figures(name: str, assigned: int, sample: Sample) -> ArmFigures:
    size, mean = int(sample.size), float(sample.mean)
    if sample.binary:
        ends = wilson_interval(round(mean * size), size) or (0.0, 1.0)
    else:
        far = 1.96 * float(np.sqrt(sample.variance / sample.size))
        ends = (mean - far, mean + far)
    return ArmFigures(
        name=name, assigned=assigned, contacts=size, mean=mean, low=ends[0], high=ends[1]
    )


def _lift(
    name: str,
    control: Sample,
    variant: Sample,
    p: float,
    adjusted: float,
    rule: Rule,
    variants: int,
) -> Lift:
    alpha = several.bonferroni(rule.alpha, variants)
    added, relative = compare.difference(control, variant), compare.relative(control, variant)
    contacts = float(control.size + variant.size)
    known = bool(np.isfinite(relative.estimate))
    return Lift(
        variant=name,
        added=_span(added, contacts, alpha, rule),
        relative=_span(relative, contacts, alpha, rule) if known else None,
        p=float(compare.fixed_test(control, variant).p),
        always_p=p,
        always_p_adjusted=float(adjusted),
    )


def _span(effect: compare.Effect, contacts: float, alpha: float, rule: Rule) -> Span:
    low, high = effect.interval(alpha)
    always = sequence.interval(
        effect.estimate, effect.error, contacts, alpha=alpha, tuned_at=rule.tuned_at
    )
    return Span(
        estimate=float(effect.estimate),
        low=float(low),
        high=float(high),
        always_low=_finite(always[0]),
        always_high=_finite(always[1]),
    )


def _finite(value: Numbers) -> float | None:
    return float(value) if np.isfinite(value) else None


def _detectable(metric: Outcome, rule: Rule) -> float | None:
    """Return the smallest change that the smallest arm beside the control would show at any look."""
    control, *variants = metric.arms
    aim = Aim(alpha=rule.alpha, comparisons=len(variants), any_look=True)
    per_arm = float(min(2 / (1 / control.size + 1 / one.size) for one in variants))
    if control.binary:
        base = float(control.mean)
        return plan.smallest_change_in_rate(base, per_arm, aim) if 0 < base < 1 else None
    spread = float(np.sqrt(control.variance))
    return plan.smallest_change_in_mean(spread, per_arm, aim) if spread else None


def _guarded(found: Experiment, asked: AbAsked, rule: Rule) -> tuple[Guarded, ...]:
    questions = len(asked.guards) * (len(found.arms) - 1)
    told = []
    for name, margin in asked.guards:
        # Nobody who complained is good news, not a mistake.
        one = outcome(found, name, varies=False)
        told += [
            guardrails.guard(
                Guardrail(name=name, margin=margin),
                variant,
                one.arms[0],
                sample,
                alpha=several.bonferroni(rule.alpha, questions),
                tuned_at=rule.tuned_at,
            )
            for variant, sample in zip(found.arms[1:], one.arms[1:], strict=True)
        ]
    return tuple(told)
