"""People hear of a low score where they look after the conversation, or in their team's channel."""

from pathlib import Path

import pytest
from sqlalchemy import select

from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.rules import Rulebook
from desk.commerce.policies import Policies
from desk.conversations import repository as conversations
from desk.tables.agent import DeskPostRow, DeskThreadRow, PostKind
from tests.conftest import ROOT
from tests.feedback.studio import Studio

_RULES = """
channel: C0ALL
teams: { web: { channel: C0WEB, mention: [S0WEB] } }
routes: [{ channels: [memory], team: web }]
"""


@pytest.fixture
def mirror(tmp_path: Path) -> DeskMirror:
    path = tmp_path / "desk.yml"
    path.write_text(_RULES)
    return DeskMirror(Rulebook(path, Policies(ROOT / "policies.yml"), default_channel="C0ALL"))


async def _notices(studio: Studio) -> list[tuple[str, list[str]]]:
    async with studio.database.read() as session:
        posts = await session.scalars(
            select(DeskPostRow).where(DeskPostRow.kind == PostKind.NOTICE).order_by(DeskPostRow.id)
        )
        return [(post.payload["text"], post.payload["mention"]) for post in posts]


async def test_a_low_score_calls_the_team(studio: Studio, mirror: DeskMirror) -> None:
    studio.feedback.keeper._alert = mirror
    await studio.resolved_and_asked_later()
    await studio.hear("1")
    (thread,) = await studio.world.rows(DeskThreadRow)
    assert thread.channel == "C0WEB", "nobody had looked at this conversation before"
    assert await _notices(studio) == [("A low score: 1 of 5 (CSAT).", ["S0WEB"])]
    await studio.hear("1")
    assert len(await _notices(studio)) == 1
    await studio.hear("2")
    assert len(await _notices(studio)) == 2
    assert len(await studio.world.rows(DeskThreadRow)) == 1


async def test_a_good_score_or_a_rule_keeps_quiet(studio: Studio, mirror: DeskMirror) -> None:
    studio.feedback.keeper._alert = mirror
    await studio.resolved_and_asked_later()
    await studio.hear("4")
    studio.set(alert=False)
    await studio.hear("1")
    assert await _notices(studio) == []


async def test_what_does_not_open_is_told_only_where_somebody_looks(
    studio: Studio, mirror: DeskMirror
) -> None:
    await studio.hear("Hello")
    talk = await studio.row()
    for opens, notices in ((False, 0), (True, 1), (False, 2)):
        async with studio.database.write() as session:
            row = await conversations.locked(session, talk.id)
            assert row is not None
            key = f"{opens}{notices}"
            await mirror.tell(session, row, "Look", key=key, now=studio.clock(), opens=opens)
        assert len(await _notices(studio)) == notices
