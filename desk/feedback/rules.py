"""The section ``feedback`` of ``desk.yml``: who is asked what, when, and what a bad answer leads to."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from desk.feedback.kinds import SCALES
from desk.span import Span
from desk.tables.feedback import FeedbackKind

_DAY = timedelta(days=1)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _clock(value: Any) -> Any:
    if isinstance(value, time):
        return value
    # YAML reads 10:30 without quotes as a number to the base of 60.
    text = "{}:{:02}".format(*divmod(value, 60)) if type(value) is int else value
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{value!r} is not a time of day such as "10:30"')
    return time(int(found[1]), int(found[2]))


TimeOfDay = Annotated[time, BeforeValidator(_clock)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class AfterResolution(_Strict):
    """The question after a resolution."""

    enabled: bool = True
    delay: Span = timedelta()
    "How long after the resolution it is asked."
    effort_share: Share = 0
    "The share of resolutions after which the effort is asked about instead of the satisfaction."


class OnSchedule(_Strict):
    """The question whether people would recommend us; nobody gets it more often than ``every``."""

    enabled: bool = False
    every: Span = timedelta(days=90)
    share: Share = 1
    "The share of contacts that is asked in each period, another one each time."
    active: Span = timedelta(days=90)
    "Only who has talked with us in this time."
    opens: TimeOfDay = time(10)
    closes: TimeOfDay = time(19)
    "Asked between these hours only, by the zone of the customer's language, else the shop's."
    zones: Mapping[str, str] = {}
    consent: str = ""
    "The purpose that a contact must have agreed to, where the law wants that; none if empty."

    @field_validator("every", "active")
    @classmethod
    def _long(cls, value: timedelta) -> timedelta:
        if value < _DAY:
            raise ValueError("must be a day or more, such as 90d")
        return value

    @field_validator("zones")
    @classmethod
    def _known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name in value.values():
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(f"{name!r} is no time zone such as Asia/Shanghai") from error
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self


_LOW = {FeedbackKind.CSAT: 2, FeedbackKind.CES: 3, FeedbackKind.NPS: 6}


class FeedbackRules(_Strict):
    """Everything in the section; without one, these."""

    cool_down: Span = _DAY
    "Nobody is asked anything again before that."
    quiet: Span = timedelta(minutes=2)
    "Who has just written and got no answer is left alone for so long."
    give_up_after: Span = timedelta(days=2)
    "A question that could not be asked until then is not asked any more."
    answer_within: Span = timedelta(days=14)
    links: tuple[str, ...] = ("email",)
    "Channels on which people answer by a link instead of a message."
    silent: tuple[str, ...] = ()
    "Channels on which nobody is asked anything."
    after_resolution: AfterResolution = AfterResolution()
    nps: OnSchedule = OnSchedule()
    low: Mapping[FeedbackKind, int] = _LOW
    "Scores up to these are low: people are told, and a ticket is opened."
    alert: bool = True
    follow_up: tuple[FeedbackKind, ...] = tuple(FeedbackKind)

    @field_validator("low")
    @classmethod
    def _on_scale(cls, value: Mapping[FeedbackKind, int]) -> Mapping[FeedbackKind, int]:
        for kind, score in value.items():
            if score not in SCALES[kind]:
                raise ValueError(f"{score} is not on the scale of {kind}")
        return {**_LOW, **value}

    def is_low(self, kind: FeedbackKind, score: int | None) -> bool:
        """Say whether somebody should look after it."""
        return score is not None and score <= self.low[kind]
