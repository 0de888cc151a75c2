"""Campaigns as callers see and send them."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, Field, StrictInt

from analytics.campaigns import plan as plans
from analytics.campaigns.estimate_model import Doubt
from analytics.campaigns.plan import Plan
from analytics.campaigns.results_model import By, Counts, Lift, Load, MoneyLift, WinnerShown
from analytics.campaigns.results_model import Line as ResultLine
from console.api.fields import Given, Line, PageQuery, Shown, Word
from desk.errors import InvalidError
from desk.tables.campaign import CampaignState, RecipientState, RunState

LARGEST_ID = 2**53 - 1
"""Larger ones are not read exactly by every program."""
Number = Annotated[int, Field(ge=1, le=LARGEST_ID)]
CampaignId = Annotated[
    int, Path(alias="id", ge=1, le=LARGEST_ID, description="the campaign's number", examples=[7])
]
Edition = Annotated[
    StrictInt,
    Field(ge=1, description="the edition you have seen; another one is refused with 409"),
]
Why = Annotated[Word, Field(max_length=300, description="the reason, for the record")]


def _plan(given: dict[str, Any]) -> dict[str, Any]:
    try:
        plans.read(given)
    except InvalidError as error:
        raise ValueError(str(error)) from error
    return given


PlanGiven = Annotated[
    dict[str, Any],
    AfterValidator(_plan),
    Field(
        description="what is sent to whom and when, as in a file of `frontdesk campaigns create`",
        examples=[
            {
                "segment_id": 1,
                "channels": ["telegram", "email"],
                "variants": [
                    {"name": "a", "template": {"contents": {"en": {"text": "Hi {name|there}!"}}}}
                ],
                "schedule": {"kind": "local", "day": "2026-12-01", "clock": "09:00"},
            }
        ],
    ),
]


class CampaignQuery(PageQuery):
    """Which campaigns."""

    state: CampaignState | None = None


class NewCampaign(Given):
    """A campaign that is only a draft yet."""

    name: Annotated[Line, Field(max_length=100)]
    plan: PlanGiven

    @property
    def decided(self) -> Plan:
        """The plan as a value."""
        return plans.read(self.plan)


class CampaignChange(Given):
    """What is to be sent instead; what was scheduled or approved is a draft again."""

    edition: Edition
    plan: PlanGiven
    #: The name stays without one.
    name: Annotated[Line, Field(max_length=100)] | None = None

    @property
    def decided(self) -> Plan:
        """The plan as a value."""
        return plans.read(self.plan)


class Seen(Given):
    """The campaign as it was looked at."""

    edition: Edition


class Because(Given):
    """Why it is done."""

    reason: Why = ""


class CampaignShown(Shown):
    """What is sent to whom and when; ``edition`` grows at every change of the plan."""

    id: int
    name: str
    state: CampaignState
    edition: int
    plan: dict[str, Any]
    wake_at: datetime | None
    created_by: str
    updated_at: datetime
    updated_by: str
    launched_at: datetime | None
    launched_by: str | None
    approved_by: str | None
    reason: str | None


class RunShown(Shown):
    """One time that a campaign goes out: how many people stand where, and why some get nothing."""

    id: int
    campaign_id: int
    occurrence: str
    state: RunState
    due_at: datetime
    audience: int
    started_at: datetime | None
    finished_at: datetime | None
    counts: dict[str, int]
    skipped: dict[str, int]


class RecipientQuery(PageQuery):
    """Which recipients."""

    run_id: Number | None = None
    state: RecipientState | None = None


class RecipientShown(Shown):
    """One person of a run's audience, and what became of them."""

    id: int
    run_id: int
    contact_id: str
    channel: str
    account: str
    variant: str
    state: RecipientState
    reason: str | None
    not_before: datetime
    sent_at: datetime | None
    conversation_id: str | None


class LaneShown(Shown):
    """What one account of a channel has to do, at the rate that its platform allows."""

    channel: str
    account: str
    people: int
    late: int
    begins_at: datetime | None
    ends_at: datetime | None
    per_hour: float | None
    cost_micros: int


class SampleShown(Shown):
    """What the test needs an arm, and has; the holdout has the empty name."""

    base: float
    change: float
    needed: int
    arms: dict[str, int]
    held: int
    smallest_change: float | None


class CautionShown(Shown):
    """Something to know before a launch."""

    doubt: Doubt
    channel: str | None
    people: int | None


class EstimateShown(Shown):
    """Who would get it now and who not, until when, and what it costs in millionths of a dollar."""

    made_at: datetime
    people: int
    queued: int
    holdout: int
    late: int
    skipped: dict[str, int]
    channels: dict[str, int]
    variants: dict[str, int]
    begins_at: datetime | None
    ends_at: datetime | None
    cost_micros: int
    lanes: list[LaneShown]
    sample: SampleShown | None
    cautions: list[CautionShown]


class ResultsQuery(Given):
    """Of which run; without one of all of them."""

    run_id: Number | None = None


class ResultsShown(Shown):
    """What came of a campaign: people in all and told apart by what, and what it adds to those who got nothing.

    Of people it was sent to, each once in a run, within the goal's time after it; money is in cents by currency.
    """

    campaign_id: int
    run_id: int | None
    computed_at: datetime
    goal: str
    within: timedelta
    total: Counts
    by: dict[By, list[ResultLine]]
    lifts: list[Lift]
    money: list[MoneyLift]
    load: Load
    ratio_p: float | None
    sound: bool
    support_as_of: datetime | None
    winners: list[WinnerShown]
    later_step: bool


class Cancelled(CampaignShown):
    """A campaign that was ended, and how many were still waiting."""

    waiting: int
