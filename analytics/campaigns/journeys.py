"""Questions about people's ways through campaigns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import repository
from analytics.campaigns.occurrences import Occurrence
from analytics.campaigns.repository import AWAKE
from desk.store import core
from desk.store.upsert import insert_missing
from desk.tables.base import UtcDateTime, table_of
from desk.tables.campaign import CampaignRow, CampaignRunRow, RunState
from desk.tables.journey import WAITING, CampaignJourneyRow, JourneyState
from desk.tables.segment import BELONGS, SegmentMemberRow

_ROW = CampaignJourneyRow
_TABLE = table_of(_ROW)
_KEPT = ("state", "reason", "done", "since", "due_at", "variant")
_NEXT = (
    select(*(_TABLE.c[name] for name in ("id", "occurrence", "person_id", *_KEPT)))
    .where(
        _TABLE.c.campaign_id == bindparam("campaign"),
        WAITING,
        _TABLE.c.due_at <= bindparam("now", type_=UtcDateTime()),
    )
    .order_by(_TABLE.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_KEEP = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("its_id"))
    .values({name: bindparam(f"its_{name}") for name in _KEPT})
)


@dataclass
class Journey:
    """Somebody's way; where they are may be changed, and is then kept."""

    id: int
    occurrence: str
    person_id: str
    state: JourneyState
    reason: str | None
    done: int
    since: datetime
    due_at: datetime
    variant: str | None

    def end(self, reason: str) -> None:
        """Let them go no further."""
        self.state, self.reason = JourneyState.ENDED, reason


async def due(session: AsyncSession, now: datetime) -> Sequence[int]:
    """Return the campaigns in which somebody is due."""
    somebody = exists().where(_ROW.campaign_id == CampaignRow.id, WAITING, _ROW.due_at <= now)
    query = select(CampaignRow.id).where(CampaignRow.state.in_(AWAKE), somebody)
    return (await session.scalars(query.order_by(CampaignRow.id))).all()


async def taken(session: AsyncSession, campaign_id: int) -> CampaignRow | None:
    """Return a campaign that is awake, locked until the transaction ends; None when somebody else is at it.

    While people begin nobody moves on: who lets them begin locks the run and then the campaign.
    """
    begins = exists().where(
        CampaignRunRow.campaign_id == CampaignRow.id, CampaignRunRow.state == RunState.PLANNING
    )
    query = (
        select(CampaignRow)
        .where(CampaignRow.id == campaign_id, CampaignRow.state.in_(AWAKE), ~begins)
        .with_for_update(skip_locked=True)
    )
    return await session.scalar(query)


async def next_ones(
    session: AsyncSession, campaign_id: int, now: datetime, most: int
) -> list[Journey]:
    """Return those of a campaign who are due, the longest due first, locked."""
    where = {"campaign": campaign_id, "now": now, "most": most}
    return [Journey(*row) for row in await core.fetch(session, _NEXT, where)]


async def keep(session: AsyncSession, some: Sequence[Journey]) -> None:
    """Write down where people are now."""
    rows = [{f"its_{name}": getattr(one, name) for name in ("id", *_KEPT)} for one in some]
    await core.run(session, _KEEP, rows)


async def begin(
    session: AsyncSession,
    campaign_id: int,
    occurrence: Occurrence,
    persons: Collection[str],
    due_at: datetime,
) -> None:
    """Let people begin; who has begun already stays where they are."""
    rows = [
        {
            "campaign_id": campaign_id,
            "occurrence": occurrence.key,
            "person_id": person,
            "state": JourneyState.WAITING,
            "done": 0,
            "since": occurrence.at,
            "due_at": due_at,
        }
        for person in persons
    ]
    await insert_missing(session, CampaignJourneyRow, rows)


async def others(
    session: AsyncSession, campaign_id: int, occurrence: str, persons: Collection[str]
) -> Mapping[str, tuple[int, int]]:
    """Return how far people are who have begun and were not let go; of two as far, who began first is before."""
    query = select(_ROW.person_id, _ROW.done, _ROW.id).where(
        _ROW.campaign_id == campaign_id,
        _ROW.occurrence == occurrence,
        _ROW.person_id.in_(list(persons)),
        _ROW.state != JourneyState.ENDED,
    )
    return {row[0]: (row[1], -row[2]) for row in await core.fetch(session, query, {})}


async def members(session: AsyncSession, segment_id: int, persons: Collection[str]) -> set[str]:
    """Return those of some people who belong to a segment."""
    query = select(SegmentMemberRow.person_id).where(
        SegmentMemberRow.segment_id == segment_id,
        SegmentMemberRow.person_id.in_(list(persons)),
        BELONGS,
    )
    return {row[0] for row in await core.fetch(session, query, {})}


async def anybody(
    session: AsyncSession, campaign_id: int, occurrence: str | None = None, *, before: int = 0
) -> bool:
    """Say whether somebody is on the way; with an occurrence: and not through its step ``before`` yet."""
    query = select(_ROW.id).where(_ROW.campaign_id == campaign_id, WAITING).limit(1)
    if occurrence is not None:
        query = query.where(_ROW.occurrence == occurrence, _ROW.done < before)
    return await session.scalar(query) is not None


async def begun(session: AsyncSession, row: CampaignRow) -> bool:
    """Say whether a campaign has begun and is not over: it waits for events, has a run, or people on their way."""
    if row.watches is not None or await repository.under_way(session, row.id):
        return True
    return await anybody(session, row.id)


async def goes_on(session: AsyncSession, row: CampaignRow) -> bool:
    """Say whether something is before a campaign still."""
    return row.wake_at is not None or await begun(session, row)


async def end_all(session: AsyncSession, campaign_id: int, reason: str) -> int:
    """Let nobody go on; return how many were on the way."""
    done = await session.execute(
        update(_ROW)
        .where(_ROW.campaign_id == campaign_id, WAITING)
        .values(state=JourneyState.ENDED, reason=reason)
    )
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


async def counts(session: AsyncSession, campaign_id: int) -> Mapping[str, int]:
    """Return how many stand where: by state, those who ended early by the reason."""
    query: Any = (
        select(_ROW.state, _ROW.reason, func.count())
        .where(_ROW.campaign_id == campaign_id)
        .group_by(_ROW.state, _ROW.reason)
    )
    return {reason or state.value: count for state, reason, count in await session.execute(query)}
