"""The fault tests can fail: each known mistake, put in on purpose, is reported by the check that should see it."""

from pathlib import Path

import pytest

from app import migrate
from app.wiring import Desk, build
from desk.clock import now
from desk.settings import Settings
from desk.store.database import Database
from tests.faults import bugs, kills
from tests.faults.conftest import visit
from tests.faults.crash import Fuse
from tests.faults.races import HesitantChannel, SlowDialogue, race
from tests.faults.stream import Stream, at_work, outcome, pragma
from tests.faults.test_crash_at_every_statement import (
    SCENARIOS,
    play_and_check,
    quick,
    template_in,
)
from tests.faults.verdict import judge
from tests.talk import accept, inbound, settle, transcript

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """Return a folder with an empty, migrated database."""
    migrate.upgrade(f"sqlite:///{tmp_path}/desk.sqlite")
    return tmp_path


@pytest.mark.timeout(200)
async def test_kills_show_an_acknowledgement_before_the_commit(
    migrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await kills.run(migrated, kills=6, bug="acknowledge_before_commit", patience=5)
    with capsys.disabled():
        print(f"\n  kill -9 with a seeded bug: {report}")
    assert report.verdict.lost


@on_sqlite
async def test_a_full_disk_shows_an_acknowledgement_of_nothing(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    bugs.seed("acknowledge_what_failed", monkeypatch.setattr)
    async with at_work(desk) as client:
        stream = Stream([await visit(client) for _ in range(2)])
        async with stream.writing():
            await pragma(desk.database, "query_only", 1)
            while stream.count < 4:
                await stream.pause()
            await pragma(desk.database, "query_only", 0)
        assert (await outcome(desk, stream)).lost


@on_sqlite
@pytest.mark.parametrize(
    ("bug", "report"), [("forget_the_unique_key", "doubled"), ("finish_twice", "answered_twice")]
)
async def test_copies_show_a_missing_key_and_an_unfinished_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, bug: str, report: str
) -> None:
    bugs.seed(bug, monkeypatch.setattr)
    message = inbound("hello")
    await accept(desk, *[message] * 20)
    await settle(desk)
    verdict = judge(["hello"], await transcript(desk), lambda text: f"You said: {text}")
    assert getattr(verdict, report)


@on_sqlite
@pytest.mark.parametrize("bug", ["forget_the_epoch", "confirm_while_sending"])
async def test_races_show_a_missing_fence(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    bugs.seed(bug, monkeypatch.setattr)
    channel, dialogue = HesitantChannel(), SlowDialogue(longest=0.03)
    desk = build(settings, dialogue=dialogue, channels={channel.name: channel}, clock=now)
    try:
        races = await race(desk, channel, dialogue, rounds=1, at_once=20)
    finally:
        await desk.close()
    assert races.leaked


@pytest.mark.parametrize("bug", ["forget_the_turn_in_hand", "forget_the_send_in_hand"])
async def test_crashes_show_a_careless_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    bugs.seed(bug, monkeypatch.setattr)
    template = await template_in(tmp_path)
    scenario = SCENARIOS["conversation"]
    with quick(monkeypatch):
        points = (await play_and_check(template, scenario, Fuse())).points
        for point in range(1, points + 1):
            try:
                await play_and_check(template, scenario, Fuse(point))
            except AssertionError:
                return
    pytest.fail("no crash showed it")
