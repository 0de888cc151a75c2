"""What a dry run tells of a campaign: who, how many, until when, for how much, and what speaks against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Doubt(StrEnum):
    """What somebody should know before they launch."""

    #: Nobody would get it.
    NOBODY = "nobody"
    #: The legal rate is so slow that some would get it too late, and so do not get it.
    CANNOT_END = "cannot_end"
    #: All times of the schedule have passed.
    PAST = "past"
    #: A channel of the plan is not set up here.
    NOT_SET_UP = "not_set_up"
    #: Each message of a channel costs money.
    PAID = "paid"
    #: The arms are too small to show the change that is wanted.
    TOO_FEW = "too_few"
    #: An event or a step decides who gets it; what is told is as if it were now for everybody.
    NOT_ALL_KNOWN = "not_all_known"


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A doubt, and what it is about: a channel, or how many people."""

    doubt: Doubt
    channel: str | None = None
    people: int | None = None


@dataclass(frozen=True, kw_only=True)
class LaneEstimate:
    """What one account of a channel has to do.

    ``people`` is whom it has to write to, ``late`` how many of them it cannot reach in time. It ends at ``ends_at``
    when nobody else uses the account (None: nobody is reached); ``per_hour`` is what it may send in the long run, None
    without a limit.
    """

    channel: str
    account: str
    people: int
    late: int
    begins_at: datetime | None
    ends_at: datetime | None
    per_hour: float | None
    cost_micros: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a test needs: ``needed`` people an arm to show that a rate changes from ``base`` to ``base + change``.

    ``arms`` is how many each would have now, the holdout by the empty name. The comparison that says least says as
    much as two arms of ``held`` people; ``smallest_change`` is what it can show, None when it can show nothing.
    """

    base: float
    change: float
    needed: int
    arms: Mapping[str, int]
    held: int
    smallest_change: float | None

    @property
    def is_enough(self) -> bool:
        """Whether every comparison would show the change."""
        return self.held >= self.needed


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A dry run as of ``made_at``. ``people`` sums all of ``queued``, ``holdout`` and ``skipped`` (by reason).

    Channels and variants count those who would get it. Assumed is that nobody else writes to these people or over
    these accounts meanwhile; conversations come first and make it later.
    """

    made_at: datetime
    queued: int
    holdout: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)
    variants: Mapping[str, int] = field(default_factory=dict)
    lanes: tuple[LaneEstimate, ...] = ()
    sample: Sample | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def people(self) -> int:
        """Everybody of the segment."""
        return self.queued + self.holdout + sum(self.skipped.values())

    @property
    def late(self) -> int:
        """How many cannot be reached in time."""
        return sum(lane.late for lane in self.lanes)

    @property
    def cost_micros(self) -> int:
        """What platforms would charge, in millionths of a dollar."""
        return sum(lane.cost_micros for lane in self.lanes)

    @property
    def begins_at(self) -> datetime | None:
        """When the first message goes out; None when there is none."""
        return min((one.begins_at for one in self.lanes if one.begins_at), default=None)

    @property
    def ends_at(self) -> datetime | None:
        """When the last message goes out; None when there is none."""
        return max((one.ends_at for one in self.lanes if one.ends_at), default=None)
