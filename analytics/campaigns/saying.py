"""The runs and recipients' rows of what is sent to people one by one: a run for each step of each day or occurrence.

What follows events has a run for each local date on which it was due. Nobody is twice in a run: a second event of
theirs that is due on the same date goes to a run of its own.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, journeys, plan, triggers
from analytics.campaigns.audience import Handle, Whole
from analytics.campaigns.journeys import Journey
from analytics.campaigns.occurrences import Occurrence
from analytics.campaigns.plan import Plan
from analytics.campaigns.schedule import AfterEvent, Schedule
from analytics.campaigns.schedule import Sequence as Steps
from analytics.campaigns.sequence import step_key
from desk import events
from desk.events import Event
from desk.store import core
from desk.store.upsert import insert_missing, insert_new
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    RecipientState,
    RunState,
)


class Said(NamedTuple):
    """Somebody who came to a step, how they are reached, and why nothing is said to them."""

    journey: Journey
    reached: Handle | None
    step: int
    at: datetime
    reason: str | None

    @property
    def name(self) -> str:
        """Whose row it is."""
        return self.reached.contact_id if self.reached else self.journey.person_id


def first_key(schedule: Schedule, occurrence: Occurrence) -> str:
    """Return the key of the run in which an occurrence begins."""
    is_sequence = isinstance(schedule, Steps)
    return step_key(occurrence.key, 1) if is_sequence else occurrence.key


def base_of(run_key: str) -> str:
    """Return the occurrence of which a run is a step."""
    return run_key.partition("/")[0]


def _key(decided: Plan, one: Said) -> str:
    if triggers.after_event(decided.schedule) is None:
        return step_key(one.journey.occurrence, one.step)
    day = one.at.astimezone(decided.zone).date().isoformat()
    return day if isinstance(decided.schedule, AfterEvent) else step_key(day, one.step)


async def fills(session: AsyncSession, run: CampaignRunRow, now: datetime) -> bool:
    """Say whether more people may come into a run."""
    decided = plan.read(run.plan)
    if not isinstance(decided.schedule, AfterEvent | Steps):
        return False
    base, _, step = run.occurrence.partition(" ")[0].partition("/")
    if triggers.after_event(decided.schedule) is not None:
        return now.astimezone(decided.zone).date().isoformat() <= base
    return await journeys.anybody(session, run.campaign_id, base, before=int(step))


async def say(
    session: AsyncSession, row: CampaignRow, decided: Plan, said: Sequence[Said], now: datetime
) -> None:
    """Write the rows of those who came to a step, each into its run."""
    _assign(decided, row.id, said)
    runs: defaultdict[tuple[str, int], list[Said]] = defaultdict(list)
    for one in said:
        runs[_key(decided, one), one.step].append(one)
    for (key, step), some in sorted(runs.items()):
        left, again = some, 1
        while left:
            number = key if again == 1 else f"{key} ({again})"
            run = await _run(session, row, decided, number, step, left[0].at, now)
            left, again = await _written(session, row.id, decided, run, left), again + 1


def _assign(decided: Plan, campaign_id: int, said: Sequence[Said]) -> None:
    """Let those who come to their first step have a variant; it is theirs in all steps."""
    new = [one for one in said if one.journey.variant is None]
    arms = decided.split(campaign_id).all(one.name for one in new)
    for one, arm in zip(new, arms, strict=True):
        one.journey.variant = arm or ""


async def _run(
    session: AsyncSession,
    row: CampaignRow,
    decided: Plan,
    key: str,
    step: int,
    at: datetime,
    now: datetime,
) -> CampaignRunRow:
    """Return a run that takes people, locked."""
    values = {
        "campaign_id": row.id,
        "occurrence": key,
        "state": RunState.RUNNING,
        "plan": decided.at_step(step).written(),
        "due_at": at,
        "planned_to": "",
        "audience": 0,
        "created_at": now,
        "started_at": now,
    }
    unique = ("campaign_id", "occurrence")
    if await insert_new(session, CampaignRunRow, values, unique=unique):
        data = {"campaign_id": row.id, "occurrence": key}
        events.append(session, Event(name="campaign.begun", occurred_at=now, data=data))
    found = (
        await session.scalars(
            select(CampaignRunRow).filter_by(campaign_id=row.id, occurrence=key).with_for_update()
        )
    ).one()
    if found.state is RunState.FINISHED:
        found.state, found.finished_at = RunState.RUNNING, None
    return found


async def _written(
    session: AsyncSession,
    campaign_id: int,
    decided: Plan,
    run: CampaignRunRow,
    said: Sequence[Said],
) -> list[Said]:
    """Write the rows of those who are not in a run yet; return the others."""
    whole = Whole(
        run_id=run.id,
        campaign_id=campaign_id,
        plan=decided,
        occurrence=Occurrence(run.occurrence, run.due_at),
    )
    made = [_row(whole, one) for one in said]
    there = await _there(session, run, [row["contact_id"] for row in made])
    rows, left = [], []
    for one, row in zip(said, made, strict=True):
        if row["contact_id"] in there:
            left.append(one)
            continue
        there.add(row["contact_id"])
        rows.append(row)
    if rows:
        await insert_missing(session, CampaignRecipientRow, rows)
        run.audience += len(rows)
    return left


def _row(whole: Whole, one: Said) -> dict[str, Any]:
    made = audience.row_of(whole, one.name, one.reached, one.journey.variant or None, one.at)
    if one.reason is not None:
        made |= {"state": RecipientState.SKIPPED, "reason": one.reason, "due_at": None}
    return made


async def _there(session: AsyncSession, run: CampaignRunRow, names: Collection[str]) -> set[str]:
    if not run.audience:
        return set()
    query = select(CampaignRecipientRow.contact_id).where(
        CampaignRecipientRow.run_id == run.id, CampaignRecipientRow.contact_id.in_(list(names))
    )
    return {row[0] for row in await core.fetch(session, query, {})}
