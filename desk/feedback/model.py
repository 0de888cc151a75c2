"""Ratings as values that leave the database."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A score as it stands now.

    ``recorded`` is false when an older score stands (it can be changed for 24 hours only);
    ``ticket_number`` names the follow-up ticket of a score of 1 or 2.
    """

    score: int
    resolution: int
    recorded: bool
    ticket_number: str | None = None
