"""``frontdesk feedback`` and the reports of all three kinds."""

import json
from pathlib import Path

import pytest

from desk import clock as clocks
from desk.clock import StoppedClock
from desk.feedback.service import Feedback
from desk.store.database import Database
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tickets.service import Tickets
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.world import World


async def _answers(
    database: Database, clock: StoppedClock, kind: FeedbackKind, *scores: int
) -> None:
    """Let customers have been asked, and answer."""
    world, feedback = World(database, clock), Feedback(database, clock, Tickets(database, clock))
    for number, score in enumerate(scores):
        talk = await world.talk()
        row = FeedbackRow(
            kind=kind,
            conversation_id=talk.id,
            contact_id=talk.contact_id,
            occasion=f"{kind}:{number}",
            channel="webchat",
            state=SurveyState.ASKED,
        )
        async with database.write() as session:
            session.add(row)
            await session.flush()
            feedback_id = row.id
        await feedback.rate(feedback_id, score=score, comment=f"comment {score}", key="k")


async def test_nothing_yet(frontdesk: Frontdesk) -> None:
    assert "There is no such feedback" in (await frontdesk("feedback", "list")).stdout
    for kind in ("nps", "ces"):
        assert "Nobody was asked" in (await frontdesk("report", kind)).stdout


async def test_the_list(frontdesk: Frontdesk, database: Database, clock: StoppedClock) -> None:
    await _answers(database, clock, FeedbackKind.NPS, 3, 10)
    table = (await frontdesk("feedback", "list")).stdout
    assert "comment 10" in table
    assert "T-000001" in table
    found = json.loads((await frontdesk("feedback", "list", "--low", "--json")).stdout)
    assert [one["score"] for one in found["items"]] == [3]
    none = json.loads((await frontdesk("feedback", "list", "--kind", "csat", "--json")).stdout)
    assert none["items"] == []


async def test_the_reports(frontdesk: Frontdesk, database: Database, clock: StoppedClock) -> None:
    await _answers(database, clock, FeedbackKind.NPS, 10, 10, 9, 0)
    await _answers(database, clock, FeedbackKind.CES, 7, 4)
    nps = json.loads((await frontdesk("report", "nps", "--by", "channel", "--json")).stdout)
    assert (nps["all"]["nps"], nps["all"]["answered"]) == (0.5, 4)
    assert nps["groups"]["webchat"]["promoters"] == 3
    assert "+50" in (await frontdesk("report", "nps")).stdout
    ces = json.loads((await frontdesk("report", "ces", "--json")).stdout)
    assert ces["all"]["mean"] == 5.5
    assert "5.50" in (await frontdesk("report", "ces")).stdout
    csat = json.loads((await frontdesk("report", "csat", "--json")).stdout)
    assert csat["answered"] == 0, "every kind is counted by itself"


async def test_who_would_be_asked(
    frontdesk: Frontdesk, database: Database, clock: StoppedClock, nowhere: Path
) -> None:
    clock.at = clocks.now()
    await World(database, clock).talk()
    found = json.loads((await frontdesk("feedback", "send-nps", "--dry-run", "--json")).stdout)
    assert [one["why"] for one in found] == ["switched off"]
    (nowhere / "desk.yml").write_text("feedback: { nps: { enabled: true } }")
    found = json.loads((await frontdesk("feedback", "send-nps", "--dry-run", "--json")).stdout)
    assert [one["why"] for one in found] == [""]
    assert "Planned: 1." in (await frontdesk("feedback", "send-nps")).stdout
    assert "Planned: 0." in (await frontdesk("feedback", "send-nps")).stdout


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["feedback", "list", "--kind", "joy"], "none of: csat, ces, nps"),
        (["feedback", "list", "--since", "soon"], "--since: 'soon' is not a time"),
        (["feedback", "send-nps"], "feedback.nps.enabled is not set"),
        (["report", "nps", "--by", "mood"], "none of: owner"),
    ],
)
async def test_bad_input_is_one_line(frontdesk: Frontdesk, words: list[str], reason: str) -> None:
    assert reason in failure(await frontdesk(*words))
