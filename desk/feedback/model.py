"""Ratings as values that leave the database."""

from dataclasses import dataclass
from datetime import datetime

from desk.tables.feedback import FeedbackKind


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A score as it stands now.

    ``recorded`` is false when an older score stands (it can be changed for 24 hours only);
    ``ticket_number`` names the follow-up ticket of a low score.
    """

    score: int
    resolution: int | None
    recorded: bool
    ticket_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A question as the customer sees it who follows a link."""

    id: int
    kind: FeedbackKind
    language: str
    agent: str | None
    score: int | None
    has_comment: bool
    answered_at: datetime | None
