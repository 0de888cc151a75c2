"""What pages are told of campaigns while they are watched, as values."""

from dataclasses import dataclass
from datetime import datetime

from analytics.campaigns.model import Campaign, Run
from desk.tables.campaign import CampaignRecipientRow, RecipientState


@dataclass(frozen=True, kw_only=True)
class Line:
    """A campaign in the list, with all of its runs together."""

    campaign: Campaign
    runs: int
    audience: int
    sent: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Who of a run is not due yet, and when the last of them is."""

    later: int = 0
    last_due: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands. ``per_second`` is None while nobody knows; ``average``: it is since the run began."""

    run: Run
    left: int
    reached: int
    waiting: Waiting
    per_second: float | None
    average: bool
    ends_at: datetime | None

    @property
    def people(self) -> int:
        """Everybody who is written down, whatever became of them: what the counts sum to."""
        return sum(self.run.counts.values())


@dataclass(frozen=True, kw_only=True)
class Person:
    """A recipient in a list; ``known`` says whether there is a contact still."""

    id: int
    contact_id: str
    name: str | None
    known: bool
    channel: str
    address: str
    variant: str
    state: RecipientState
    reason: str | None
    sent_at: datetime | None


def person(row: CampaignRecipientRow, contact_id: str | None, name: str | None) -> Person:
    """Return a row as a value, with the contact if there is one."""
    return Person(
        id=row.id,
        contact_id=row.contact_id,
        name=name,
        known=contact_id is not None,
        channel=row.channel,
        address=row.address,
        variant=row.variant,
        state=row.state,
        reason=row.reason,
        sent_at=row.sent_at,
    )
