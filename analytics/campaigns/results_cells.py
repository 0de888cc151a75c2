"""Counts of people by everything they are told apart by, added up by the database; then in lines by one of them.

A cell is a variant, channel, language, zone and quarter of an hour: there are as many as differ, not as people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import results_rows as rows
from analytics.campaigns import results_sources as sources
from analytics.campaigns.aims import Goal
from analytics.campaigns.local import zone_of
from analytics.campaigns.results_model import By, Counts, Line
from analytics.campaigns.results_rows import ARM, ONE, REST, View, Window
from analytics.campaigns.results_sources import Stretch
from analytics.campaigns.results_sql import quarter
from desk.store import core
from desk.tables.campaign import OPEN, REACHED, RecipientState
from desk.tables.journey import ORDER

_IS_SENT = ONE.c.state.in_(REACHED)
_KEY = (
    ONE.c.run_id,
    ARM.label("arm"),
    ONE.c.channel,
    ONE.c.language,
    ONE.c.zone,
    case((_IS_SENT, quarter(ONE.c.sent_at))).label("quarter"),
)
_PLACE: Mapping[str, str] = {
    **dict.fromkeys((one.value for one in REACHED), "sent"),
    **dict.fromkeys((one.value for one in OPEN), "waiting"),
    RecipientState.FAILED: "failed",
    RecipientState.UNKNOWN: "unknown",
    RecipientState.SKIPPED: "left_out",
    RecipientState.HOLDOUT: "holdout",
}
_NUMBERS = tuple(one.name for one in fields(Counts) if one.name != "revenue")


class Key(NamedTuple):
    """What a cell is."""

    run_id: int
    arm: str
    channel: str
    language: str
    zone: str
    #: When it was sent, in UTC, to a quarter of an hour; None where it was not.
    quarter: str | None


class Sums:
    """Counts by one value of each thing that people are told apart by, while they are added up."""

    def __init__(self, occurrences: Mapping[int, str]) -> None:
        self._occurrences = occurrences
        self._lines: dict[By, dict[str, dict[str, Any]]] = {by: {} for by in By}
        self._total = _nothing()

    def add(self, key: Key, **found: float | Mapping[str, int]) -> None:
        """Add to the lines that a cell belongs to."""
        _into(self._total, found)
        for by, value in self._values(key):
            _into(self._lines[by].setdefault(value, _nothing()), found)

    def _values(self, key: Key) -> Iterable[tuple[By, str]]:
        yield By.VARIANT, key.arm
        yield By.CHANNEL, key.channel
        yield By.LANGUAGE, key.language
        yield By.RUN, self._occurrences[key.run_id]
        yield By.PART, "rest" if key.arm == REST else "test"
        if key.quarter is not None:
            at = _local(key.zone, key.quarter)
            yield By.DAY, f"{at:%Y-%m-%d}"
            yield By.HOUR, f"{at:%H}"

    def total(self) -> Counts:
        """Return everybody."""
        return Counts(**self._total)

    def lines(self, by: By) -> tuple[Line, ...]:
        """Return the lines of one thing in their order."""
        return tuple(
            Line(key=key, counts=Counts(**found)) for key, found in sorted(self._lines[by].items())
        )


def _nothing() -> dict[str, Any]:
    return {**dict.fromkeys(_NUMBERS, 0), "minutes": 0.0, "revenue": {}}


def _into(total: dict[str, Any], found: Mapping[str, Any]) -> None:
    for name, value in found.items():
        if name == "revenue":
            for currency, cents in value.items():
                total[name][currency] = total[name].get(currency, 0) + cents
        else:
            total[name] += value


@lru_cache(maxsize=10_000)
def _local(zone: str, at: str) -> datetime:
    utc = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return utc.astimezone(zone_of(zone))


async def states(
    session: AsyncSession, window: Window, sums: Sums, now: datetime, within: timedelta
) -> None:
    """Add who is where, and whose time is not over."""
    is_open = case((_IS_SENT & (ONE.c.sent_at > now - within), 1), else_=0)
    query = (
        select(*_KEY, ONE.c.state, func.count(), func.sum(is_open))
        .where(ONE.c.run_id.in_(window.runs))
        .group_by(*_KEY, ONE.c.state)
    )
    for *key, state, count, still in await core.fetch(session, query, {}):
        found = {"audience": count, _PLACE[state]: count, "still_open": int(still)}
        if state in (RecipientState.DELIVERED, RecipientState.READ):
            found["delivered"] = count
        if state == RecipientState.READ:
            found["read"] = count
        sums.add(Key(*key), **found)


async def doings(
    session: AsyncSession, window: Window, sums: Sums, goal: Goal, purpose: str, when: Stretch
) -> None:
    """Add what those to whom it was sent did."""
    tried = Window(window.runs, window.rivals, window.within, View.TRIED)
    found = {
        "clicked": rows.naming(window, sources.of_message("campaign.clicked", when)),
        "replied": rows.naming(window, sources.of_message("campaign.replied", when)),
        "opted_out": rows.belonging(window, sources.opt_outs(when, purpose)),
        "complained": rows.belonging(window, sources.complaints(when)),
        "bounced": rows.naming(tried, sources.of_message("campaign.bounced", when)),
    }
    if goal.event != ORDER:
        found["converted"] = rows.belonging(window, sources.named(goal.event, when))
    for name, doing in found.items():
        for *key, people, _, _ in await core.fetch(session, _by_cell(doing), {}):
            sums.add(Key(*key), **{name: people})
    for *key, people, hits, _ in await core.fetch(
        session, _by_cell(rows.belonging(window, sources.handoffs(when))), {}
    ):
        sums.add(Key(*key), handed_over=people, handoffs=int(hits))
    for *key, _, _, minutes in await core.fetch(
        session, _by_cell(rows.belonging(window, sources.handling(when))), {}
    ):
        sums.add(Key(*key), minutes=float(minutes))


async def money(session: AsyncSession, window: Window, sums: Sums, goal: Goal) -> None:
    """Add what they bought, and if that is the goal who did."""
    bought = rows.bought(window)
    first = func.row_number().over(
        partition_by=(bought.c.run_id, bought.c.person), order_by=bought.c.currency
    )
    each = people_of(bought, bought.c.currency, first.label("place"))
    query = (
        select(
            *_KEY,
            each.c.currency,
            func.sum(each.c.value),
            func.sum(case((each.c.place == 1, 1), else_=0)),
        )
        .join(ONE, ONE.c.id == each.c.id)
        .group_by(*_KEY, each.c.currency)
    )
    for *key, currency, cents, people in await core.fetch(session, query, {}):
        converted = {"converted": int(people)} if goal.event == ORDER else {}
        sums.add(Key(*key), revenue={currency: int(cents)}, **converted)


def people_of(doing: Subquery, *more: ColumnElement[Any]) -> Subquery:
    """Return each person once for a run, by the first of their rows."""
    whose = [doing.c.run_id, doing.c.person]
    by = [one for one in more if one.key != "place"]
    return (
        select(
            func.min(doing.c.id).label("id"),
            func.count().label("hits"),
            func.sum(doing.c.value).label("value"),
            *more,
        )
        .group_by(*whose, *by)
        .subquery("people")
    )


def _by_cell(doing: Subquery) -> Select[Any]:
    each = people_of(doing)
    return (
        select(*_KEY, func.count(), func.sum(each.c.hits), func.sum(each.c.value))
        .select_from(each)
        .join(ONE, ONE.c.id == each.c.id)
        .group_by(*_KEY)
    )
