"""What a campaign is for, how its winner is found, and what stops it: parts of a plan. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from analytics.campaigns.reading import Part
from analytics.campaigns.schedule import EventName, Wait
from analytics.experiments.assign import uniform
from desk.tables.journey import ORDER

BEST = "best"

type Share = Annotated[float, Field(gt=0, lt=1)]


class Goal(Part):
    """What counts as success: an order, or any event of the contact's, within so long after the send."""

    event: EventName = ORDER
    within: Wait = timedelta(days=7)

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if not self.within:
            raise ValueError("within: nothing happens in no time; write such as 7d")
        return self


class Success(StrEnum):
    """By what a winner is found."""

    CLICKED = "clicked"
    REPLIED = "replied"
    CONVERTED = "converted"


class Winner(Part):
    """A ``share`` of the people is the test; what wins it goes to the rest.

    It is decided as soon as one variant is proved better, at the latest ``decide_after`` the last of the test was due:
    then the ``otherwise`` variant wins, or the one that is ahead (``best``).
    """

    share: Share
    by: Success = Success.CLICKED
    decide_after: Wait
    otherwise: Annotated[str, Field(max_length=32)] = BEST


class Stops(Part):
    """A run stops by itself once it is proved that more than such a share of its people does this; None: never."""

    opted_out: Share | None = 0.05
    complained: Share | None = 0.005
    #: Whose conversation was handed to people of ours.
    handed_over: Share | None = 0.1


def in_rest(salt: str, names: Sequence[str], share: float) -> list[bool]:
    """Say of each contact whether they wait for the winner: by a hash of its own, so independent of the variant."""
    drawn = uniform(salt, "test", names) >= share
    return [bool(one) for one in drawn]
