"""Every metric: which spans it is made of and what is asked of them. In words: ``definitions.md`` beside this."""

from dataclasses import dataclass
from enum import StrEnum

from analytics.reports.groups import Groups, Yes
from analytics.reports.span import Actor, Kind


class Measure(StrEnum):
    """What is asked of spans."""

    #: How long they last: median, 90th percentile, mean.
    TIME = "time"
    #: How many there are.
    COUNT = "count"
    #: The sum of their values.
    SUM = "sum"
    #: Their values: median, 90th percentile, mean.
    VALUE = "value"
    #: The mean of their values alone.
    MEAN = "mean"
    #: How many there are, for each of others.
    SHARE = "share"
    #: How many of their values are high, of all values.
    HIGH = "high"
    #: The share of promoters less that of detractors, -100 to 100.
    NPS = "nps"
    #: How many different customers they have.
    CUSTOMERS = "customers"


@dataclass(frozen=True)
class Pick:
    """Which spans: of some kinds, of an actor, without those that ended for some reason."""

    kinds: tuple[Kind, ...]
    actor: Actor | None = None
    without: str = ""

    def among(self, groups: Groups) -> Yes:
        """Return which groups' spans are meant."""
        found = groups.having("kind", self.kinds)
        if self.actor is not None:
            found = found & groups.having("actor", (self.actor,))
        return found & ~groups.having("reason", (self.without,)) if self.without else found


@dataclass(frozen=True)
class Metric:
    """A figure. ``of`` is what a share is a share of; ``good`` is 1 where more is better, -1 where less is."""

    name: str
    measure: Measure
    pick: Pick
    of: Pick | None = None
    good: int = 0


def _of(*kinds: Kind, actor: Actor | None = None, without: str = "") -> Pick:
    return Pick(kinds, actor, without)


_ENDED = _of(Kind.ENDED)
_RESOLVED = _of(Kind.ENDED, without="quiet")
_SLA = _of(Kind.SLA_MET, Kind.SLA_BREACHED)

METRICS = (
    Metric("conversations", Measure.COUNT, _of(Kind.STARTED)),
    Metric("ended", Measure.COUNT, _ENDED),
    Metric("ended_bot", Measure.COUNT, _of(Kind.ENDED, actor=Actor.BOT)),
    Metric("ended_human", Measure.COUNT, _of(Kind.ENDED, actor=Actor.HUMAN)),
    Metric("ended_nobody", Measure.COUNT, _of(Kind.ENDED, actor=Actor.NOBODY)),
    Metric("customers", Measure.CUSTOMERS, _of(Kind.SAID_CONTACT)),
    Metric("messages_in", Measure.SUM, _of(Kind.SAID_CONTACT)),
    Metric("messages_bot", Measure.SUM, _of(Kind.SAID_BOT)),
    Metric("messages_agent", Measure.SUM, _of(Kind.SAID_AGENT)),
    Metric("messages_per_conversation", Measure.VALUE, _ENDED),
    Metric("first_response", Measure.TIME, _of(Kind.FIRST_RESPONSE), good=-1),
    Metric("next_response", Measure.TIME, _of(Kind.NEXT_RESPONSE), good=-1),
    Metric("bot_response", Measure.TIME, _of(Kind.BOT_RESPONSE), good=-1),
    Metric("waiting", Measure.TIME, _of(Kind.WAITING), good=-1),
    Metric("abandoned", Measure.COUNT, _of(Kind.ABANDONED), good=-1),
    Metric("handling", Measure.TIME, _of(Kind.HANDLING)),
    Metric("resolution", Measure.TIME, _of(Kind.RESOLUTION), good=-1),
    Metric("bot_resolution", Measure.TIME, _of(Kind.BOT_RESOLUTION), good=-1),
    Metric("total_resolution", Measure.TIME, _of(Kind.TOTAL_RESOLUTION), good=-1),
    Metric("containment", Measure.SHARE, _of(Kind.ENDED, actor=Actor.BOT), _ENDED, good=1),
    Metric("handoffs", Measure.COUNT, _of(Kind.HANDOFF)),
    Metric("handoff_rate", Measure.SHARE, _of(Kind.HANDED_OFF), _ENDED),
    Metric("reopened", Measure.COUNT, _of(Kind.REOPENED), good=-1),
    Metric("reopen_rate", Measure.SHARE, _of(Kind.REOPENED), _RESOLVED, good=-1),
    Metric("spam", Measure.COUNT, _of(Kind.SPAM)),
    Metric("tickets_opened", Measure.COUNT, _of(Kind.TICKET_OPENED)),
    Metric("tickets_resolved", Measure.COUNT, _of(Kind.TICKET_RESOLUTION)),
    Metric("tickets_reopened", Measure.COUNT, _of(Kind.TICKET_REOPENED), good=-1),
    Metric("ticket_reply", Measure.TIME, _of(Kind.TICKET_REPLY), good=-1),
    Metric("ticket_resolution", Measure.TIME, _of(Kind.TICKET_RESOLUTION), good=-1),
    Metric("sla_hit_rate", Measure.SHARE, _of(Kind.SLA_MET), _SLA, good=1),
    Metric("csat", Measure.HIGH, _of(Kind.CSAT), good=1),
    Metric("csat_human", Measure.HIGH, _of(Kind.CSAT, actor=Actor.HUMAN), good=1),
    Metric("csat_bot", Measure.HIGH, _of(Kind.CSAT, actor=Actor.BOT), good=1),
    Metric("csat_response", Measure.MEAN, _of(Kind.CSAT_ASKED), good=1),
    Metric("nps", Measure.NPS, _of(Kind.NPS), good=1),
    Metric("nps_response", Measure.MEAN, _of(Kind.NPS_ASKED), good=1),
    Metric("ces", Measure.MEAN, _of(Kind.CES), good=1),
    Metric("ces_response", Measure.MEAN, _of(Kind.CES_ASKED), good=1),
)
BY_NAME = {metric.name: metric for metric in METRICS}

OPEN = {
    Kind.FIRST_RESPONSE: "first_response",
    Kind.NEXT_RESPONSE: "next_response",
    Kind.WAITING: "waiting",
    Kind.HANDLING: "handling",
    Kind.ENDED: "conversations",
    Kind.TICKET_REPLY: "ticket_reply",
    Kind.TICKET_RESOLUTION: "ticket_resolution",
}
"""Under which metric what has not ended is told."""

HIGH_SCORE = 4
"""Of five: from it on somebody is satisfied."""
PROMOTER, DETRACTOR = 9, 6
"""Of ten: from it on, and up to it."""

DIMENSIONS = ("agent", "team", "channel", "topic", "segment", "language")
