"""What was said between us and everybody: on which channels, how much in a week, how soon either side answers.

The same definitions as of one person in :mod:`analytics.insight.contact_record`, as expressions of the engine over
what was ``said``: one row for a message that came or was sent, or for a call for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Table

from analytics.insight.contact_record import (
    ANSWERED_WITHIN,
    ANSWERING,
    CALL,
    EVENTS,
    KNOWN,
    THEIRS,
    Speed,
)

SAID = ibis.schema(
    {
        "person_id": "string",
        "channel": "string",
        "at": "timestamp",
        "number": "int64",
        "author": "string",
    }
)
"""``number`` is the order among equal times; times are UTC without a zone."""
WEEKS = 26
_WEEK = 7 * 86_400
BOUNDS = (60, 300, 3_600, 14_400, 86_400)
"""Seconds within which answers are counted together; the last part is what took longer."""
PER_WEEK = (0.0, 0.25, 1.0, 3.0, 10.0)
"""Messages a week above which people are counted together."""


def said_in(activity: Table) -> Table:
    """Return what was said from the engine's ``activity``; ``item`` of a message we sent may name its author."""
    # What others imported under the same names has other ids, and no place in the order of the log.
    events = activity.filter(
        activity.name.isin(list(EVENTS)), activity.activity_id.startswith("e:")
    )
    fixed = [(events.name == name, who) for name, who in EVENTS.items() if who is not None]
    author = ibis.cases(*fixed, (events.item.isin(KNOWN), events.item), else_="us")
    return events.select(
        "person_id",
        "channel",
        at=events.occurred_at,
        number=events.activity_id.substr(2).cast("int64"),
        author=author,
    )


def answers(said: Table) -> Table:
    """Return each answer: ``person_id``, ``channel``, ``side``, ``at`` and ``seconds``."""
    placed = _placed(said)
    return ibis.union(_of_ours(placed), _of_theirs(placed))


def _ours(said: Table) -> BooleanValue:
    return ~said.author.isin([THEIRS, CALL])


def _placed(said: Table) -> Table:
    """Number the rounds: each ends with an answer of ours, one of an agent, or a message of theirs."""
    # Rounds are joined by their channel, and what is not known is equal to nothing.
    said = said.mutate(channel=said.channel.fill_null(""))
    window = ibis.cumulative_window(group_by=("person_id", "channel"), order_by=("at", "number"))
    ends = {
        "round": said.author.isin(ANSWERING),
        "agent_round": said.author == "agent",
        "their_round": said.author == THEIRS,
    }
    numbers = {name: test.cast("int64") for name, test in ends.items()}
    # Without itself: who ends a round belongs to it.
    return said.mutate(**{name: one.sum().over(window) - one for name, one in numbers.items()})


def _of_ours(placed: Table) -> Table:
    answering = placed.author.isin(ANSWERING)
    rounds = placed.group_by("person_id", "channel", "round").agg(
        asked=placed.at.min(where=placed.author == THEIRS),
        at=placed.at.max(where=answering),
        side=placed.author.max(where=answering),
        agent_round=placed.agent_round.max(where=answering),
    )
    calls = (
        placed.filter(placed.author == CALL)
        .group_by("person_id", "channel", "agent_round")
        .agg(called=lambda t: t.at.max())
    )
    keys = ("person_id", "channel", "agent_round")
    joined = rounds.left_join(calls, keys)
    since = (joined.side == "agent").ifelse(joined.called.coalesce(joined.asked), joined.asked)
    return _timed(joined, joined.side, since)


def _of_theirs(placed: Table) -> Table:
    rounds = placed.group_by("person_id", "channel", "their_round").agg(
        asked=placed.at.max(where=_ours(placed)), at=placed.at.max(where=placed.author == THEIRS)
    )
    timed = _timed(rounds, ibis.literal("them"), rounds.asked)
    return timed.filter(timed.seconds <= ANSWERED_WITHIN.total_seconds())


def whole_seconds(at: Any) -> Any:
    """Return a time as whole seconds; Ibis takes DuckDB's for whole, though they have a fraction."""
    return at.epoch_seconds().cast("float64").floor()


def _timed(rounds: Table, side: Any, since: Any) -> Table:
    rounds = rounds.filter(since.notnull(), rounds.at.notnull())
    seconds = whole_seconds(rounds.at) - whole_seconds(since)
    return rounds.select(
        "person_id",
        "at",
        channel=rounds.channel.nullif(""),
        side=side,
        seconds=seconds.cast("int64"),
    )


def speeds(answered: Table) -> dict[str, Speed]:
    """Return how soon each side answers; a side that never did is not there."""
    grouped = answered.group_by("side").agg(
        answers=answered.count(),
        median=answered.seconds.quantile(0.5),
        most=answered.seconds.quantile(0.9),
    )
    return {row.pop("side"): Speed(**row) for row in grouped.to_pyarrow().to_pylist()}


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week from Monday on: messages that came and were sent, and how many people wrote."""

    begins: datetime
    received: int
    sent: int
    people: int


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A channel: who wrote or was written to there, messages of theirs and of ours."""

    channel: str | None
    people: int
    received: int
    sent: int


@dataclass(frozen=True, kw_only=True)
class Correspondence:
    """What was said between us and everybody in the last 26 weeks.

    ``spread`` counts the answers of each side by ``BOUNDS``, one part more than there are bounds; ``active`` counts
    people by their messages a week on average, above each of ``PER_WEEK`` and up to the next.
    """

    weeks: tuple[Week, ...]
    channels: tuple[Channel, ...]
    speeds: Mapping[str, Speed]
    spread: Mapping[str, tuple[int, ...]]
    active: tuple[int, ...]


def correspondence(activity: Table, now: datetime) -> Correspondence:
    """Compute it from the engine's ``activity`` as of now (UTC, without a zone)."""
    monday = datetime(now.year, now.month, now.day) - timedelta(days=now.weekday())  # noqa: DTZ001 - as in the engine
    since = monday - timedelta(weeks=WEEKS - 1)
    said = said_in(activity)
    said = said.filter(said.at >= since, said.at <= now)
    answered = answers(said)
    return Correspondence(
        weeks=_weeks(said, since),
        channels=_channels(said),
        speeds=speeds(answered),
        spread=_spread(answered),
        active=_active(said, (now - since) / timedelta(weeks=1)),
    )


def _weeks(said: Table, since: datetime) -> tuple[Week, ...]:
    spoken = said.filter(said.author != CALL)
    theirs = spoken.author == THEIRS
    place = (
        (spoken.at.epoch_seconds() - ibis.literal(since, "timestamp").epoch_seconds()) / _WEEK
    ).floor()
    grouped = spoken.mutate(week=place.cast("int64"), theirs=theirs).group_by("week")
    found = grouped.agg(
        received=lambda t: t.theirs.sum(),
        all=lambda t: t.count(),
        people=lambda t: t.person_id.nunique(where=t.theirs),
    )
    rows = {row["week"]: row for row in found.to_pyarrow().to_pylist()}
    none = {"received": 0, "all": 0, "people": 0}
    return tuple(
        Week(
            begins=since + timedelta(weeks=n),
            received=(row := rows.get(n, none))["received"],
            sent=row["all"] - row["received"],
            people=row["people"],
        )
        for n in range(WEEKS)
    )


def _channels(said: Table) -> tuple[Channel, ...]:
    spoken = said.filter(said.author != CALL)
    found = spoken.group_by("channel").agg(
        people=spoken.person_id.nunique(),
        received=(spoken.author == THEIRS).sum(),
        sent=_ours(spoken).sum(),
    )
    channels = [Channel(**row) for row in found.to_pyarrow().to_pylist()]
    return tuple(sorted(channels, key=lambda one: (-one.received - one.sent, one.channel or "")))


def _spread(answered: Table) -> dict[str, tuple[int, ...]]:
    parts = ibis.cases(
        *((answered.seconds <= most, n) for n, most in enumerate(BOUNDS)), else_=len(BOUNDS)
    )
    placed = answered.select("side", part=parts)
    found = placed.group_by("side", "part").agg(n=placed.count()).to_pyarrow().to_pylist()
    counts = {(row["side"], row["part"]): row["n"] for row in found}
    sides = sorted({row["side"] for row in found})
    return {
        side: tuple(counts.get((side, n), 0) for n in range(len(BOUNDS) + 1)) for side in sides
    }


def _active(said: Table, weeks: float) -> tuple[int, ...]:
    theirs = said.filter(said.author == THEIRS)
    each = theirs.group_by("person_id").agg(n=theirs.count())
    above = [each.n > low * weeks for low in PER_WEEK]
    found = each.agg(**{f"above_{n}": test.sum().fill_null(0) for n, test in enumerate(above)})
    row = found.to_pyarrow().to_pylist()[0]
    counts = [*(row[f"above_{n}"] for n in range(len(PER_WEEK))), 0]
    return tuple(counts[n] - counts[n + 1] for n in range(len(PER_WEEK)))
