"""Campaigns, their runs and their recipients, page by page."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from analytics.campaigns import repository
from analytics.campaigns.model import Campaign, Run, campaign, run
from desk.listing.page import Page, page_of
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, CampaignRunRow


class CampaignListing:
    """Reads rows in pages; whatever is given of a filter must be so."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def campaigns(
        self, wanted: Mapping[str, Any], *, after: str | None, limit: int
    ) -> Page[Campaign]:
        """Return campaigns, the newest first."""
        query = select(CampaignRow).filter_by(**wanted)
        async with self._database.read() as session:
            page = await page_of(session, query, CampaignRow.id, after=after, limit=limit)
        return Page(rows=tuple(map(campaign, page.rows)), next=page.next)

    async def runs(self, campaign_id: int, *, after: str | None, limit: int) -> Page[Run]:
        """Return the runs of a campaign with their counts, the newest first."""
        query = select(CampaignRunRow).where(CampaignRunRow.campaign_id == campaign_id)
        async with self._database.read() as session:
            page = await page_of(session, query, CampaignRunRow.id, after=after, limit=limit)
            rows = [run(row, await repository.counts(session, row.id)) for row in page.rows]
        return Page(rows=tuple(rows), next=page.next)

    async def recipients(
        self, campaign_id: int, wanted: Mapping[str, Any], *, after: str | None, limit: int
    ) -> Page[CampaignRecipientRow]:
        """Return the recipients of a campaign's runs, in the order in which they were written down."""
        runs = select(CampaignRunRow.id).where(CampaignRunRow.campaign_id == campaign_id)
        query = select(CampaignRecipientRow).filter_by(**wanted)
        query = query.where(CampaignRecipientRow.run_id.in_(runs))
        async with self._database.read() as session:
            return await page_of(
                session,
                query,
                CampaignRecipientRow.id,
                after=after,
                limit=limit,
                newest_first=False,
            )
