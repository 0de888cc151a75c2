"""What a campaign adds to those who got nothing: from sums over everybody who was drawn, never from a list of them.

A person's arm is that of their first row; their outcome is whatever they did in any of the runs asked about. So the
two sides differ in nothing but the draw, whatever was skipped, failed or went out late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import (
    Float,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import results_rows as rows
from analytics.campaigns.results_model import Added, Lift, Load, MoneyLift
from analytics.campaigns.results_rows import ARM, HOLDOUT, ONE, REST, Window
from analytics.campaigns.results_sources import Hits
from analytics.experiments import sequence
from analytics.experiments.compare import difference
from analytics.experiments.covariates import Sums, adjusted
from analytics.experiments.samples import Sample, counted, summed
from desk.store import core

BEFORE = timedelta(days=365)
"""How far back purchases before count, to take out of revenue what was known."""
ALL = ""
"""Every variant, and the rest of a test, together."""
_THOUSAND = 1000.0


class Moments(NamedTuple):
    """Sums over people of an outcome and of its square."""

    y: float = 0.0
    yy: float = 0.0

    def plus(self, other: "Moments") -> "Moments":
        """Return both together."""
        return Moments(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Draw:
    """How many people every arm has; the holdout is one of them."""

    sizes: Mapping[str, int]

    @property
    def compared(self) -> bool:
        """Whether there is anybody to compare with."""
        return self.sizes.get(HOLDOUT, 0) > 0 and len(self.sizes) > 1

    @property
    def arms(self) -> Sequence[str]:
        """All that were written to together, then each variant; not the rest of a test alone."""
        variants = [arm for arm in sorted(self.sizes) if arm not in (HOLDOUT, REST)]
        return [ALL, *variants] if len(variants) > 1 else [ALL]

    def members(self, arm: str) -> Sequence[str]:
        """Return the arms that are taken together under a name."""
        return [one for one in self.sizes if one != HOLDOUT] if arm == ALL else [arm]

    def size(self, arm: str) -> int:
        """Return how many people an arm has."""
        return sum(self.sizes.get(one, 0) for one in self.members(arm))


async def draw(session: AsyncSession, window: Window) -> Draw:
    """Return how many people were drawn for what."""
    query = select(ARM.label("arm"), func.count()).where(rows.is_first(window)).group_by(ARM)
    return Draw({row[0]: row[1] for row in await core.fetch(session, query, {})})


async def rates(
    session: AsyncSession, window: Window, draw_: Draw, doing: Subquery
) -> tuple[Lift, ...]:
    """Return the conversions that each arm adds."""
    # Whoever did it has 1, however often, and whatever it was worth.
    did = select(doing.c.person, literal(1.0, Float()).label("y")).distinct()
    return _lifts(draw_, await _moments(session, window, did))


def _lifts(draw_: Draw, found: Mapping[str, Moments]) -> tuple[Lift, ...]:
    return tuple(
        Lift(variant=arm, converted=_added(*(_rate(draw_, found, one) for one in (HOLDOUT, arm))))
        for arm in draw_.arms
    )


async def load(session: AsyncSession, window: Window, draw_: Draw, hits: Hits) -> Added:
    """Return what all arms together add to what our people have to do, for 1,000."""
    doing = rows.belonging(window, hits)
    worth = select(doing.c.person, func.sum(doing.c.value).label("y")).group_by(doing.c.person)
    found = await _moments(session, window, worth)
    return _added(*(_amount(draw_, found, one) for one in (HOLDOUT, ALL)), times=_THOUSAND)


async def _moments(
    session: AsyncSession, window: Window, outcomes: Select[Any]
) -> Mapping[str, Moments]:
    """Return the sums of each arm; who did nothing adds nothing."""
    each = outcomes.subquery("each")
    y = cast(each.c.y, Float)
    query = (
        select(ARM.label("arm"), func.sum(y), func.sum(y * y))
        .select_from(each)
        .join(ONE, ONE.c.id == rows.first_of(window, each.c.person))
        .group_by(ARM)
    )
    found = await core.fetch(session, query, {})
    return {row[0]: Moments(*(float(one) for one in row[1:])) for row in found}


async def revenue(
    session: AsyncSession, window: Window, draw_: Draw
) -> tuple[tuple[Lift, ...], tuple[MoneyLift, ...]]:
    """Return the buyers that each arm adds, and its revenue by currency: plain, and with what was known taken out."""
    buyers: dict[str, Moments] = {}
    sums: dict[str, dict[str, Sums]] = {}
    for currency, arm, did, *values in await core.fetch(session, _bought(window), {}):
        y, yy, x, xx, xy = (float(one) for one in values)
        buyers[arm] = buyers.get(arm, Moments()).plus(Moments(float(did)))
        sums.setdefault(currency, {})[arm] = Sums(
            size=draw_.sizes[arm], y=y, yy=yy, x=x, xx=xx, xy=xy
        )
    money = []
    for currency, found in sorted(sums.items()):
        every = {arm: found.get(arm) or Sums(size=size) for arm, size in draw_.sizes.items()}
        if any(one.y for one in every.values()):
            money += [_money(draw_, every, arm, currency) for arm in draw_.arms]
    return _lifts(draw_, buyers), tuple(money)


def _bought(window: Window) -> Select[Any]:
    """Return by currency and arm: buyers (each in one currency), and the sums of what was bought after and before."""
    order = rows.bought(window)
    whose = order.c.person
    place = func.row_number().over(partition_by=whose, order_by=order.c.currency)
    after = (
        select(whose, order.c.currency, func.sum(order.c.value).label("y"), place.label("place"))
        .group_by(whose, order.c.currency)
        .subquery("after")
    )
    before = rows.bought_before(window, int(BEFORE.total_seconds())).subquery("before")
    none = literal(0.0, Float())
    both = union_all(
        select(
            rows.first_of(window, after.c.person).label("id"),
            after.c.currency,
            case((after.c.place == 1, 1), else_=0).label("did"),
            cast(after.c.y, Float).label("y"),
            none.label("x"),
        ),
        select(
            before.c.id,
            before.c.currency,
            literal(0, Integer()).label("did"),
            none.label("y"),
            cast(before.c.x, Float).label("x"),
        ),
    ).subquery("both")
    each = (
        select(
            both.c.id,
            both.c.currency,
            *(func.sum(both.c[name]).label(name) for name in ("did", "y", "x")),
        )
        .group_by(both.c.id, both.c.currency)
        .subquery("each")
    )
    y, x = each.c.y, each.c.x
    return (
        select(
            each.c.currency,
            ARM.label("arm"),
            *(func.sum(one) for one in (each.c.did, y, y * y, x, x * x, x * y)),
        )
        .select_from(each)
        .join(ONE, ONE.c.id == each.c.id)
        .group_by(each.c.currency, ARM)
    )


def _together(draw_: Draw, found: Mapping[str, Moments], arm: str) -> Moments:
    total = Moments()
    for one in [HOLDOUT] if arm == HOLDOUT else draw_.members(arm):
        total = total.plus(found.get(one, Moments()))
    return total


def _size(draw_: Draw, arm: str) -> int:
    return draw_.sizes[HOLDOUT] if arm == HOLDOUT else draw_.size(arm)


def _rate(draw_: Draw, found: Mapping[str, Moments], arm: str) -> Sample:
    return counted(_together(draw_, found, arm).y, _size(draw_, arm))


def _amount(draw_: Draw, found: Mapping[str, Moments], arm: str) -> Sample:
    total = _together(draw_, found, arm)
    return summed(_size(draw_, arm), total.y, total.yy)


def _money(draw_: Draw, sums: Mapping[str, Sums], arm: str, currency: str) -> MoneyLift:
    sides = [[sums[HOLDOUT]], [sums[one] for one in draw_.members(arm)]]
    plain = [summed(one.size, one.y, one.yy) for one in map(_joined, sides)]
    samples, reduction = adjusted([_joined(one) for one in sides])
    known = any(one.xx for side in sides for one in side)
    return MoneyLift(
        variant=arm,
        currency=currency,
        plain=_added(*plain),
        adjusted=_added(*samples) if known else None,
        reduction=reduction if known else 0.0,
    )


def _joined(parts: Sequence[Sums]) -> Sums:
    total = parts[0]
    for one in parts[1:]:
        total = total.plus(one)
    return total


def _added(base: Sample, arm: Sample, *, times: float = 1.0) -> Added:
    effect = difference(base, arm)
    seen = (effect.estimate, effect.error, base.size + arm.size)
    low, high = (float(one) for one in sequence.interval(*seen))
    return Added(
        people=int(arm.size),
        mean=float(arm.mean) * times,
        base_people=int(base.size),
        base=float(base.mean) * times,
        estimate=float(effect.estimate) * times,
        low=low * times if isfinite(low) else None,
        high=high * times if isfinite(high) else None,
        p=float(np.min(sequence.p_value(*seen))),
    )


def load_of(minutes: float, handoffs: float, sent: int, caused: Sequence[Added | None]) -> Load:
    """Return the load for 1,000 people to whom it was sent, and what of it the campaign caused."""
    per = _THOUSAND / sent if sent else 0.0
    return Load(
        minutes=minutes * per,
        handoffs=handoffs * per,
        caused_minutes=caused[0],
        caused_handoffs=caused[1],
    )
