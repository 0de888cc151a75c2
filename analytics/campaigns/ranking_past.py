"""To whom campaigns of the past went, and who was left out to be compared with: what rankings are learnt from."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.warehouse.whose import of_contact
from desk.store import core
from desk.store.database import Database
from desk.tables.campaign import (
    REACHED,
    CampaignRecipientRow,
    CampaignRunRow,
    RecipientState,
    RunState,
)

WINDOW = timedelta(days=7)
"""For so long after its time what somebody does is an answer to a campaign."""
_BACK = timedelta(days=365)
_SMALLEST = 50
"""Of a run to fewer people nothing is learnt: those that follow events go to whom the event chose."""
_RUNS = 40
_OF_EACH = 10_000
"""People of one run, a sample of more."""
_TREATED = (*REACHED, RecipientState.FAILED, RecipientState.UNKNOWN)
SCHEMA = pa.schema(
    [
        pa.field("person_id", pa.string()),
        pa.field("at", pa.timestamp("us")),
        pa.field("treated", pa.int8()),
        pa.field("reached", pa.int8()),
    ]
)
"""``at`` is when they were written to, or would have been (UTC); ``treated`` were to be, ``reached`` were."""


async def past(database: Database, now: datetime) -> pa.Table:
    """Return the recipients of the last runs whose answers are in, with those left out on purpose."""
    async with database.read() as session:
        runs = await session.execute(
            select(CampaignRunRow.id, CampaignRunRow.audience)
            .where(
                CampaignRunRow.due_at > now - _BACK,
                CampaignRunRow.due_at <= now - WINDOW,
                CampaignRunRow.audience >= _SMALLEST,
                CampaignRunRow.state.in_((RunState.FINISHED, RunState.RUNNING)),
            )
            .order_by(CampaignRunRow.due_at.desc(), CampaignRunRow.id.desc())
            .limit(_RUNS)
        )
        found = [await _of(session, run, size, now) for run, size in runs.all()]
    return pa.concat_tables([SCHEMA.empty_table(), *found])


async def _of(session: AsyncSession, run_id: int, size: int, now: datetime) -> pa.Table:
    one = CampaignRecipientRow
    at = func.coalesce(one.sent_at, one.due_at, one.not_before)
    query = of_contact(
        one.contact_id,
        None,
        at=at,
        treated=case((one.state.in_(_TREATED), 1), else_=0),
        reached=case((one.state.in_(REACHED), 1), else_=0),
    ).where(
        one.run_id == run_id,
        one.state.in_((*_TREATED, RecipientState.HOLDOUT)),
        at <= now - WINDOW,
        one.id % max(1, -(-size // _OF_EACH)) == 0,
    )
    rows = await core.fetch(session, query, {})
    columns = {
        "person_id": [row[0] for row in rows],
        "at": [row[1].astimezone(UTC).replace(tzinfo=None) for row in rows],
        "treated": [row[2] for row in rows],
        "reached": [row[3] for row in rows],
    }
    return pa.table(columns, SCHEMA)
