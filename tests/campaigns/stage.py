"""A shop in which things happen to people, and everything that moves campaigns, by a clock given as argument."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from analytics.campaigns import plan
from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.plan import Plan
from analytics.campaigns.service import Campaigns
from analytics.campaigns.telling import Teller
from analytics.campaigns.wake import Brake, Wake
from channels.memory.adapter import MemoryChannel
from desk import events
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.events import Event
from desk.store.database import Database
from desk.store.upsert import save
from desk.tables.behaviour import BehaviourRow
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow
from desk.tables.contact import ContactRow
from desk.tables.segment import SegmentMemberRow, SegmentRow
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from tests.campaigns.people import contact, people
from tests.conftest import NOON, SECRET

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def said(text: str) -> dict[str, Any]:
    """Return a template that says one thing."""
    return {"contents": {"en": {"text": text}}}


def planned(segment: int, schedule: Mapping[str, Any], steps: int = 1, **more: Any) -> Plan:
    """Return a plan whose steps say ``step 1`` and so on, at any hour and however often."""
    texts = [said(f"step {n}") for n in range(1, steps + 1)]
    variant = {"name": "a", "template": texts[0], "then": texts[1:]}
    return plan.read(
        {
            "segment_id": segment,
            "channels": ["memory"],
            "variants": [variant],
            "schedule": schedule,
            "quiet": None,
            "budget": None,
            **more,
        }
    )


def after(event: str, delay: str = "7d", **more: Any) -> dict[str, Any]:
    """Return a schedule so long after an event."""
    return {"kind": "after_event", "event": event, "delay": delay, **more}


def series(start: Mapping[str, Any], *steps: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schedule of steps."""
    return {"kind": "sequence", "start": start, "steps": list(steps)}


@dataclass
class Stage:
    """A desk's campaigns on a database."""

    database: Database
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NOON))
    memory: Any = field(default_factory=MemoryChannel)
    page: int = 3

    def __post_init__(self) -> None:
        self.campaigns = Campaigns(self.database, self.clock)
        self.wake = self.another()
        channels = {"memory": self.memory}
        self.dispatcher = Dispatcher(
            database=self.database,
            channels=channels,
            states=ChannelStates(self.database, self.clock),
            composing=Composer(
                database=self.database,
                channels=channels,
                links=TrackedLinks(SECRET, public_url=None),
                ways_out=UnsubscribeLinks(SECRET, public_url=None),
                suppressions=Suppressions(self.database, self.clock, SECRET),
                teller=Teller(self.database, self.clock),
            ),
            clock=self.clock,
        )

    def another(self) -> Wake:
        """Return one more clock."""
        words = Suppressions(self.database, self.clock, SECRET)
        return Wake(self.database, self.clock, words, page=self.page, brake=Brake(least=10**6))

    async def segment(self, count: int, *, customers: bool = False) -> int:
        """Let people come, and return a segment of them all; with ``customers`` each is one of the shop's."""
        await people(self.database, count)
        async with self.database.write() as session:
            words = {"created_by": "Mo", "updated_by": "Mo"}
            row = SegmentRow(name="all", rule={}, created_at=NOON, updated_at=NOON, **words)
            session.add(row)
            await session.flush()
            if customers:
                await session.execute(
                    insert(CustomerRow),
                    [
                        {
                            "id": f"k{n}",
                            "name": f"K. {n}",
                            "created_at": NOON,
                            "account_type": "standard",
                        }
                        for n in range(count)
                    ],
                )
                for n in range(count):
                    values = {"customer_id": f"k{n}"}
                    await session.execute(
                        update(ContactRow).where(ContactRow.id == contact(n)).values(**values)
                    )
            names = [f"c:k{n}" if customers else f"p:{contact(n)}" for n in range(count)]
            await session.execute(
                insert(SegmentMemberRow),
                [{"segment_id": row.id, "person_id": one, "since": NOON} for one in names],
            )
        return row.id

    async def launched(self, decided: Plan, name: str = "Tea") -> int:
        """Launch a campaign."""
        made = await self.campaigns.create(name, decided, by="Mo")
        await self.campaigns.launch(made.id, by="Mo")
        return made.id

    async def happens(self, name: str, number: int, at: datetime | None = None) -> None:
        """Let something stand in the event log."""
        at = at or self.clock()
        async with self.database.write() as session:
            events.append(session, Event(name=name, occurred_at=at, contact_id=contact(number)))

    async def order(
        self,
        number: int,
        customer: int,
        at: datetime | None = None,
        status: OrderStatus = OrderStatus.DELIVERED,
    ) -> None:
        """Let an order come in, or be as it is now."""
        head = {
            "number": str(number),
            "customer_id": f"k{customer}",
            "status": status,
            "placed_at": at or self.clock(),
            "total_cents": 100,
            "currency": "EUR",
            "ship_name": "x",
            "ship_address": "x",
        }
        names = ("shipped_at", "expected_at", "delivered_at", "carrier", "tracking_number")
        empty = dict.fromkeys((*names, "email", "phone"))
        async with self.database.write() as session:
            await save(session, OrderRow, [head | empty], key=("number",))

    async def does(self, name: str, number: int, at: datetime | None = None) -> None:
        """Let behaviour be imported."""
        async with self.database.write() as session:
            session.add(
                BehaviourRow(
                    key=f"{name} {number} {at or self.clock()}",
                    contact_id=contact(number),
                    name=name,
                    occurred_at=at or self.clock(),
                )
            )

    async def work(self) -> None:
        """Do all that is due now."""
        await self.wake.step()
        await self.dispatcher.drain()
        await self.wake.step()

    async def pass_time(self, span: timedelta, every: timedelta = DAY) -> None:
        """Let time pass, with everybody at work."""
        until = self.clock() + span
        await self.work()
        while self.clock() < until:
            self.clock.advance(min(every, until - self.clock()))
            await self.work()

    def came(self) -> list[tuple[str, str]]:
        """Return who got what, in order."""
        return [(one.recipient, one.text) for one in self.memory.sent]

    async def rows(self) -> list[tuple[str, str, str, str]]:
        """Return all recipients: the run, who, the state, the reason."""
        query = (
            select(CampaignRunRow.occurrence, CampaignRecipientRow)
            .join(CampaignRunRow, CampaignRunRow.id == CampaignRecipientRow.run_id)
            .order_by(CampaignRunRow.occurrence, CampaignRecipientRow.contact_id)
        )
        async with self.database.read() as session:
            return [
                (key, _number(row.contact_id), row.state.value, row.reason or "")
                for key, row in await session.execute(query)
            ]

    async def check_sums(self, campaign_id: int) -> None:
        """See that the counts of each run sum to its audience."""
        for run in await self.campaigns.runs(campaign_id):
            assert sum(run.counts.values()) == run.audience


def _number(contact_id: str) -> str:
    return str(int(contact_id, 16)) if len(contact_id) == 32 else contact_id
