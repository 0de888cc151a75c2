"""Campaigns and their runs as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics.campaigns import plan as plans
from analytics.campaigns.plan import Plan
from desk.errors import ConflictError, ForbiddenError
from desk.tables.campaign import CampaignRow, CampaignRunRow, CampaignState, RunState


class ChangedError(ConflictError):
    """Somebody else has changed this campaign meanwhile; look at it again."""


class NameTakenError(ConflictError):
    """Another campaign has this name already."""


class FourEyesError(ForbiddenError):
    """So many recipients need a second person: ask somebody else to approve it."""


class OwnWorkError(FourEyesError):
    """Who wrote a campaign cannot approve it."""


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What is to be sent, and where that stands."""

    id: int
    name: str
    state: CampaignState
    plan: Plan
    edition: int
    wake_at: datetime | None
    created_by: str
    updated_at: datetime
    updated_by: str
    launched_at: datetime | None
    launched_by: str | None
    approved_by: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One occurrence. ``counts`` are recipients by state; skipped ones by reason are in ``skipped``."""

    id: int
    campaign_id: int
    occurrence: str
    state: RunState
    due_at: datetime
    audience: int
    started_at: datetime | None
    finished_at: datetime | None
    counts: Mapping[str, int]
    skipped: Mapping[str, int]


def campaign(row: CampaignRow) -> Campaign:
    """Return a row as a value."""
    names = ("id", "name", "state", "edition", "wake_at", "created_by", "updated_at", "updated_by")
    more = ("launched_at", "launched_by", "approved_by", "reason")
    return Campaign(
        plan=plans.read(row.plan), **{name: getattr(row, name) for name in (*names, *more)}
    )


def run(row: CampaignRunRow, found: Mapping[tuple[str, str | None], int]) -> Run:
    """Return a row as a value, with its recipients by state and reason."""
    counts: dict[str, int] = {}
    skipped: dict[str, int] = {}
    for (state, reason), count in found.items():
        counts[state] = counts.get(state, 0) + count
        if state == "skipped":
            skipped[reason or ""] = skipped.get(reason or "", 0) + count
    known: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("id", "campaign_id", "occurrence", "state", "due_at", "audience")
    }
    return Run(
        started_at=row.started_at,
        finished_at=row.finished_at,
        counts=counts,
        skipped=skipped,
        **known,
    )
