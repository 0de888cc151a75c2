"""The formulas, against values worked out elsewhere."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.feedback.csat import Answer, figures, report, wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Without successes the upper end is z^2 / (n + z^2).
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 1, 0.2065, 1.0),
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, the score method.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson_interval(successes, trials)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_the_ends_of_the_interval_solve_its_equation(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    found = wilson_interval(successes, trials)
    assert found is not None
    low, high = found
    share, z = successes / trials, 1.959963984540054
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    for end in found:
        assert abs(share - end) == pytest.approx(z * (end * (1 - end) / trials) ** 0.5, abs=1e-6)


def test_without_trials_there_is_no_interval() -> None:
    assert wilson_interval(0, 0) is None


def test_nothing_is_none_and_never_a_division_by_zero() -> None:
    empty = figures([])
    assert (empty.surveyed, empty.answered) == (0, 0)
    assert empty.csat is empty.csat_low is empty.csat_high is None
    assert empty.response_rate is None
    assert empty.mean is None
    assert empty.distribution == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0}
    asked = figures([Answer(asked=True, score=None)] * 3)
    assert (asked.surveyed, asked.response_rate, asked.csat, asked.mean) == (3, 0.0, None, None)


def test_the_figures() -> None:
    scores = [5, 5, 4, 3, 1, None, None, None]
    found = figures(
        [*(Answer(asked=True, score=score) for score in scores), Answer(asked=False, score=2)]
    )
    assert (found.surveyed, found.answered, found.answered_surveys) == (8, 6, 5)
    assert found.csat == 3 / 6
    assert found.response_rate == 5 / 8
    assert found.mean == 20 / 6
    assert found.distribution == {1: 1, 2: 1, 3: 1, 4: 1, 5: 2}


def test_groups_add_up() -> None:
    answers = [
        Answer(asked=True, score=score, group=group)
        for score, group in product((1, 4, 5), ("bot", "human", None))
    ]
    found = report(answers, grouped=True)
    assert list(found.groups) == ["bot", "human", "none"]
    assert sum(group.answered for group in found.groups.values()) == found.answered == 9
    assert found.groups["bot"].csat == pytest.approx(2 / 3)
    assert report(answers).groups == {}


@given(st.lists(st.builds(Answer, asked=st.booleans(), score=st.none() | st.integers(1, 5))))
def test_shares_are_shares(answers: list[Answer]) -> None:
    found = figures(answers)
    for share in (found.csat, found.csat_low, found.csat_high, found.response_rate):
        assert share is None or 0 <= share <= 1
    if found.csat is not None:
        assert found.csat_low is not None
        assert found.csat_high is not None
        assert found.csat_low - 1e-12 <= found.csat <= found.csat_high + 1e-12
    assert sum(found.distribution.values()) == found.answered
