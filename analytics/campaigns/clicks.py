"""Where a link of a campaign leads, and who followed it."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan
from analytics.campaigns.links import LinkError, TrackedLinks, frozen
from analytics.campaigns.machines import not_counted
from desk import events
from desk.clock import Clock
from desk.events import Event
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow


class Clicks:
    """Follows links; the address is looked up in the run's own texts, so that nobody can be sent elsewhere."""

    def __init__(self, database: Database, clock: Clock, links: TrackedLinks) -> None:
        self._database = database
        self._clock = clock
        self._links = links

    async def follow(self, token: str, *, method: str, headers: Mapping[str, str]) -> str:
        """Return where a link leads; a person's click becomes an event, a machine's does not.

        Raises:
            LinkError: this is no link of ours, or its campaign is gone.
        """
        clicked = self._links.read(token)
        async with self._database.read() as session:
            one, run = await _of(session, clicked.recipient_id)
        texts = (variant.template for variant in plan.read(run.plan).variants)
        target = frozen(*texts).target(clicked.link)
        now = self._clock()
        if not_counted(method, headers, sent_at=one.sent_at, at=now) is None:
            data = {"campaign_id": run.campaign_id, "run_id": run.id, "recipient_id": one.id}
            event = Event(
                name="campaign.clicked",
                occurred_at=now,
                contact_id=one.contact_id,
                conversation_id=one.conversation_id,
                data={
                    **data,
                    "variant": one.variant,
                    "channel": one.channel,
                    "link": clicked.link,
                },
            )
            async with self._database.write() as session:
                events.append(session, event)
        return target


async def _of(
    session: AsyncSession, recipient_id: int
) -> tuple[CampaignRecipientRow, CampaignRunRow]:
    one = await session.get(CampaignRecipientRow, recipient_id)
    run = await session.get(CampaignRunRow, one.run_id) if one else None
    if one is None or run is None:
        raise LinkError
    return one, run
