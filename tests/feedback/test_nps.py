"""The net promoter score with its interval, and the mean effort."""

from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.feedback.ces import ces_figures
from desk.feedback.csat import Answer
from desk.feedback.nps import nps_figures, nps_interval


def test_the_score_is_promoters_less_detractors() -> None:
    scores = [10, 9, 9, 8, 7, 6, 0, None]
    found = nps_figures(Answer(asked=True, score=score) for score in scores)
    assert (found.promoters, found.passives, found.detractors) == (3, 2, 2)
    assert found.nps == pytest.approx(1 / 7)
    assert (found.surveyed, found.answered, found.response_rate) == (8, 7, 7 / 8)
    assert found.distribution[9] == 2
    assert len(found.distribution) == 11


def test_nobody_answered() -> None:
    found = nps_figures([Answer(asked=True, score=None)])
    assert (found.nps, found.nps_low, found.response_rate) == (None, None, 0.0)
    assert nps_figures([]).response_rate is None


def test_the_interval_by_hand() -> None:
    # 10 promoters, 5 detractors of 20: with the three added answers p = 10.75/23, d = 5.75/23.
    low, high = nps_interval(10, 5, 20) or (0, 0)
    p, d = 10.75 / 23, 5.75 / 23
    half = 1.959963984540054 * ((p + d - (p - d) ** 2) / 23) ** 0.5
    assert (low, high) == pytest.approx((p - d - half, p - d + half))


def test_like_answers_leave_doubt() -> None:
    low, high = nps_interval(10, 0, 10) or (0, 0)
    assert high == 1.0
    assert 0.3 < low < 0.9


@pytest.mark.parametrize(
    ("up", "down"), [(0.5, 0.2), (0.3, 0.3), (0.7, 0.1), (0.2, 0.5), (0.1, 0.1)]
)
def test_it_holds_the_truth_as_often_as_it_says(up: float, down: float) -> None:
    """Every outcome of 40 answers with its probability: no chance, so no seed."""
    answers, covered = 40, 0.0
    for ups in range(answers + 1):
        for downs in range(answers + 1 - ups):
            rest = answers - ups - downs
            ways = factorial(answers) // (factorial(ups) * factorial(downs) * factorial(rest))
            low, high = nps_interval(ups, downs, answers) or (0, 0)
            if low <= up - down <= high:
                covered += ways * up**ups * down**downs * (1 - up - down) ** rest
    assert 0.93 < covered < 0.99


@given(st.lists(st.builds(Answer, asked=st.booleans(), score=st.none() | st.integers(0, 10))))
def test_it_adds_up(answers: list[Answer]) -> None:
    found = nps_figures(answers)
    assert found.promoters + found.passives + found.detractors == found.answered
    assert sum(found.distribution.values()) == found.answered
    if found.nps is not None:
        assert found.nps_low is not None
        assert found.nps_high is not None
        assert -1 <= found.nps_low <= found.nps_high <= 1


def test_effort_is_a_mean() -> None:
    found = ces_figures(Answer(asked=True, score=score) for score in (7, 5, None))
    assert (found.mean, found.answered, found.response_rate) == (6.0, 2, 2 / 3)
    assert ces_figures([]).mean is None
