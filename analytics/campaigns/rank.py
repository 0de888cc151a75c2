"""Who of a segment comes first, and how large a change a test has to show: parts of a plan. Pure."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from analytics.campaigns.reading import Part


class By(StrEnum):
    """By what people are put in order."""

    #: The chance that they click, reply or buy after a campaign.
    RESPONSE = "response"
    #: By how much a campaign raises the chance that they buy.
    UPLIFT = "uplift"
    #: The money they are expected to spend in a year.
    VALUE = "value"


class Threshold(Part):
    """Worth it is whom a message, which costs ``cost``, brings more: the score times ``benefit``.

    The benefit is the money that one response brings; by value, where the score is money, the share of it that a
    message brings.
    """

    cost: Annotated[float, Field(ge=0, le=1_000_000)]
    benefit: Annotated[float, Field(gt=0, le=1_000_000)]


class Rank(Part):
    """Only the first ``top`` of those who may be written to, or only those who are worth what it costs."""

    by: By
    top: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    threshold: Threshold | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.top is None) is (self.threshold is None):
            raise ValueError("write either top, how many, or threshold, what a message may cost")
        return self

    @property
    def least(self) -> float | None:
        """The score that has to be exceeded; None: any."""
        return self.threshold.cost / self.threshold.benefit if self.threshold else None


class Effect(Part):
    """What a test has to show: that the rate of success rises from ``base`` by ``change``, in points."""

    base: Annotated[float, Field(gt=0, lt=1)] = 0.05
    change: Annotated[float, Field(gt=0, lt=1)] = 0.02

    @model_validator(mode="after")
    def _is_a_rate(self) -> Self:
        if self.base + self.change >= 1:
            raise ValueError(
                "change: with it more than everybody would do it; write a smaller one"
            )
        return self
