"""Bounds for many looks: group-sequential, always-valid, and the mixtures behind them."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma, halfnorm, norm

from analytics.experiments import group_sequential as groups
from analytics.experiments import mixtures, sequence, stream
from analytics.experiments.mixtures import Mixture
from desk.errors import InvalidError
from tests.experiments import published
from tests.experiments.ate_stream import OUTCOMES, RESULTS, TREATED

TWO, ONE = mixtures.best_rho(100), mixtures.best_rho(100, one_sided=True)
MIXTURES: dict[str, Mixture] = {
    "two-sided normal": mixtures.TwoSidedNormal(TWO),
    "one-sided normal": mixtures.OneSidedNormal(ONE),
    "gamma-exponential": mixtures.GammaExponential(ONE, 2),
    "gamma-poisson": mixtures.GammaPoisson(ONE, 2),
    "two-sided beta-binomial": mixtures.BetaBinomial(TWO, 0.2, 0.8, one_sided=False),
    "one-sided beta-binomial": mixtures.BetaBinomial(ONE, 0.2, 0.8),
}
FARTHEST = {name: 100 / 0.2 for name in MIXTURES if "beta" in name}


def test_best_rho() -> None:
    assert pytest.approx(published.BEST_RHO, abs=1e-5) == TWO


@pytest.mark.parametrize(("name", "wanted"), published.MIXTURES.items())
def test_mixtures_published(name: str, wanted: tuple[float, float]) -> None:
    mixture = MIXTURES[name]
    assert float(mixture.log(10, 100)) == pytest.approx(wanted[0], abs=1e-6)
    found = mixtures.bound(mixture, 100, 0.05, farthest=FARTHEST.get(name))
    assert float(found) == pytest.approx(wanted[1], abs=1e-4)
    assert float(mixtures.p_value(mixture, found, 100)) == pytest.approx(0.05)


def test_closed_bound_is_where_the_mixture_is() -> None:
    v = np.array([1.0, 50, 4000])
    mixture = mixtures.TwoSidedNormal(TWO)
    assert mixture.bound(v, 0.01) == pytest.approx(mixtures.bound(mixture, v, 0.01))


def _mixed(psi, density, low: float, high: float, s: float, v: float) -> float:  # type: ignore[no-untyped-def]
    return float(quad(lambda x: np.exp(x * s - psi(x) * v) * density(x), low, high, limit=200)[0])


@pytest.mark.parametrize(("s", "v"), [(3.0, 7.0), (-2.0, 12.0), (12.0, 15.0)])
def test_mixtures_are_what_they_are_said_to_be(s: float, v: float) -> None:
    """Each is an integral of exp(lambda s - psi(lambda) v): here it is integrated step by step."""
    rho, c = 5.0, 1.5
    spread, shape = 1 / np.sqrt(rho), rho / c**2
    cut = gamma(shape, scale=1 / shape)
    cases = [
        (mixtures.TwoSidedNormal(rho), lambda x: x**2 / 2, norm(scale=spread).pdf, -6, 6),
        (mixtures.OneSidedNormal(rho), lambda x: x**2 / 2, halfnorm(scale=spread).pdf, 0, 6),
        (
            mixtures.GammaExponential(rho, c),
            lambda x: (-np.log(1 - c * x) - c * x) / c**2,
            lambda x: c * cut.pdf(1 - c * x) / cut.cdf(1),
            0,
            1 / c - 1e-12,
        ),
        (
            mixtures.GammaPoisson(rho, c),
            lambda x: (np.exp(c * x) - c * x - 1) / c**2,
            lambda x: c * np.exp(c * x) * cut.pdf(np.exp(c * x)) / cut.sf(1),
            0,
            3,
        ),
    ]
    for mixture, psi, density, low, high in cases:
        wanted = _mixed(psi, density, low, high, s, v)
        assert np.exp(float(mixture.log(s, v))) == pytest.approx(wanted, rel=1e-6)


def test_stream_of_an_effect() -> None:
    y, w = ([int(digit) for digit in text] for text in (OUTCOMES, TREATED))
    found = stream.effect_stream(y, w, noise=0.2 * 0.8, tuned_at=50)
    rows = [result[0] - 1 for result in RESULTS]
    seen = np.column_stack([found.estimate, found.low, found.high, found.p])[rows]
    assert seen == pytest.approx(np.array([result[1:] for result in RESULTS]), abs=1e-9)


def test_stream_of_no_effect_is_hardly_ever_wrong() -> None:
    chance = np.random.default_rng(6)
    wrong = 0
    for _ in range(150):
        y, w = chance.random(400) < 0.3, chance.random(400) < 0.5
        found = stream.effect_stream(y, w, noise=0.21, tuned_at=300)
        wrong += bool(((found.low > 0) | (found.high < 0)).any())
    assert wrong / 150 <= 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"propensity": 1.0},
        {"alpha": 0.0},
        {"outcomes": [0, 2]},
        {"treated": [0, 0.5]},
        {"treated": [1]},
    ],
)
def test_stream_refuses(change: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        stream.effect_stream(**({"outcomes": [0, 1], "treated": [0, 1]} | change))  # type: ignore[arg-type]


def test_group_sequential_published() -> None:
    assert groups.obrien_fleming(5) == pytest.approx(published.OBRIEN_FLEMING, abs=0.005)
    assert groups.pocock(5) == pytest.approx([published.POCOCK] * 5, abs=5e-4)
    fifths = np.arange(1, 6) / 5
    for spending, wanted in (
        ("obrien-fleming", published.SPENT_OBRIEN_FLEMING),
        ("pocock", published.SPENT_POCOCK),
    ):
        found = groups.spent(fifths, 0.05, groups.SPENDING[spending])
        assert found == pytest.approx(wanted, abs=5e-4)
        assert groups.crossing(found, fifths).sum() == pytest.approx(0.05, abs=1e-7)


def test_group_sequential_as_spotify() -> None:
    times = np.array(published.SPOTIFY_CONTACTS) / max(published.SPOTIFY_CONTACTS)
    bounds = groups.spent(times, 0.01, groups.SPENDING["quadratic"])
    assert groups.adjusted_alpha(bounds) == pytest.approx(published.SPOTIFY_ALPHAS, abs=1e-4)


@pytest.mark.parametrize(("looks", "wanted"), published.PEEKED.items())
def test_price_of_peeking(looks: int, wanted: float) -> None:
    found = groups.crossing([norm.isf(0.025)] * looks, np.arange(1, looks + 1) / looks)
    assert found.sum() == pytest.approx(wanted, abs=0.001)


def test_crossing_as_simulated() -> None:
    times, bounds, drift = np.array([0.2, 0.5, 1.0]), np.array([2.9, 2.4, 2.0]), 2.5
    chance = np.random.default_rng(3)
    steps = chance.normal(size=(200_000, 3)) * np.sqrt(np.diff(times, prepend=0))
    z = (steps.cumsum(axis=1) + drift * times) / np.sqrt(times)
    first = (np.abs(z) >= bounds).argmax(axis=1)[(np.abs(z) >= bounds).any(axis=1)]
    wanted = np.bincount(first, minlength=3) / 200_000
    assert groups.crossing(bounds, times, drift) == pytest.approx(wanted, abs=0.004)


def test_group_sequential_refuses() -> None:
    for times in ([], [0, 1], [0.5, 0.5], [0.5, 1.2]):
        with pytest.raises(InvalidError):
            groups.spent(times)
    with pytest.raises(InvalidError):
        groups.crossing([2.0], [0.5, 1.0])
    with pytest.raises(InvalidError):
        groups.pocock(0)
    with pytest.raises(InvalidError):
        groups.pocock(3, alpha=1)
    # Next to nothing is spent at once: that look never stops.
    assert groups.spent([1e-9, 1.0])[0] == groups.FARTHEST


def test_sequence_as_growthbook() -> None:
    first, second, lift, error, ends = published.GROWTHBOOK_RATES
    assert sequence.interval(lift, error, first[1] + second[1]) == pytest.approx(ends, abs=2e-5)
    lift, error, contacts, tuned_at, ends = published.GROWTHBOOK_AMOUNTS
    found = sequence.interval(lift, error, contacts, tuned_at=tuned_at)
    assert found == pytest.approx(ends, abs=2e-5)


def test_sequence_and_its_p_value_agree() -> None:
    contacts = np.array([100, 2_000, 5_000, 80_000])
    far = sequence.reach(contacts, 0.05)
    assert sequence.p_value(far, 1.0, contacts) == pytest.approx([0.05] * 4)
    assert sequence.p_value(far * 1.1, 1.0, contacts).max() < 0.05
    assert sequence.lowest(np.array([[0.5, 0.1, 0.3]])).tolist() == [[0.5, 0.1, 0.1]]
    # Narrowest about N*, in numbers of sqrt(N).
    n = np.geomspace(50, 500_000, 200)
    width = sequence.reach(n, 0.05, 5_000)
    assert n[np.argmin(width)] == pytest.approx(5_000, rel=0.1)


def test_sequence_knows_nothing_at_first() -> None:
    low, high = sequence.interval([0.0, 1.0], [0.0, 1.0], [10, 0])
    assert np.isneginf(low).all()
    assert np.isposinf(high).all()
    assert sequence.p_value([1.0], [0.0], [10]).tolist() == [1.0]
    for change in ({"alpha": 0.0}, {"tuned_at": 0.0}):
        with pytest.raises(InvalidError):
            sequence.interval(0.0, 1.0, 10, **change)
