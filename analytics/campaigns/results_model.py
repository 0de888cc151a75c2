"""What came of a campaign, as values: counts of people, what was added to those who got nothing, and the winner."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum

from analytics.experiments.guardrails import Guarded


class By(StrEnum):
    """What the people of a campaign are told apart by."""

    VARIANT = "variant"
    CHANNEL = "channel"
    LANGUAGE = "language"
    #: The date on the contact's own clock when it was sent.
    DAY = "day"
    #: The hour on the contact's own clock when it was sent: ``00`` to ``23``.
    HOUR = "hour"
    #: The occurrence of the campaign.
    RUN = "run"
    #: ``test`` or ``rest``, where the winner of a test goes to the rest.
    PART = "part"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """People of one line; how each is counted stands in ``results_words.HOW``.

    The next six sum to the audience. What follows is about those to whom it was ``sent``, each once in a run, within
    the goal's time after it. ``revenue`` is in cents by currency, ``minutes`` those that people of ours spent.
    """

    audience: int = 0
    sent: int = 0
    waiting: int = 0
    failed: int = 0
    unknown: int = 0
    left_out: int = 0
    holdout: int = 0

    delivered: int = 0
    read: int = 0
    clicked: int = 0
    replied: int = 0
    converted: int = 0
    opted_out: int = 0
    complained: int = 0
    bounced: int = 0
    #: People whose time after it is not over: their figures may still grow.
    still_open: int = 0
    #: Whose conversation was handed to people of ours, and how often that was in all.
    handed_over: int = 0
    handoffs: int = 0
    minutes: float = 0.0
    revenue: Mapping[str, int] = field(default_factory=dict)

    def share(self, name: str) -> float | None:
        """Return a figure as a share of those to whom it was sent; None when it was sent to nobody."""
        return float(getattr(self, name)) / self.sent if self.sent else None

    def __add__(self, other: "Counts") -> "Counts":
        """Return both together."""
        money = dict(self.revenue)
        for currency, cents in other.revenue.items():
            money[currency] = money.get(currency, 0) + cents
        numbers = {
            one.name: getattr(self, one.name) + getattr(other, one.name)
            for one in fields(Counts)
            if one.name != "revenue"
        }
        return Counts(**numbers, revenue=money)


@dataclass(frozen=True, kw_only=True)
class Line:
    """The people of one value of what they are told apart by: one variant, one channel, one day."""

    key: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Added:
    """What an arm adds to those it is compared with, for one person: with an interval that is true at every look.

    ``estimate`` is ``mean`` - ``base``. Rates are shares (0.02 is two points), money is in cents. ``low`` and ``high``
    are None while nothing can be said.
    """

    people: int
    mean: float
    base_people: int
    base: float
    estimate: float
    low: float | None
    high: float | None
    p: float

    @property
    def proved(self) -> bool:
        """Whether 0 lies outside."""
        return (self.low or 0) > 0 or (self.high or 0) < 0


@dataclass(frozen=True, kw_only=True)
class Lift:
    """One variant (``""``: all that were written to together) against the holdout, from all who were drawn.

    ``converted`` in conversions a person.
    """

    variant: str
    converted: Added


@dataclass(frozen=True, kw_only=True)
class MoneyLift:
    """Revenue a person against the holdout, in one currency.

    ``adjusted`` takes out what purchases before explain (CUPED), a share ``reduction`` of the variance; it is None
    where nobody had bought before.
    """

    variant: str
    currency: str
    plain: Added
    adjusted: Added | None
    reduction: float


@dataclass(frozen=True, kw_only=True)
class Load:
    """What it cost the people of ours, for 1,000 recipients: all that there was, and what it caused.

    ``caused_minutes`` and ``caused_handoffs`` compare with the holdout; they are None without one.
    """

    minutes: float
    handoffs: float
    caused_minutes: Added | None
    caused_handoffs: Added | None


class TestState(StrEnum):
    """Where the search for a winner stands."""

    __test__ = False

    #: The test has not been decided; the rest waits.
    OPEN = "open"
    #: The rest gets, or got, the winner.
    DECIDED = "decided"


@dataclass(frozen=True, kw_only=True)
class WinnerShown:
    """The test of one run whose winner goes to the rest."""

    run_id: int
    occurrence: str
    state: TestState
    #: By what it is measured: ``clicked``, ``replied`` or ``converted``.
    by: str
    #: When it is decided at the latest.
    deadline: datetime | None
    variant: str | None = None
    decided_at: datetime | None = None
    #: The verdict of :mod:`analytics.experiments.winner`, or ``deadline``.
    why: str | None = None
    #: People that still wait for it.
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What came of a campaign (``run_id`` None: of all its runs) as of ``computed_at``.

    ``ratio_p`` is the p-value of the arms' sizes under their shares (None: one arm alone); a split that is not
    ``sound`` says nothing about variants. ``support_as_of`` is until when minutes and handoffs are known.
    """

    campaign_id: int
    name: str
    segment_id: int
    run_id: int | None
    computed_at: datetime
    goal: str
    within: timedelta
    total: Counts
    by: Mapping[By, tuple[Line, ...]]
    lifts: tuple[Lift, ...]
    money: tuple[MoneyLift, ...]
    load: Load
    guarded: tuple[Guarded, ...]
    ratio_p: float | None
    sound: bool
    support_as_of: datetime | None
    winners: tuple[WinnerShown, ...] = ()
    #: Of a step behind the first: who got so far depends on what the first ones did to them.
    later_step: bool = False
