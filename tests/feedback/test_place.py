"""Which resolution a survey or a score belongs to."""

from datetime import UTC, datetime, timedelta

import pytest

from desk.feedback.place import Rated, comment_place, may_ask, score_place, survey_place

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_OLD = _NOW - timedelta(hours=24)
_FRESH = _NOW - timedelta(hours=23, minutes=59)


def _rated(
    resolution: int, *, asked: datetime | None = None, answered: datetime | None = None
) -> Rated:
    return Rated(resolution=resolution, surveyed_at=asked, answered_at=answered)


def test_a_survey_is_about_this_resolution_or_the_coming_one() -> None:
    assert survey_place(1, is_closed=True) == 1
    assert survey_place(0, is_closed=False) == 1


@pytest.mark.parametrize(
    ("place", "rated", "may"),
    [
        (1, [], True),
        (1, [_rated(1, asked=_OLD)], False),
        (2, [_rated(1, asked=_OLD, answered=_OLD)], True),
        (1, [_rated(0, answered=_OLD)], False),
        (1, [_rated(0)], True),
        (2, [_rated(0, answered=_OLD)], True),
    ],
)
def test_may_ask(place: int, rated: list[Rated], may: bool) -> None:
    assert may_ask(place, rated) is may


@pytest.mark.parametrize(
    ("resolution", "rated", "place"),
    [
        (0, [], 0),
        (2, [], 2),
        (0, [_rated(1, asked=_OLD)], 1),
        (1, [_rated(1, asked=_OLD)], 1),
        (2, [_rated(1, asked=_OLD, answered=_OLD)], 2),
        (1, [_rated(1, asked=_OLD, answered=_FRESH)], 1),
        (1, [_rated(1, asked=_OLD, answered=_OLD)], 2),
        (0, [_rated(0, answered=_OLD)], 1),
    ],
)
def test_score_place(resolution: int, rated: list[Rated], place: int) -> None:
    assert score_place(resolution, rated, _NOW) == place


@pytest.mark.parametrize(
    ("resolution", "rated", "place"),
    [
        (0, [], 0),
        (2, [_rated(1, asked=_OLD, answered=_FRESH)], 1),
        (2, [_rated(1, asked=_OLD, answered=_OLD)], 2),
    ],
)
def test_comment_place(resolution: int, rated: list[Rated], place: int) -> None:
    assert comment_place(resolution, rated, _NOW) == place
