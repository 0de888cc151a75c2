"""What to do with an experiment as it stands: one rule, the same for a person and for the machine.

1. A broken split (sample ratio) says nothing: repair it.
2. A variant that a guardrail proves harmful is out.
3. A variant whose confidence sequence lies above 0 is better than the control: the winner (of several the highest).
4. When all that are left lie below 0, the control is better.
5. At the planned size the arm whose expected loss is small enough is safe to choose, though nothing is proved.
6. Otherwise: go on, or, at the planned size, keep the control.

Each of k variants gets alpha / k, so that a false winner comes up in alpha of all experiments at most, however often
this is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics.experiments import sequence
from analytics.experiments.bayes import expected_loss
from analytics.experiments.compare import difference
from analytics.experiments.guardrails import Guarded, Health
from analytics.experiments.ratio import is_sound
from analytics.experiments.samples import Sample
from analytics.experiments.several import bonferroni
from desk.errors import InvalidError


class Verdict(StrEnum):
    """What may be concluded."""

    #: The arms did not get the contacts they should.
    BROKEN = "broken split"
    #: Guardrails have stopped every variant.
    HARMFUL = "harmful"
    #: A variant is proved better than the control.
    WINNER = "winner"
    #: Every variant is proved worse than the control.
    CONTROL = "control is better"
    #: Nothing is proved, but the planned size is reached and a wrong choice would cost next to nothing.
    SAFE = "safe choice"
    #: Nothing is proved at the planned size.
    UNPROVED = "no difference proved"
    #: Nothing is proved yet.
    GO_ON = "go on"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What was fixed beforehand.

    ``planned`` contacts of all arms together (None: no end), ``tuned_at`` contacts of two arms about which the
    sequence is narrowest, ``tolerated`` loss as a share of the control's mean.
    """

    alpha: float = 0.05
    planned: int | None = None
    tuned_at: float = sequence.TUNED_AT
    tolerated: float = 0.01


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One variant against the control: what it adds, with the ends of the sequence at alpha / k."""

    variant: str
    estimate: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The verdict and the arm to choose (None: none yet); ``loss``: what the choice costs per contact on average."""

    verdict: Verdict
    choice: str | None
    loss: float | None
    standings: tuple[Standing, ...]
    stopped: tuple[str, ...]


def standings(control: Sample, variants: Mapping[str, Sample], rule: Rule) -> tuple[Standing, ...]:
    """Return each variant against the control; ``p`` is always valid and to be compared with alpha / k.

    Raises:
        InvalidError: there is no variant, or the rule does not fit.
    """
    alpha = bonferroni(rule.alpha, len(variants))
    return tuple(_standing(name, control, one, alpha, rule) for name, one in variants.items())


def decide(
    control_name: str,
    control: Sample,
    variants: Mapping[str, Sample],
    *,
    ratio_p: float,
    rule: Rule,
    guarded: Sequence[Guarded] = (),
) -> Decision:
    """Return what may be concluded now, by the rule of this module.

    Raises:
        InvalidError: there is no variant, or one has the control's name, or the rule does not fit.
    """
    if control_name in variants:
        raise InvalidError(f"{control_name!r} is the control and a variant as well")
    told = standings(control, variants, rule)
    stopped = tuple(sorted({one.variant for one in guarded if one.health is Health.HARMED}))

    def decided(
        verdict: Verdict, choice: str | None = None, loss: float | None = None
    ) -> Decision:
        return Decision(verdict=verdict, choice=choice, loss=loss, standings=told, stopped=stopped)

    if not is_sound(ratio_p):
        return decided(Verdict.BROKEN)
    left = [one for one in told if one.variant not in stopped]
    if not left:
        return decided(Verdict.HARMFUL, control_name)
    proved = [one for one in left if one.low > 0]
    if proved:
        return decided(Verdict.WINNER, max(proved, key=lambda one: one.estimate).variant)
    if all(one.high < 0 for one in left):
        return decided(Verdict.CONTROL, control_name)
    total = float(control.size) + sum(float(one.size) for one in variants.values())
    if rule.planned is None or total < rule.planned:
        return decided(Verdict.GO_ON)
    arms = {control_name: control} | {one.variant: variants[one.variant] for one in left}
    choice, loss = _cheapest(arms)
    if loss <= rule.tolerated * abs(float(control.mean)):
        return decided(Verdict.SAFE, choice, loss)
    return decided(Verdict.UNPROVED, control_name, _loss(control_name, arms))


def _standing(name: str, control: Sample, variant: Sample, alpha: float, rule: Rule) -> Standing:
    effect, contacts = difference(control, variant), control.size + variant.size
    seen = (effect.estimate, effect.error, contacts)
    low, high = sequence.interval(*seen, alpha=alpha, tuned_at=rule.tuned_at)
    p = sequence.p_value(*seen, alpha=alpha, tuned_at=rule.tuned_at)
    return Standing(
        variant=name,
        estimate=float(effect.estimate),
        low=float(low),
        high=float(high),
        p=float(p),
    )


def _loss(name: str, arms: Mapping[str, Sample]) -> float:
    others = [sample for other, sample in arms.items() if other != name]
    return float(expected_loss(arms[name], others))


def _cheapest(arms: Mapping[str, Sample]) -> tuple[str, float]:
    losses = {name: _loss(name, arms) for name in arms}
    choice = min(losses, key=losses.__getitem__)
    return choice, losses[choice]
