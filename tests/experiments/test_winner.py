"""The rule that decides, its guardrails, and the chances behind it."""

import numpy as np
import pytest
from scipy.stats import beta, norm

from analytics.experiments import bayes, samples
from analytics.experiments.guardrails import Guardrail, Health, guard
from analytics.experiments.samples import Sample
from analytics.experiments.winner import Rule, Verdict, decide
from desk.errors import InvalidError
from tests.experiments.published import BETAS


def arm(hits: int, size: int = 4_000) -> Sample:
    return samples.counted(hits, size)


CASES = [
    # Control, variants, sample ratio, planned; verdict and choice.
    (800, {"b": 1100}, 1.0, None, Verdict.WINNER, "b"),
    (800, {"b": 1000, "c": 1100}, 1.0, None, Verdict.WINNER, "c"),
    (800, {"b": 600}, 1.0, None, Verdict.CONTROL, "a"),
    (800, {"b": 600, "c": 790}, 1.0, None, Verdict.GO_ON, None),
    (800, {"b": 830}, 1.0, None, Verdict.GO_ON, None),
    (800, {"b": 830}, 1.0, 20_000, Verdict.GO_ON, None),
    (800, {"b": 830}, 1.0, 8_000, Verdict.SAFE, "b"),
    (830, {"b": 800}, 1.0, 8_000, Verdict.SAFE, "a"),
    (800, {"b": 800}, 1.0, 8_000, Verdict.UNPROVED, "a"),
    (800, {"b": 1100}, 0.0009, None, Verdict.BROKEN, None),
    (800, {"b": 1100}, 0.0011, None, Verdict.WINNER, "b"),
]


@pytest.mark.parametrize(("control", "variants", "ratio_p", "planned", "verdict", "choice"), CASES)
def test_verdicts(
    control: int,
    variants: dict[str, int],
    ratio_p: float,
    planned: int | None,
    verdict: Verdict,
    choice: str | None,
) -> None:
    told = {name: arm(hits) for name, hits in variants.items()}
    found = decide("a", arm(control), told, ratio_p=ratio_p, rule=Rule(planned=planned))
    assert (found.verdict, found.choice) == (verdict, choice)
    assert [one.variant for one in found.standings] == list(variants)
    for one in found.standings:
        assert (one.low > 0 or one.high < 0) == (one.p < 0.05 / len(variants))


def test_more_variants_need_more_proof() -> None:
    alone = decide("a", arm(800), {"b": arm(930)}, ratio_p=1, rule=Rule())
    many = {"b": arm(930)} | {name: arm(800) for name in "cdefghij"}
    among = decide("a", arm(800), many, ratio_p=1, rule=Rule())
    assert (alone.verdict, among.verdict) == (Verdict.WINNER, Verdict.GO_ON)


def test_a_guardrail_stops_a_variant() -> None:
    harm = guard(Guardrail(name="opt-outs"), "b", arm(20), arm(120))
    fine = guard(Guardrail(name="opt-outs", margin=0.02), "c", arm(20), arm(21))
    assert (harm.health, fine.health) == (Health.HARMED, Health.SAFE)
    told = {"b": arm(1300), "c": arm(1100)}
    found = decide("a", arm(800), told, ratio_p=1, rule=Rule(), guarded=[harm, fine])
    assert (found.verdict, found.choice, found.stopped) == (Verdict.WINNER, "c", ("b",))
    only = decide("a", arm(800), {"b": arm(1300)}, ratio_p=1, rule=Rule(), guarded=[harm])
    assert (only.verdict, only.choice) == (Verdict.HARMFUL, "a")


@pytest.mark.parametrize(
    ("more", "margin", "health"),
    [
        (100, 0.0, Health.HARMED),
        (100, 0.1, Health.SAFE),
        (100, 0.025, Health.OPEN),
        (5, 0.0, Health.OPEN),
        (-15, 0.05, Health.SAFE),
    ],
)
def test_guardrails(more: int, margin: float, health: Health) -> None:
    found = guard(Guardrail(name="complaints", margin=margin), "b", arm(20), arm(20 + more))
    assert found.health is health
    assert found.low < found.estimate < found.high


def test_support_minutes_are_guarded_too() -> None:
    chance = np.random.default_rng(1)
    few, many = chance.exponential(2, 3_000), chance.exponential(2.6, 3_000)
    told = [samples.measured(minutes) for minutes in (few, many)]
    assert guard(Guardrail(name="minutes", margin=0.2), "b", *told).health is Health.HARMED
    assert guard(Guardrail(name="minutes", margin=1.2), "b", *told).health is Health.SAFE


def test_a_guardrail_is_hardly_ever_wrong() -> None:
    chance, wrong = np.random.default_rng(2), 0
    for _ in range(300):
        hits = chance.binomial(200, 0.02, (2, 20)).cumsum(axis=1)
        sizes = np.arange(1, 21) * 200
        wrong += any(
            guard(
                Guardrail(name="opt-outs"),
                "b",
                samples.counted(hits[0, look], sizes[look]),
                samples.counted(hits[1, look], sizes[look]),
            ).health
            is Health.HARMED
            for look in range(20)
        )
    assert wrong / 300 <= 0.05


def test_refused() -> None:
    with pytest.raises(InvalidError):
        Guardrail(name="x", margin=-0.1)
    with pytest.raises(InvalidError):
        decide("a", arm(1), {}, ratio_p=1, rule=Rule())
    with pytest.raises(InvalidError):
        decide("a", arm(1), {"a": arm(1)}, ratio_p=1, rule=Rule())


def test_chance_of_being_higher() -> None:
    first, second, wanted = BETAS
    assert bayes.chance_higher(first, second) == pytest.approx(wanted, abs=5e-6)
    assert bayes.chance_higher(second, first) == pytest.approx(1 - wanted, abs=5e-6)
    assert bayes.chance_higher((200_001, 800_001), (201_001, 800_001)) > 0.9
    with pytest.raises(InvalidError):
        bayes.chance_higher((0, 1), (1, 1))


def test_losses_as_simulated() -> None:
    chance, (first, second, _) = np.random.default_rng(8), BETAS
    one, other = (beta(*params).rvs(400_000, random_state=chance) for params in (first, second))
    wanted = np.maximum(other - one, 0).mean()
    assert bayes.loss_of_first(first, second) == pytest.approx(wanted, abs=2e-4)
    control, variant = arm(80, 400), arm(88, 400)
    spread = np.sqrt(0.2 * 0.8 / 400 + 0.22 * 0.78 / 400)
    drawn = norm(0.02, spread).rvs(400_000, random_state=chance)
    for chosen, rest, sign in ((control, variant, 1), (variant, control, -1)):
        wanted = np.maximum(sign * drawn, 0).mean()
        assert float(bayes.normal_loss(chosen, rest)) == pytest.approx(wanted, abs=1e-4)
    both = float(bayes.expected_loss(control, [variant, variant]))
    assert both == pytest.approx(2 * float(bayes.normal_loss(control, variant)))
