"""``frontdesk report csat``."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.commands.report import moment
from desk.clock import StoppedClock
from desk.errors import InvalidError
from desk.feedback.service import Feedback
from desk.store.database import Database
from desk.tickets.service import Tickets
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.world import World


async def rate(database: Database, clock: StoppedClock, *scores: int) -> None:
    world, feedback = World(database, clock), Feedback(database, clock, Tickets(database, clock))
    for number, score in enumerate(scores):
        talk = await world.talk()
        await feedback.record(conversation_id=talk.id, score=score, key=f"{clock.at}:{number}")


async def test_no_ratings_is_said_in_words_and_divides_nothing(frontdesk: Frontdesk) -> None:
    assert "Nobody was asked" in (await frontdesk("report", "csat")).stdout
    data = json.loads((await frontdesk("report", "csat", "--json")).stdout)
    assert (data["answered"], data["csat"], data["mean"]) == (0, None, None)


async def test_the_figures(frontdesk: Frontdesk, database: Database, clock: StoppedClock) -> None:
    await rate(database, clock, 5, 4, 3, 5)
    data = json.loads((await frontdesk("report", "csat", "--by", "channel", "--json")).stdout)
    assert (data["answered"], data["csat"], data["mean"]) == (4, 0.75, 4.25)
    assert data["distribution"] == {"1": 0, "2": 0, "3": 1, "4": 1, "5": 2}
    assert data["groups"]["webchat"]["answered"] == 4
    table = (await frontdesk("report", "csat")).stdout
    assert "75.0%" in table
    assert "0 0 1 1 2" in table


async def test_the_last_day_counts_and_the_day_after_does_not(
    frontdesk: Frontdesk, database: Database, clock: StoppedClock
) -> None:
    await rate(database, clock, 5)
    clock.advance(timedelta(days=1))
    await rate(database, clock, 1)

    async def answered(*words: str) -> int:
        data = json.loads((await frontdesk("report", "csat", *words, "--json")).stdout)
        return int(data["answered"])

    assert await answered("--until", "2026-03-02") == 1
    assert await answered("--until", "2026-03-03") == 2
    assert await answered("--since", "2026-03-03") == 1
    assert await answered("--until", "2026-03-02T12:00:00") == 0
    assert await answered("--since", "2026-03-02", "--until", "2026-03-02") == 1


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--since", "yesterday"], "--since: 'yesterday' is not a time such as 2026-03-01"),
        (["--until", "2026-13-01"], "--until: '2026-13-01' is not a time"),
        (["--until", "9999-12-31"], "--until: '9999-12-31' is not a time"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], "--since must be before --until"),
        (["--by", "mood"], "none of: owner, agent, channel, language"),
    ],
)
async def test_bad_input_is_one_line(frontdesk: Frontdesk, words: list[str], reason: str) -> None:
    assert reason in failure(await frontdesk("report", "csat", *words))


def test_moments() -> None:
    assert moment("--since", "2026-03-01") == datetime(2026, 3, 1, tzinfo=UTC)
    assert moment("--until", "2026-03-01", end=True) == datetime(2026, 3, 2, tzinfo=UTC)
    assert moment("--until", "2026-03-01T09:30+08:00", end=True) == datetime(
        2026, 3, 1, 1, 30, tzinfo=UTC
    )
    assert moment("--since", None) is None
    with pytest.raises(InvalidError, match="--since"):
        moment("--since", "")
