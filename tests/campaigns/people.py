"""People to write to, a campaign about to be sent, and a composer that says hello."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from analytics.campaigns.hand import Ready
from analytics.campaigns.ledger import Recipient, Terms
from analytics.campaigns.telling import Teller
from desk.contacts import consents
from desk.message import OutboundMessage
from desk.store.database import Database
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    CampaignState,
    RecipientState,
    RunState,
)
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import Author
from desk.tables.segment import SegmentMemberRow, SegmentRow
from tests.conftest import NOON

TERMS = Terms(purpose="marketing", budget=None, budget_span=timedelta(days=7))


def contact(number: int) -> str:
    """Return the id of a contact."""
    return f"{number:032x}"


async def people(
    database: Database, count: int, *, first: int = 0, channel: str = "memory"
) -> None:
    """Let contacts come who agreed to be written to."""
    numbers = range(first, first + count)
    async with database.write() as session:
        await session.execute(
            insert(ContactRow),
            [{"id": contact(n), "name": f"C. {n}", "created_at": NOON} for n in numbers],
        )
        await session.execute(
            insert(ContactIdentityRow),
            [
                {
                    "id": f"i{n}",
                    "contact_id": contact(n),
                    "channel": channel,
                    "account": "a",
                    "external_id": f"u{n}",
                    "created_at": NOON,
                }
                for n in numbers
            ],
        )
    for n in numbers:
        await say(database, contact(n), granted=True, key="first")


async def segment(database: Database, persons: Sequence[str], *, name: str = "everybody") -> int:
    """Add a segment of some persons; return its id."""
    async with database.write() as session:
        row = SegmentRow(
            name=name, rule={}, created_at=NOON, created_by="Mo", updated_at=NOON, updated_by="Mo"
        )
        session.add(row)
        await session.flush()
        members = [{"segment_id": row.id, "person_id": one, "since": NOON} for one in persons]
        if members:
            await session.execute(insert(SegmentMemberRow), members)
        return row.id


async def say(database: Database, contact_id: str, *, granted: bool, key: str) -> None:
    """Let somebody agree, or withdraw."""
    async with database.write() as session:
        await consents.record(
            session,
            contact_id=contact_id,
            conversation_id=None,
            purpose="marketing",
            granted=granted,
            key=f"{key} {contact_id} {granted}",
            now=NOON,
        )


async def campaign(
    database: Database,
    count: int,
    *,
    name: str = "Spring",
    first: int = 0,
    not_after: datetime = NOON + timedelta(days=1),
) -> int:
    """Add a campaign whose audience is written down; return its run."""
    async with database.write() as session:
        row = CampaignRow(
            name=name,
            state=CampaignState.RUNNING,
            plan={},
            created_at=NOON,
            created_by="Mo",
            updated_at=NOON,
            updated_by="Mo",
        )
        session.add(row)
        await session.flush()
        run = CampaignRunRow(
            campaign_id=row.id,
            occurrence="2026-03-02",
            state=RunState.RUNNING,
            plan={},
            due_at=NOON,
            audience=count,
            created_at=NOON,
        )
        session.add(run)
        await session.flush()
        await session.execute(
            insert(CampaignRecipientRow),
            [
                {
                    "run_id": run.id,
                    "contact_id": contact(n),
                    "channel": "memory",
                    "account": "a",
                    "thread": f"t{n}",
                    "address": f"u{n}",
                    "language": "en",
                    "zone": "UTC",
                    "variant": "a",
                    "state": RecipientState.QUEUED,
                    "not_before": NOON,
                    "not_after": not_after,
                }
                for n in range(first, first + count)
            ],
        )
        return run.id


async def outcome(database: Database, run_id: int) -> dict[str, int]:
    """Return how many recipients have which state, with the reason if there is one."""
    async with database.read() as session:
        rows = await session.execute(
            select(CampaignRecipientRow.state, CampaignRecipientRow.reason).where(
                CampaignRecipientRow.run_id == run_id
            )
        )
        found: dict[str, int] = {}
        for state, reason in rows:
            name = f"{state.value} {reason}" if reason else state.value
            found[name] = found.get(name, 0) + 1
        return found


@dataclass
class Hello:
    """Writes hello to everybody, with what it is told: terms, and who is not to be written to and why."""

    database: Database
    terms: Terms = TERMS
    never: Mapping[str, str] = field(default_factory=dict)
    quiet_until: datetime = NOON - timedelta(days=1)

    async def compose(
        self, batch: Sequence[Recipient], now: datetime
    ) -> Mapping[int, Ready | str]:
        """Write to each."""
        return {
            one.id: self.never.get(one.contact_id)
            or Ready(message=message(one), terms=self.terms, not_before=self.quiet_until)
            for one in batch
        }

    async def tell(self, sent: Mapping[int, Ready]) -> None:
        """Write it down."""
        await Teller(self.database, lambda: NOON).tell(sent)


def message(one: Recipient) -> OutboundMessage:
    """Return a message to somebody."""
    return OutboundMessage(
        id=f"fd-c{one.id}",
        conversation_id=one.conversation_id or "",
        channel=one.channel,
        account=one.account,
        thread=one.thread,
        recipient=one.address,
        text=f"Hello {one.contact_id}",
        author=Author.CAMPAIGN,
    )
