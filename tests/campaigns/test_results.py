"""Results of campaigns against a slow count over plain rows, and against figures computed by hand."""

from dataclasses import fields
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import delete, insert
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from statsmodels.tools import add_constant

from analytics.campaigns.results import Results
from analytics.campaigns.results_model import Added, By, Counts, Findings
from analytics.campaigns.service import Campaigns
from analytics.experiments.compare import difference
from analytics.experiments.covariates import Sums, adjust, adjusted
from analytics.experiments.samples import measured
from analytics.experiments.sequence import interval
from desk.clock import StoppedClock
from desk.errors import NotFoundError
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRow, CampaignRunRow
from desk.tables.campaign import RecipientState as State
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from tests.campaigns.people import campaign, contact, people
from tests.campaigns.results_naive import Naive
from tests.campaigns.results_world import World, spring
from tests.conftest import NOON

HOUR, DAY, MICROSECOND = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
_NUMBERS = [one.name for one in fields(Counts) if one.name != "revenue"]
_TEST = ("bold", "plain")
_EVERY = (*_TEST, "(rest)")


def _same_counts(counts: Counts, naive: dict[str, float]) -> None:
    for name in _NUMBERS:
        assert getattr(counts, name) == pytest.approx(naive[name]), name
    money = {name: naive[name] for name in ("EUR", "CNY") if naive[name]}
    assert {name: cents for name, cents in counts.revenue.items() if cents} == money


def _same_added(
    added: Added, base: list[float], arm: list[float], *, binary: bool, times: float = 1.0
) -> None:
    samples = [measured(one, binary=binary) for one in (base, arm)]
    effect = difference(samples[0], samples[1])
    ends = interval(effect.estimate, effect.error, len(base) + len(arm))
    assert (added.base_people, added.people) == (len(base), len(arm))
    assert added.base == pytest.approx(np.mean(base) * times)
    assert added.estimate == pytest.approx((np.mean(arm) - np.mean(base)) * times)
    if added.low is None or added.high is None:
        assert not effect.error > 1e-6
        return
    told = (added.low, added.high)
    assert told == pytest.approx(tuple(float(one) * times for one in ends), abs=1e-6)


def _arm(arms: dict[str, list[float]], name: str) -> list[float]:
    return [one for arm in ([name] if name else _EVERY) for one in arms[arm]]


def _check(found: Findings, naive: Naive) -> None:
    lines = naive.counts(found.goal)
    _same_counts(found.total, lines["total", ""])
    for by in By:
        told = {line.key: line.counts for line in found.by[by]}
        assert sorted(told) == sorted(key for kind, key in lines if kind == by)
        for key, counts in told.items():
            _same_counts(counts, lines[by, key])
        assert sum(one.sent for one in told.values()) == found.total.sent
    orders = naive.orders("drawn")
    did = [one for one, _ in orders] if found.goal == "order.placed" else [
        one for one, _ in naive.doing(found.goal, "drawn")
    ]  # fmt: skip
    people = {naive.person(one["contact_id"]): (one, 1.0) for one in did}
    arms = naive.outcomes(list(people.values()))
    assert [lift.variant for lift in found.lifts] == ["", *_TEST]
    for lift in found.lifts:
        _same_added(lift.converted, arms["(holdout)"], _arm(arms, lift.variant), binary=True)
    assert {one.currency for one in found.money} == {order["currency"] for _, order in orders}
    for one in found.money:
        cents = [
            (row, float(order["total_cents"]))
            for row, order in orders
            if order["currency"] == one.currency
        ]
        after, before = naive.outcomes(cents), naive.before(one.currency)
        sides = [after["(holdout)"], _arm(after, one.variant)]
        _same_added(one.plain, *sides, binary=False)
        known = before["(holdout)"] + _arm(before, one.variant)
        whole = adjust(sides[0] + sides[1], known)
        assert (one.adjusted is None) is not any(known)
        if one.adjusted is None:
            continue
        cut = len(sides[0])
        left = [list(whole.outcomes[:cut]), list(whole.outcomes[cut:])]
        _same_added(one.adjusted, *left, binary=False)
        assert one.reduction == pytest.approx(whole.reduction)
    for name in ("minutes", "handoffs"):
        arms = naive.outcomes(naive.doing(name, "drawn"))
        caused = getattr(found.load, f"caused_{name}")
        _same_added(caused, arms["(holdout)"], _arm(arms, ""), binary=False, times=1_000)
        per = getattr(found.total, name) / found.total.sent * 1_000
        assert getattr(found.load, name) == pytest.approx(per)


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_those_of_a_slow_count(
    database: Database, clock: StoppedClock, seed: int
) -> None:
    world = World(seed, people=32)
    world.fill([spring(), spring(goal={"event": "quiz.passed", "within": "7d"})])
    await world.write(database)
    clock.at = NOON + timedelta(days=9)
    results = Results(database, clock)
    seen = Counts()
    for number in (1, 2):
        for run in (None, number * 10, number * 10 + 1):
            found = await results.of(number, run)
            _check(found, Naive(world, number, run, clock.at))
            seen += found.total
    assert all(getattr(seen, name) for name in _NUMBERS)


async def _shop(database: Database) -> int:
    """Let ten people be drawn: six were written to, one could not be, three are the holdout."""
    await people(database, 10)
    run = await campaign(database, 10)
    async with database.write() as session:
        row = await session.get_one(CampaignRunRow, run)
        row.plan = spring().written()
        (await session.get_one(CampaignRow, row.campaign_id)).plan = row.plan
        customers = [{"id": f"c{n}", "name": "C", "created_at": NOON} for n in range(10)]
        await session.execute(insert(CustomerRow), customers)
        for n in range(10):
            (await session.get_one(ContactRow, contact(n))).customer_id = f"c{n}"
            one = await session.get_one(CampaignRecipientRow, n + 1)
            one.due_at, one.variant = NOON, "" if n >= 7 else ("bold" if n % 2 else "plain")
            one.state = State.HOLDOUT if n >= 7 else State.SENT
            one.sent_at = None if n >= 7 else NOON + HOUR
        failed = await session.get_one(CampaignRecipientRow, 7)
        failed.state = State.FAILED
    return run


async def _buys(database: Database, number: int, n: int, at: datetime, cents: int) -> None:
    async with database.write() as session:
        where = {"ship_name": "", "ship_address": "", "status": OrderStatus.PACKED}
        session.add(
            OrderRow(
                number=str(number),
                customer_id=f"c{n}",
                placed_at=at,
                total_cents=cents,
                currency="EUR",
                **where,
            )
        )


async def test_figures_computed_by_hand(database: Database, clock: StoppedClock) -> None:
    await _shop(database)
    for number, (n, after, cents) in enumerate(
        [
            (0, 2 * HOUR, 1_000),
            (0, 3 * HOUR, 500),
            (1, 7 * DAY + HOUR - MICROSECOND, 2_000),
            # Too late by nothing, and before it was sent.
            (2, 7 * DAY + HOUR, 4_000),
            (3, HOUR - MICROSECOND, 8_000),
            # To whom it could not be sent, and who got nothing.
            (6, 2 * HOUR, 16_000),
            (7, 2 * HOUR, 600),
        ]
    ):
        await _buys(database, number, n, NOON + after, cents)
    clock.at = NOON + 8 * DAY
    found = await Results(database, clock).of(1)
    total = found.total
    assert (total.audience, total.sent, total.failed, total.holdout) == (10, 6, 1, 3)
    assert (total.converted, total.revenue) == (2, {"EUR": 3_500})
    assert total.still_open == 0
    assert total.share("converted") == pytest.approx(1 / 3)
    variants = {line.key: line.counts for line in found.by[By.VARIANT]}
    assert variants["plain"].revenue == {"EUR": 1_500}
    assert variants["bold"].revenue == {"EUR": 2_000}
    # From noon on, when all were due: 0, 3 and 6 of the seven drawn bought in time, and one of the three.
    both = found.lifts[0].converted
    assert (both.people, both.base_people) == (7, 3)
    assert (both.mean, both.base) == pytest.approx((3 / 7, 1 / 3))
    money = found.money[0]
    assert money.plain.mean == pytest.approx((1_500 + 8_000 + 16_000) / 7)
    assert money.plain.base == pytest.approx(200)
    assert money.adjusted is None
    assert not both.proved


async def test_who_turned_out_to_be_one_counts_once(
    database: Database, clock: StoppedClock
) -> None:
    await _shop(database)
    await _buys(database, 1, 0, NOON + 2 * HOUR, 700)
    await _buys(database, 2, 1, NOON + 2 * HOUR, 300)
    results = Results(database, clock)
    clock.at = NOON + 8 * DAY
    assert (await results.of(1)).total.converted == 2
    async with database.write() as session:
        (await session.get_one(ContactRow, contact(1))).merged_into = contact(0)
        (await session.get_one(OrderRow, "2")).customer_id = "c0"
    found = await results.of(1)
    assert (found.total.converted, found.total.revenue) == (1, {"EUR": 1_000})
    assert found.lifts[0].converted.people == 6


async def test_people_whose_time_is_not_over_are_told(
    database: Database, clock: StoppedClock
) -> None:
    await _shop(database)
    results = Results(database, clock)
    clock.at = NOON + 7 * DAY + HOUR - MICROSECOND
    assert (await results.of(1)).total.still_open == 6
    clock.at += MICROSECOND
    assert (await results.of(1)).total.still_open == 0


async def test_without_a_holdout_nothing_is_compared(
    database: Database, clock: StoppedClock
) -> None:
    await _shop(database)
    async with database.write() as session:
        await session.execute(
            delete(CampaignRecipientRow).where(CampaignRecipientRow.state == State.HOLDOUT)
        )
    found = await Results(database, clock).of(1)
    assert (found.lifts, found.money) == ((), ())
    assert (found.load.caused_minutes, found.load.caused_handoffs) == (None, None)


async def test_a_broken_draw_is_not_believed(database: Database, clock: StoppedClock) -> None:
    await _shop(database)
    async with database.write() as session:
        row = await session.get_one(CampaignRunRow, 1)
        row.plan = spring(holdout=0.001).written()
    found = await Results(database, clock).of(1)
    assert found.ratio_p is not None
    assert found.ratio_p < 0.001
    assert not found.sound


async def test_a_campaign_that_never_went_out_has_nothing(
    database: Database, clock: StoppedClock
) -> None:
    made = await Campaigns(database, clock).create("Later", spring(), by="Mo")
    results = Results(database, clock)
    found = await results.of(made.id)
    assert (found.total, found.lifts, found.ratio_p) == (Counts(), (), None)
    with pytest.raises(NotFoundError):
        await results.of(made.id, 7)
    with pytest.raises(NotFoundError):
        await results.compare([made.id, 99])


def test_sums_say_what_the_people_say() -> None:
    """CUPED from sums against CUPED from people, and against least squares of statsmodels."""
    random = np.random.default_rng(3)
    before = random.gamma(2.0, 20.0, 400) * (random.random(400) < 0.6)
    arm = random.random(400) < 0.5
    after = 0.7 * before + random.normal(10, 5, 400) + 3 * arm
    sums = [
        Sums(
            size=int(chosen.sum()),
            y=after[chosen].sum(),
            yy=(after[chosen] ** 2).sum(),
            x=before[chosen].sum(),
            xx=(before[chosen] ** 2).sum(),
            xy=(after[chosen] * before[chosen]).sum(),
        )
        for chosen in (~arm, arm)
    ]
    samples, reduction = adjusted(sums)
    whole = adjust(after, before)
    assert reduction == pytest.approx(whole.reduction)
    for sample, chosen in zip(samples, (~arm, arm), strict=True):
        assert float(sample.mean) == pytest.approx(whole.outcomes[chosen].mean())
        assert float(sample.variance) == pytest.approx(whole.outcomes[chosen].var(ddof=1))
    fitted = OLS(after, add_constant(before)).fit()
    assert reduction == pytest.approx(fitted.rsquared)
    effect = difference(samples[0], samples[1])
    left = [DescrStatsW(fitted.resid[chosen]) for chosen in (arm, ~arm)]
    table = CompareMeans(*left)
    assert float(effect.estimate) == pytest.approx(left[0].mean - left[1].mean)
    assert float(effect.error) == pytest.approx(table.std_meandiff_separatevar)
