"""``frontdesk campaigns confirm-restore``."""

import json
from datetime import timedelta

from sqlalchemy import update

from analytics.campaigns.restoring import RESTORED
from desk import clock
from desk.store.database import Database
from desk.tables.campaign import CampaignRow, CampaignState
from desk.tables.origin import OriginRow
from tests.campaigns.people import campaign, outcome, people
from tests.commands.conftest import Frontdesk, failure, frontdesk, invoke, nowhere

__all__ = ["frontdesk", "invoke", "nowhere"]


async def test_who_waited_is_unknown_and_the_campaign_goes_on(
    frontdesk: Frontdesk, database: Database
) -> None:
    assert "is known" in failure(await frontdesk("campaigns", "confirm-restore", "--yes"))
    await people(database, 3)
    run = await campaign(database, 3)
    stopped = {"state": CampaignState.PAUSED, "reason": RESTORED}
    doubt = {"one": 1, "name": "old", "beat": 3, "open_until": clock.now(), "doubt": "older"}
    async with database.write() as session:
        await session.execute(update(CampaignRow).values(stopped))
        session.add(OriginRow(**doubt))
    refused = await frontdesk("campaigns", "confirm-restore")
    assert refused.exit_code != 0
    assert await outcome(database, run) == {"queued": 3}
    done = await frontdesk("campaigns", "confirm-restore", "--yes", "--json")
    assert json.loads(done.stdout) == {"unknown": 3, "campaigns": ["Spring"]}
    assert await outcome(database, run) == {"unknown restored": 3}
    async with database.read() as session:
        row = await session.get_one(CampaignRow, 1)
    assert (row.state, row.reason) == (CampaignState.RUNNING, None)


async def test_who_was_moved_loses_nobody(frontdesk: Frontdesk, database: Database) -> None:
    await people(database, 3)
    run = await campaign(database, 3)
    later = clock.now() - timedelta(hours=1)
    async with database.write() as session:
        session.add(OriginRow(one=1, name="old", beat=3, open_until=later, doubt="strange"))
    done = await frontdesk("campaigns", "confirm-restore", "--yes", "--not-a-copy")
    assert done.stdout == "Campaigns go on: none was running. 0 people are unknown.\n"
    assert await outcome(database, run) == {"queued": 3}
