"""Reports that are faster than our own record: kept until the send they are about has come to its end here.

A platform may tell of a delivery before it has answered the request that sent it, and the end of a send is recorded
together with the beginning of the next one.
"""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import and_, delete, exists, select

from analytics.campaigns.answers import Deliveries
from desk.clock import Clock
from desk.message import DeliveryStatus, StatusUpdate
from desk.store.database import Database
from desk.store.storable import storable
from desk.store.upsert import insert_new
from desk.tables.campaign import CampaignRecipientRow
from desk.tables.origin import EarlyReportRow

log = structlog.get_logger()

KEPT = timedelta(hours=1)
_POLL = 1.0
_MOST = 500
_ENDED = exists(
    select(CampaignRecipientRow.id).where(
        and_(
            CampaignRecipientRow.channel == EarlyReportRow.channel,
            CampaignRecipientRow.account == EarlyReportRow.account,
            CampaignRecipientRow.external_id == EarlyReportRow.external_id,
        )
    )
)


class EarlyReports:
    """Keeps them, and tells them again; any number of processes may."""

    def __init__(self, database: Database, clock: Clock, deliveries: Deliveries) -> None:
        self._database = database
        self._clock = clock
        self._deliveries = deliveries

    async def keep(self, update: StatusUpdate) -> None:
        """Keep a report; the same one again is kept once."""
        row = {
            "channel": update.channel,
            "account": update.account,
            "external_id": update.external_id,
            "status": update.status.value,
            "reason": storable(update.reason, 500) if update.reason else None,
            "unreachable": update.unreachable,
            "reported_at": update.at,
            "expires_at": self._clock() + KEPT,
        }
        unique = ["channel", "account", "external_id", "status"]
        async with self._database.write() as session:
            await insert_new(session, EarlyReportRow, row, unique=unique)

    async def run(self) -> None:
        """Look every second, for ever."""
        while True:
            try:
                await self.step()
            except Exception:
                log.exception("early_reports_failed")
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Tell what can be told now, and forget what is too old; return how many were told."""
        query = select(EarlyReportRow).where(_ENDED).order_by(EarlyReportRow.id).limit(_MOST)
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
            old = await session.scalar(
                select(exists().where(EarlyReportRow.expires_at <= self._clock()))
            )
        for row in rows:
            # Told before it is forgotten: to tell it twice changes nothing.
            await self._deliveries.report(_update(row))
        if rows or old:
            async with self._database.write() as session:
                await session.execute(
                    delete(EarlyReportRow).where(
                        EarlyReportRow.id.in_([row.id for row in rows])
                        | (EarlyReportRow.expires_at <= self._clock())
                    )
                )
        return len(rows)


def _update(row: EarlyReportRow) -> StatusUpdate:
    return StatusUpdate(
        channel=row.channel,
        account=row.account,
        external_id=row.external_id,
        status=DeliveryStatus(row.status),
        at=row.reported_at,
        reason=row.reason,
        unreachable=row.unreachable,
    )
