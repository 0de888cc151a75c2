"""Lets people begin campaigns that follow events: each event once for each campaign that waits for it.

What happened while one waits stands in ``campaign_news``, written by triggers in the same transaction (see
:mod:`desk.tables.journey`). A batch of it is taken away in the transaction that lets people begin.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import happenings, plan, schedule
from analytics.campaigns.happenings import Who, person_of
from analytics.campaigns.occurrences import Happening, due_at, triggered
from analytics.campaigns.plan import Plan
from analytics.campaigns.schedule import AfterEvent, Schedule
from desk.store import core
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.behaviour import BehaviourRow
from desk.tables.campaign import CampaignRow, CampaignState
from desk.tables.event import EventRow
from desk.tables.journey import ORDER, CampaignJourneyRow, CampaignNewsRow, JourneyState
from desk.tables.shop import OrderRow, OrderStatus

FIRST = "first"
"""The occurrence of those whom only the first event of their life lets begin: it comes once."""
_BATCH = 1_000
_OPEN = (CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED)
_JOURNEY = table_of(CampaignJourneyRow)


def may_come_again(occurrence: str) -> bool:
    """Say whether somebody may begin by an occurrence under two names; an event is one person's."""
    return ":" not in occurrence


def after_event(wanted: Schedule) -> AfterEvent | None:
    """Return for which event a schedule waits, if it waits for one."""
    start = wanted.start if isinstance(wanted, schedule.Sequence) else wanted
    return start if isinstance(start, AfterEvent) else None


@dataclass(frozen=True)
class _Waiting:
    """A campaign that waits for an event."""

    id: int
    plan: Plan
    event: AfterEvent
    launched_at: datetime

    def wants(self, one: Happening) -> bool:
        """Say whether it is one for which it waits."""
        until = self.event.until
        is_in_time = self.launched_at <= one.at and (until is None or one.at <= until)
        return one.name == self.event.event and is_in_time


async def read(database: Database, *, most: int = _BATCH) -> int:
    """Let people begin by the next news; return how many news there were."""
    async with database.read() as session:
        if await session.scalar(select(CampaignNewsRow.id).limit(1)) is None:
            return 0
    async with database.write() as session:
        query = (
            select(CampaignNewsRow.id, CampaignNewsRow.source, CampaignNewsRow.key)
            .order_by(CampaignNewsRow.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        news = (await session.execute(query)).all()
        happened = await _happened(session, news)
        # Who moves people on holds the campaign's row: neither then waits for rows that the other has in hand.
        for one in await _waiting(session, {happening.name for happening, _ in happened}):
            await _begin(session, one, [pair for pair in happened if one.wants(pair[0])])
        read = CampaignNewsRow.id.in_([row.id for row in news])
        await session.execute(delete(CampaignNewsRow).where(read))
    return len(news)


_EVENTS = select(
    EventRow.id, EventRow.name, EventRow.occurred_at, cast(None, String), EventRow.contact_id
)
_BEHAVIOUR = select(
    BehaviourRow.id,
    BehaviourRow.name,
    BehaviourRow.occurred_at,
    BehaviourRow.customer_id,
    BehaviourRow.contact_id,
)
_ORDERS = select(
    OrderRow.number,
    cast(ORDER, String),
    OrderRow.placed_at,
    OrderRow.customer_id,
    cast(None, String),
).where(OrderRow.status != OrderStatus.CANCELLED)
_SOURCES: tuple[tuple[str, Select[*tuple[Any, ...]], Any, type[int] | type[str]], ...] = (
    ("event", _EVENTS, EventRow.id, int),
    ("behaviour", _BEHAVIOUR, BehaviourRow.id, int),
    ("order", _ORDERS, OrderRow.number, str),
)


async def _happened(session: AsyncSession, news: Sequence[Any]) -> list[tuple[Happening, Who]]:
    """Return what happened, and to whom."""
    found: list[tuple[Happening, str]] = []
    for source, query, column, kind in _SOURCES:
        keys = [kind(row.key) for row in news if row.source == source]
        for key, name, at, customer, contact in (
            await session.execute(query.where(column.in_(keys))) if keys else ()
        ):
            found.append(
                (Happening(id=f"{source}:{key}", name=name, at=at), person_of(customer, contact))
            )
    people = await happenings.who(session, {person for _, person in found})
    return [(one, people[person]) for one, person in found]


async def _waiting(session: AsyncSession, names: Iterable[str]) -> list[_Waiting]:
    query = (
        select(CampaignRow.id, CampaignRow.plan, CampaignRow.launched_at)
        .where(CampaignRow.watches.in_(list(names)), CampaignRow.state.in_(_OPEN))
        .order_by(CampaignRow.id)
        .with_for_update(read=True, key_share=True)
    )
    found = []
    for id_, written, launched_at in await session.execute(query):
        decided = plan.read(written)
        event = after_event(decided.schedule)
        if event is not None and launched_at is not None:
            found.append(_Waiting(id_, decided, event, launched_at))
    return found


async def _begin(
    session: AsyncSession, waiting: _Waiting, happened: Sequence[tuple[Happening, Who]]
) -> None:
    if waiting.event.first:
        people = {one.person_id: one for _, one in happened}
        firsts = await happenings.first(session, waiting.event.event, people.values())
        happened = [
            (Happening(id=FIRST, name=waiting.event.event, at=at, first=True), people[person])
            for person, at in firsts.items()
        ]
    rows = [_journey(waiting, one, person) for one, person in happened if waiting.wants(one)]
    if rows:
        # In an order that is everybody's: then of two who write the same rows one waits for the other.
        rows.sort(key=lambda row: row["person_id"])
        await core.run(session, _insert(session.get_bind().dialect.name), rows)


def _journey(waiting: _Waiting, one: Happening, person: Who) -> dict[str, Any]:
    occurrence = triggered(waiting.plan.schedule, one)
    if occurrence is None:
        raise LookupError(f"campaign {waiting.id} does not wait for {one.name}")
    return {
        "campaign_id": waiting.id,
        "occurrence": occurrence.key,
        "person_id": person.person_id,
        "state": JourneyState.WAITING,
        "done": 0,
        "since": one.at,
        "due_at": due_at(waiting.plan.schedule, occurrence, None),
    }


def _insert(dialect: str) -> Any:
    """Of two events that come in the wrong order the first one counts, unless it is answered already."""
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(_JOURNEY)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["campaign_id", "occurrence", "person_id"],
        set_={"since": new.since, "due_at": new.due_at},
        where=(_JOURNEY.c.state == JourneyState.WAITING)
        & (_JOURNEY.c.done == 0)
        & (new.since < _JOURNEY.c.since),
    )
