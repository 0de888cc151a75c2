"""Campaigns for tests of their pages: segments of people, plans, and runs in any state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from analytics.campaigns import plan
from analytics.campaigns.estimate import Estimates
from analytics.campaigns.monthly import Monthly
from analytics.campaigns.plan import Plan
from analytics.campaigns.results import Results
from analytics.campaigns.service import Campaigns
from analytics.campaigns.watching import Watching
from channels.memory.adapter import MemoryChannel
from console.campaign_pages import CampaignPages
from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    CampaignState,
    RunState,
)
from desk.tables.segment import SegmentMemberRow, SegmentRow
from tests.campaigns.people import contact, people
from tests.conftest import NOON

HELLO = {
    "contents": {
        "en": {"text": "Hi {name|there}, tea is cheap: https://shop.example.com/tea"},
        "zh": {"text": "{name|您好}，茶叶特价：https://shop.example.com/tea"},
    }
}


def watching(database: Database, clock: StoppedClock) -> Watching:
    """Return what answers pages, which keeps no counts: a busy machine must not make a test see old ones."""
    return Watching(database, clock, timer=lambda: 0.0)


async def a_segment(database: Database, count: int, *, name: str = "Tea drinkers") -> int:
    """Add a segment of people who agreed, numbered from 0."""
    await people(database, count)
    async with database.write() as session:
        row = SegmentRow(
            name=name,
            rule={},
            size=count,
            created_at=NOON,
            created_by="Mo",
            updated_at=NOON,
            updated_by="Mo",
        )
        session.add(row)
        await session.flush()
        members = [
            {"segment_id": row.id, "person_id": f"p:{contact(n)}", "since": NOON}
            for n in range(count)
        ]
        await session.execute(insert(SegmentMemberRow), members)
        return row.id


def planned(segment_id: int, **more: Any) -> Plan:
    """Return a plan for a day after noon."""
    given = {
        "segment_id": segment_id,
        "channels": ["memory"],
        "variants": [{"name": "plain", "template": HELLO}],
        "schedule": {"kind": "once", "at": (NOON + timedelta(days=1)).isoformat()},
    }
    return plan.read({**given, **more})


async def a_run(
    database: Database,
    campaign_id: int,
    counts: Mapping[tuple[str, str | None], int],
    *,
    state: RunState = RunState.RUNNING,
    due_at: datetime = NOON,
    occurrence: str = "once",
    not_before: datetime = NOON,
) -> int:
    """Give a campaign a run whose recipients stand in some states, for some reasons; return its id."""
    async with database.write() as session:
        row = await session.get_one(CampaignRow, campaign_id)
        ends = {
            RunState.FINISHED: CampaignState.FINISHED,
            RunState.CANCELLED: CampaignState.CANCELLED,
        }
        row.state = ends.get(
            state,
            CampaignState(state) if state is not RunState.PLANNING else CampaignState.RUNNING,
        )
        run = CampaignRunRow(
            campaign_id=campaign_id,
            occurrence=occurrence,
            state=state,
            plan=row.plan,
            due_at=due_at,
            audience=sum(counts.values()),
            created_at=due_at,
            started_at=due_at,
        )
        session.add(run)
        await session.flush()
        every = [one for one, count in counts.items() for _ in range(count)]
        await session.execute(
            insert(CampaignRecipientRow),
            [
                {
                    "run_id": run.id,
                    "contact_id": contact(n),
                    "channel": "memory",
                    "account": "a",
                    "thread": f"t{n}",
                    "address": f"u{n}",
                    "language": "en",
                    "zone": "UTC",
                    "variant": "" if is_state == "holdout" else "plain",
                    "state": is_state,
                    "reason": reason,
                    "not_before": not_before,
                    "not_after": not_before + timedelta(hours=4),
                    "sent_at": due_at
                    if is_state in ("sent", "read", "failed", "unknown")
                    else None,
                }
                for n, (is_state, reason) in enumerate(every)
            ],
        )
        return run.id


def pages(
    database: Database, clock: StoppedClock, segments: Any, *, four_eyes_above: int = 30
) -> CampaignPages:
    """Return what the pages need; campaigns above ``four_eyes_above`` people are large."""
    return CampaignPages(
        campaigns=Campaigns(database, clock, four_eyes_above=four_eyes_above),
        segments=segments,
        watching=watching(database, clock),
        monthly=Monthly(database, clock),
        results=Results(database, clock),
        estimates=Estimates(database, clock, {"memory": MemoryChannel()}),
    )
