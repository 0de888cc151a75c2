"""The clock of campaigns dies at every statement that writes and around every commit; each step comes once."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, CampaignRunRow
from desk.tables.journey import CampaignJourneyRow, CampaignNewsRow
from tests.campaigns.stage import DAY, Stage, after, planned, series
from tests.conftest import NOON
from tests.databases import template_in
from tests.faults.crash import Fuse, _is_crash, _wire
from tests.faults.test_crash_at_every_statement import quick

FOLLOWING = series(
    after("ticket.resolved", "0m"),
    {"wait": "1d"},
    {"wait": "1d", "conditions": [{"event": "ticket.opened", "happened": False}]},
    {"wait": "1d"},
)
WEEKLY = series({"kind": "recurring", "cron": "0 12 * * 1", "zone": "UTC"}, {"wait": "1h"})
WRITTEN = [
    table_of(row)
    for row in (
        CampaignRow,
        CampaignRunRow,
        CampaignRecipientRow,
        CampaignJourneyRow,
        CampaignNewsRow,
    )
]
ROWS = [
    ("2026-03-02/1", "0", "skipped", "too_late"),
    ("2026-03-02/1", "1", "skipped", "too_late"),
    ("2026-03-03/1", "0", "sent", ""),
    ("2026-03-03/1", "1", "sent", ""),
    ("2026-03-03/1 (2)", "0", "sent", ""),
    ("2026-03-04/2", "0", "sent", ""),
    ("2026-03-04/2", "1", "skipped", "condition"),
    ("2026-03-04/2 (2)", "0", "sent", ""),
    ("2026-03-05/3", "0", "sent", ""),
    ("2026-03-05/3 (2)", "0", "sent", ""),
]


async def _prepared(folder: Path) -> Path:
    """Return a database in which two campaigns are launched and three tickets were resolved."""
    path = folder / "prepared.sqlite"
    shutil.copy(await template_in(folder), path)
    database = Database(f"sqlite:///{path}")
    stage = Stage(database)
    segment = await stage.segment(2)
    await stage.launched(planned(segment, FOLLOWING, 3), "Following")
    await stage.launched(planned(segment, WEEKLY), "Weekly")
    for number in (0, 1, 0):
        await stage.happens("ticket.resolved", number)
    await database.close()
    return path


async def _survives(stage: Stage, url: str, fuse: Fuse) -> bool:
    """Let a process that dies at a point of its work do all that is due; say whether it lived to the end."""
    database = Database(url)
    _wire(database.engine.sync_engine, fuse)
    try:
        await Stage(database, stage.clock, page=2).wake.step()
    except BaseException as error:
        if not _is_crash(error):
            raise
        return False
    finally:
        await database.close()
    return True


async def _state(stage: Stage) -> list[object]:
    """Return all that a clock of campaigns writes."""
    async with stage.database.read() as session:
        return [(await session.execute(select(table))).all() for table in WRITTEN]


async def _worked(stage: Stage, url: str) -> int:
    """Let one process after the other die, each a point later than the one before, until there is nothing to do.

    What one has left behind is done: the next one begins with its own first point.
    """
    crashes, point, left = 0, 1, await _state(stage)
    while not await _survives(stage, url, Fuse(point)):
        crashes, before, left = crashes + 1, left, await _state(stage)
        point = point + 1 if left == before else 1
    return crashes


async def test_each_step_comes_once_wherever_the_clock_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await _prepared(tmp_path)
    url, crashes = f"sqlite:///{path}", 0
    stage = Stage(Database(url), StoppedClock(NOON))
    with quick(monkeypatch):
        for day in range(6):
            if day == 1:
                await stage.happens("ticket.opened", 1, stage.clock() + DAY / 2)
            for _ in range(2):
                crashes += await _worked(stage, url)
                await stage.dispatcher.drain()
            stage.clock.advance(DAY)
    assert await stage.rows() == ROWS
    assert len(stage.memory.sent) == 7
    for made in (1, 2):
        await stage.check_sums(made)
    await stage.database.close()
    with capsys.disabled():
        print(f"\n  {crashes} crashes")
    assert crashes > 80
