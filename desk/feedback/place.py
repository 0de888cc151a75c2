"""Which resolution a survey or a score belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CHANGEABLE_FOR = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Rated:
    """What is known about the rating of one resolution."""

    resolution: int
    surveyed_at: datetime | None
    answered_at: datetime | None


def survey_place(resolution: int, *, is_closed: bool) -> int:
    """Return the resolution to ask about.

    A closed conversation has just been resolved. In one that is not closed the bot asks together with the command
    that resolves it, which is carried out only after the turn: the question belongs to the next resolution.
    """
    return resolution if is_closed else resolution + 1


def may_ask(place: int, rated: Sequence[Rated]) -> bool:
    """Say whether to ask about a resolution: not twice, and not who has rated before the first one."""
    rated_early = any(one.resolution == 0 and one.answered_at is not None for one in rated)
    return all(one.resolution != place for one in rated) and not (place == 1 and rated_early)


def score_place(resolution: int, rated: Sequence[Rated], now: datetime) -> int:
    """Return the resolution a score belongs to: the last that was asked about, or else the last there was.

    Once its answer has stood for 24 hours, a new score speaks of what came after it.
    """
    asked = [one.resolution for one in rated if one.surveyed_at is not None]
    last = max([resolution, *asked])
    answered = next((one.answered_at for one in rated if one.resolution == last), None)
    return last if is_changeable(answered, now) else last + 1


def comment_place(resolution: int, rated: Sequence[Rated], now: datetime) -> int:
    """Return the resolution a comment belongs to: the one just scored, or else as for a score."""
    fresh = [
        (one.answered_at, one.resolution)
        for one in rated
        if one.answered_at is not None and is_changeable(one.answered_at, now)
    ]
    return max(fresh)[1] if fresh else score_place(resolution, rated, now)


def is_changeable(answered_at: datetime | None, now: datetime) -> bool:
    """Say whether a score may still be given or replaced."""
    return answered_at is None or now - answered_at < CHANGEABLE_FOR
