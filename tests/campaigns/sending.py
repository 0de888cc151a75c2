"""A whole campaign through a whole desk: launched, planned and sent to people of the memory channel, or another."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select

from analytics.campaigns import plan
from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.telling import Teller
from analytics.campaigns.wake import Wake
from app.wiring import Desk
from desk.channel import Channel
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow
from desk.tables.segment import SegmentMemberRow, SegmentRow
from tests.campaigns.people import contact
from tests.conftest import NOON, SECRET

OFFER = {
    "contents": {
        "en": {
            "text": "Tea is half the price this week. Shall I show you?",
            "buttons": [{"title": "Show me", "payload": '/recommend_offer{"product": "tea"}'}],
        }
    }
}


async def segment(database: Database, count: int, *, first: int = 0) -> int:
    """Add a segment of contacts by their numbers."""
    persons = [f"p:{contact(n)}" for n in range(first, first + count)]
    return await segment_of(database, persons, name=f"Segment of {count} from {first}")


async def segment_of(database: Database, persons: Sequence[str], *, name: str = "Some") -> int:
    """Add a segment of persons."""
    async with database.write() as session:
        row = SegmentRow(
            name=name, rule={}, created_at=NOON, created_by="Mo", updated_at=NOON, updated_by="Mo"
        )
        session.add(row)
        await session.flush()
        await session.execute(
            insert(SegmentMemberRow),
            [{"segment_id": row.id, "person_id": one, "since": NOON} for one in persons],
        )
        return row.id


def dispatcher(
    desk: Desk, channels: Mapping[str, Channel] | None = None, **more: Any
) -> Dispatcher:
    """Return what sends, as a process of its own would."""
    channels = channels or desk.channels
    return Dispatcher(
        database=desk.database,
        channels=channels,
        states=desk.states,
        composing=Composer(
            database=desk.database,
            channels=channels,
            links=TrackedLinks(SECRET, public_url="https://desk.example.com"),
            ways_out=desk.opting.links,
            suppressions=desk.opting.suppressions,
            teller=Teller(desk.database, desk.clock),
        ),
        clock=desk.clock,
        **more,
    )


def wake(desk: Desk) -> Wake:
    """Return what moves campaigns on."""
    return Wake(desk.database, desk.clock, desk.opting.suppressions)


async def launched(desk: Desk, segment_id: int, name: str = "Spring", **more: Any) -> int:
    """Launch a campaign for now; return its id."""
    given = {
        "segment_id": segment_id,
        "channels": ["memory"],
        "variants": [{"name": "a", "template": OFFER}],
        "schedule": {"kind": "once", "at": desk.clock().isoformat()},
        **more,
    }
    made = await desk.campaigns.campaigns.create(name, plan.read(given), by="Mo")
    await desk.campaigns.campaigns.launch(made.id, by="Mo")
    return made.id


async def sent(desk: Desk, segment_id: int, name: str = "Spring", **more: Any) -> int:
    """Launch a campaign, and send all of it."""
    campaign_id = await launched(desk, segment_id, name, **more)
    await wake(desk).step()
    await dispatcher(desk).drain()
    return campaign_id


async def recipients(database: Database) -> list[CampaignRecipientRow]:
    """Return all recipients in the order of their ids."""
    async with database.read() as session:
        query = select(CampaignRecipientRow).order_by(CampaignRecipientRow.id)
        return list((await session.scalars(query)).all())
