"""kill -9 in the middle of sends: nobody gets a campaign twice, nobody is lost, and what nobody knows is listed."""

import asyncio
import os
import random
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert

from analytics.campaigns import plan
from analytics.campaigns.model import Run
from analytics.campaigns.service import Campaigns
from desk.clock import now
from desk.store.database import Database
from desk.tables.campaign import CampaignState
from desk.tables.segment import SegmentMemberRow, SegmentRow
from tests.campaigns.people import contact, people
from tests.conftest import NOON
from tests.faults.campaign_platform import CampaignPlatform
from tests.running import ROOT, clean_environment

RECIPIENTS = int(os.environ.get("FRONTDESK_CAMPAIGN_RECIPIENTS", "20000"))
KILLS = int(os.environ.get("FRONTDESK_CAMPAIGN_KILLS", "24"))
PATIENCE = 120 + RECIPIENTS / 50 + KILLS * 10
SEED = 7


class Crew:
    """Processes that are started again whenever they are gone."""

    def __init__(self, url: str, port: int, roles: list[str]) -> None:
        self._arguments = (url, str(port))
        self._roles = roles
        self._running: dict[int, Process] = {}
        self.starts = 0

    async def keep(self) -> None:
        """Start who is not there."""
        for place, role in enumerate(self._roles):
            process = self._running.get(place)
            if process is None or process.returncode is not None:
                self._running[place] = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.faults.campaign_sender"),
                    *(*self._arguments, role),
                    cwd=ROOT,
                    env=clean_environment(),
                )
                self.starts += 1

    async def end(self) -> None:
        """End those that are left."""
        for process in self._running.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


@asynccontextmanager
async def platform() -> AsyncIterator[tuple[CampaignPlatform, int]]:
    """Open a platform that kills, spread over all sends."""
    chosen = random.Random(SEED)
    step = RECIPIENTS * 9 // 10 // KILLS
    one = CampaignPlatform({n * step + chosen.randint(1, step) for n in range(KILLS)}, SEED)
    port = await one.start()
    try:
        yield one, port
    finally:
        await one.stop()


async def launched(database: Database) -> tuple[Campaigns, int]:
    """Let people come, and launch a campaign to them all."""
    await people(database, RECIPIENTS)
    async with database.write() as session:
        row = SegmentRow(
            name="all", rule={}, created_at=NOON, created_by="Mo", updated_at=NOON, updated_by="Mo"
        )
        session.add(row)
        await session.flush()
        members = [
            {"segment_id": row.id, "person_id": f"p:{contact(n)}", "since": NOON}
            for n in range(RECIPIENTS)
        ]
        await session.execute(insert(SegmentMemberRow), members)
    campaigns = Campaigns(database, now, four_eyes_above=RECIPIENTS)
    hello = {"contents": {"en": {"text": "Hello {name|there}"}}}
    decided = {
        "segment_id": row.id,
        "channels": ["memory"],
        "variants": [{"name": "a", "template": hello}],
        "schedule": {"kind": "once", "at": now().isoformat()},
        "quiet": None,
    }
    made = await campaigns.create("All", plan.read(decided), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    return campaigns, made.id


async def finished(campaigns: Campaigns, campaign_id: int, crew: Crew) -> Run:
    """Wait for the end, with everybody at work; the counts sum to the audience at every look."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        await crew.keep()
        found = await campaigns.runs(campaign_id)
        if found and found[0].state in ("running", "finished"):
            assert sum(found[0].counts.values()) == found[0].audience == RECIPIENTS
        if (await campaigns.get(campaign_id)).state is CampaignState.FINISHED:
            return found[0]
        await asyncio.sleep(0.3)
    raise TimeoutError(f"not finished: {found}")


@pytest.mark.timeout(PATIENCE + 60)
async def test_nobody_gets_it_twice_though_senders_die(
    database: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    campaigns, campaign_id = await launched(database)
    # SQLite has one process; elsewhere two clocks and two workers, and whoever sends may die.
    roles = ["clock+worker"] if database.is_sqlite else ["clock", "clock", "worker", "worker"]
    began = time.monotonic()
    async with platform() as (place, port):
        crew = Crew(database_url, port, roles)
        try:
            run = await finished(campaigns, campaign_id, crew)
        finally:
            await crew.end()
    twice = Counter({to: count for to, count in place.delivered.items() if count > 1})
    with capsys.disabled():
        print(
            f"\n  kill -9 in campaigns ({'SQLite' if database.is_sqlite else 'PostgreSQL'}): {RECIPIENTS} recipients,"
            f" killed {dict(place.killed)}, {crew.starts} starts, {dict(run.counts)}, twice {len(twice)},"
            f" over the limit {place.over_limit}, {time.monotonic() - began:.0f} s"
        )
    assert place.killed.total() == KILLS, "too few kills came in the middle of a send"
    assert twice == {}
    assert place.over_limit == 0
    unknown = run.counts.get("unknown", 0)
    # Each kill leaves the one row behind that was being sent, and that one is listed.
    assert unknown == KILLS
    assert run.counts == {"sent": RECIPIENTS - unknown, "unknown": unknown}
    assert len(place.delivered) == RECIPIENTS - place.killed["before"]
