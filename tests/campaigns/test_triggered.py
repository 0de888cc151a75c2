"""What goes out after an event: once for each event, whoever writes it and however many look."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from analytics.campaigns.model import Campaign
from desk.contacts.merging import Merging
from desk.errors import ConflictError, InvalidError
from desk.store.database import Database
from desk.tables.campaign import CampaignState
from desk.tables.contact import ContactRow
from desk.tables.event import EventRow
from desk.tables.journey import CampaignNewsRow
from desk.tables.segment import SegmentMemberRow
from desk.tables.shop import CustomerRow, OrderStatus
from tests.campaigns.people import contact, say
from tests.campaigns.stage import DAY, HOUR, Stage, after, planned, series
from tests.conftest import NOON

STEPS = ({"wait": "0m"}, {"wait": "1h"})


@pytest.fixture
def stage(database: Database) -> Stage:
    """Return a shop with campaigns."""
    return Stage(database)


async def test_seven_days_after_the_first_order(stage: Stage) -> None:
    segment = await stage.segment(4, customers=True)
    await stage.order(1, 0, NOON - 30 * DAY)
    await stage.order(2, 1, NOON - HOUR)
    made = await stage.launched(planned(segment, after("order", first=True)))
    assert (await stage.campaigns.get(made)).state is CampaignState.RUNNING
    stage.clock.advance(HOUR)
    await stage.order(3, 0)  # not their first
    await stage.order(4, 2)
    await stage.order(5, 3)
    await stage.pass_time(2 * DAY)
    await stage.order(6, 2)  # their second
    await stage.order(4, 2, NOON + HOUR, OrderStatus.RETURNED)  # told again
    await stage.pass_time(5 * DAY - HOUR - timedelta(microseconds=1))
    assert stage.came() == []
    await stage.pass_time(timedelta(microseconds=1) + HOUR)
    assert stage.came() == [("u2", "step 1"), ("u3", "step 1")]
    await stage.pass_time(20 * DAY)
    assert len(stage.came()) == 2
    assert await stage.campaigns.journeys(made) == {"finished": 2}
    (run,) = await stage.campaigns.runs(made)
    assert (run.occurrence, run.state, run.counts) == ("2026-03-09", "finished", {"sent": 2})
    assert (await stage.campaigns.get(made)).state is CampaignState.RUNNING


async def test_of_orders_that_come_in_the_wrong_order_the_first_counts(stage: Stage) -> None:
    segment = await stage.segment(2, customers=True)
    made = await stage.launched(planned(segment, after("order.placed", first=True)))
    stage.clock.advance(3 * DAY)
    await stage.order(2, 0, NOON + 2 * DAY)
    await stage.order(1, 1, NOON + DAY)
    await stage.work()
    await stage.order(3, 0, NOON + DAY)
    await stage.order(4, 1, NOON - 400 * DAY)  # a customer for long, as a late import says
    await stage.pass_time(4 * DAY)
    assert stage.came() == []
    await stage.pass_time(DAY)
    assert stage.came() == [("u0", "step 1")]
    assert await stage.campaigns.journeys(made) == {"finished": 1, "not_first": 1}


async def test_every_resolved_ticket_once_also_two_on_one_day(stage: Stage) -> None:
    made = await stage.launched(
        planned(await stage.segment(3), after("ticket.resolved", "1d"), holdout=0.0)
    )
    await stage.happens("ticket.resolved", 0, NOON - HOUR)  # before the launch
    await stage.happens("ticket.opened", 0)
    for number in (0, 1, 0, 0):
        await stage.happens("ticket.resolved", number)
    await stage.pass_time(3 * DAY)
    assert sorted(stage.came()) == [("u0", "step 1")] * 3 + [("u1", "step 1")]
    assert await stage.rows() == [
        ("2026-03-03", "0", "sent", ""),
        ("2026-03-03", "1", "sent", ""),
        ("2026-03-03 (2)", "0", "sent", ""),
        ("2026-03-03 (3)", "0", "sent", ""),
    ]
    await stage.check_sums(made)


async def test_imported_behaviour_sets_it_off_and_forbids_it(stage: Stage) -> None:
    unless = {"conditions": [{"event": "purchase", "happened": False}]}
    made = await stage.launched(
        planned(await stage.segment(3), after("cart_left", "2h", **unless))
    )
    for number in range(3):
        await stage.does("cart_left", number)
    stage.clock.advance(HOUR)
    await stage.does("purchase", 1)
    await stage.happens("purchase", 2, NOON)  # not after it
    await stage.pass_time(2 * HOUR, HOUR)
    assert stage.came() == [("u0", "step 1"), ("u2", "step 1")]
    assert await stage.rows() == [
        ("2026-03-02", "0", "sent", ""),
        ("2026-03-02", "1", "skipped", "condition"),
        ("2026-03-02", "2", "sent", ""),
    ]
    assert await stage.campaigns.journeys(made) == {"finished": 2, "condition": 1}


async def test_only_who_belongs_to_the_segment_when_it_is_due(stage: Stage) -> None:
    segment = await stage.segment(3)
    made = await stage.launched(planned(segment, after("ticket.resolved", "1d"), holdout=0.3))
    for number in range(3):
        await stage.happens("ticket.resolved", number)
    await stage.work()
    await say(stage.database, contact(1), granted=False, key="no")
    async with stage.database.write() as session:
        left = SegmentMemberRow.person_id == f"p:{contact(2)}"
        await session.execute(delete(SegmentMemberRow).where(left))
    await stage.pass_time(2 * DAY)
    split = (await stage.campaigns.get(made)).plan.split(made)
    expected = "holdout" if split.arm(contact(0)) is None else "sent"
    assert await stage.rows() == [
        ("2026-03-03", "0", expected, ""),
        ("2026-03-03", "1", "skipped", "no_consent"),
    ]
    assert await stage.campaigns.journeys(made) == {"finished": 2, "not_in_segment": 1}


async def test_what_was_due_for_too_long_is_listed_and_not_sent(stage: Stage) -> None:
    made = await stage.launched(
        planned(await stage.segment(2), after("ticket.resolved", "1h"), late="4h")
    )
    await stage.happens("ticket.resolved", 0)
    stage.clock.advance(3 * HOUR)
    await stage.happens("ticket.resolved", 1)
    stage.clock.advance(2 * HOUR + timedelta(seconds=1))  # nothing ran
    await stage.work()
    assert await stage.rows() == [
        ("2026-03-02", "0", "skipped", "too_late"),
        ("2026-03-02", "1", "sent", ""),
    ]
    await stage.check_sums(made)


async def test_what_becomes_due_while_it_is_paused_waits(stage: Stage) -> None:
    made = await stage.launched(planned(await stage.segment(3), after("ticket.resolved", "1h")))
    await stage.happens("ticket.resolved", 0)
    await stage.campaigns.pause(made, by="Mo")
    stage.clock.advance(2 * HOUR)
    await stage.happens("ticket.resolved", 1)  # it is followed all the same
    await stage.pass_time(HOUR, HOUR)
    assert await stage.rows() == []
    await stage.campaigns.resume(made, by="Mo")
    assert (await stage.campaigns.get(made)).state is CampaignState.RUNNING
    await stage.work()
    assert stage.came() == [("u0", "step 1"), ("u1", "step 1")]
    await stage.happens("ticket.resolved", 2)
    await stage.campaigns.pause(made, by="Mo")
    await stage.pass_time(6 * HOUR, HOUR)
    await stage.campaigns.resume(made, by="Mo")
    await stage.work()
    assert (await stage.rows())[2:] == [("2026-03-02", "2", "skipped", "too_late")]


async def test_cancelled_nobody_goes_on_and_nothing_is_followed(stage: Stage) -> None:
    made = await stage.launched(planned(await stage.segment(3), after("ticket.resolved", "1d")))
    await stage.happens("ticket.resolved", 0)
    await stage.work()
    await stage.happens("ticket.resolved", 1)  # nobody has looked at it
    assert await stage.campaigns.cancel(made, by="Mo") == 1
    await stage.happens("ticket.resolved", 2)
    await stage.pass_time(3 * DAY)
    assert await stage.rows() == []
    assert await stage.campaigns.journeys(made) == {"cancelled": 1}
    async with stage.database.read() as session:
        assert await session.scalar(select(func.count(CampaignNewsRow.id))) == 0


async def test_it_ends_when_its_time_is_over(stage: Stage) -> None:
    until = (NOON + 2 * DAY).isoformat()
    decided = planned(await stage.segment(3), after("ticket.resolved", "3d", until=until))
    made = await stage.launched(decided)
    await stage.pass_time(DAY)
    await stage.happens("ticket.resolved", 0)
    await stage.pass_time(2 * DAY)
    await stage.happens("ticket.resolved", 1)
    assert (await stage.campaigns.get(made)).state is CampaignState.RUNNING
    await stage.pass_time(DAY)
    assert stage.came() == [("u0", "step 1")]
    await stage.pass_time(DAY)
    assert (await stage.campaigns.get(made)).state is CampaignState.FINISHED
    again = await stage.campaigns.create("Later", decided, by="Mo")
    with pytest.raises(InvalidError, match="all its times have passed"):
        await stage.campaigns.launch(again.id, by="Mo")


async def test_it_is_not_changed_after_the_launch(stage: Stage) -> None:
    decided = planned(await stage.segment(1), after("ticket.resolved", "3d"))
    made: Campaign = await stage.campaigns.get(await stage.launched(decided))
    with pytest.raises(ConflictError, match="copy it to change it"):
        await stage.campaigns.change(made.id, decided, edition=made.edition, by="Mo")


async def test_two_campaigns_and_two_clocks_at_once(stage: Stage) -> None:
    segment = await stage.segment(12)
    for name in ("Tea", "Coffee"):
        await stage.launched(planned(segment, after("ticket.resolved", "1h")), name)
    for number in range(12):
        await stage.happens("ticket.resolved", number)
    other = stage.another()
    for _ in range(4):
        await asyncio.gather(stage.wake.step(), other.step())
        await asyncio.gather(stage.dispatcher.drain(), stage.dispatcher.drain())
        stage.clock.advance(HOUR)
    assert sorted(stage.came()) == sorted([(f"u{n}", "step 1") for n in range(12)] * 2)


async def test_many_clocks_while_things_happen_and_somebody_pauses(stage: Stage) -> None:
    segment = await stage.segment(10)
    following = await stage.launched(
        planned(segment, series(after("ticket.resolved", "0m"), *STEPS), 2), "Following"
    )
    once = {"kind": "once", "at": NOON.isoformat()}
    await stage.launched(planned(segment, series(once, *STEPS), 2), "Once")
    clocks = [stage.another() for _ in range(3)]

    async def happens() -> None:
        for number in range(10):
            await stage.happens("ticket.resolved", number)

    async def pauses() -> None:
        for _ in range(5):
            await stage.campaigns.pause(following, by="Mo")
            await stage.campaigns.resume(following, by="Mo")

    for busy in (happens, pauses, pauses):
        await asyncio.gather(busy(), *(clock.step() for clock in clocks))
        await stage.dispatcher.drain()
        stage.clock.advance(HOUR)
    await stage.work()
    expected = [(f"u{n}", f"step {step}") for n in range(10) for step in (1, 2)]
    assert sorted(stage.came()) == sorted(expected * 2)
    await stage.check_sums(following)


async def test_what_is_committed_after_what_came_later_is_not_missed(stage: Stage) -> None:
    await stage.launched(planned(await stage.segment(2), after("ticket.resolved", "0m")))
    early = {"name": "ticket.resolved", "contact_id": contact(0), "occurred_at": NOON, "data": {}}
    async with stage.database.write() as slow:
        await slow.execute(insert(EventRow), early)
        if not stage.database.is_sqlite:  # there one writes after the other
            await stage.happens("ticket.resolved", 1)
            await stage.work()
            assert stage.came() == [("u1", "step 1")]
    await stage.work()
    assert ("u0", "step 1") in stage.came()
    assert len(await stage.rows()) == len(stage.came()) == (1 if stage.database.is_sqlite else 2)


async def test_two_who_become_one_get_it_once(stage: Stage) -> None:
    made = await stage.launched(
        planned(await stage.segment(3), after("ticket.resolved", "1d", first=True))
    )
    for number in range(3):
        await stage.happens("ticket.resolved", number)
    await stage.work()
    merging = Merging(stage.database, stage.clock)
    await merging.merge(contact(0), contact(1), by="Mo")
    await stage.pass_time(2 * DAY)
    assert stage.came() == [("u0", "step 1"), ("u2", "step 1")]
    assert await stage.campaigns.journeys(made) == {"finished": 2, "merged": 1}


async def test_who_becomes_somebody_else_is_written_to_as_them(stage: Stage) -> None:
    segment = await stage.segment(3)
    await stage.launched(planned(segment, after("ticket.resolved", "1d")))
    for number in (1, 2):
        await stage.happens("ticket.resolved", number)
    await stage.work()
    await Merging(stage.database, stage.clock).merge(contact(0), contact(1), by="Mo")
    async with stage.database.write() as session:
        customer = {"id": "k", "name": "K.", "created_at": NOON, "account_type": "standard"}
        await session.execute(insert(CustomerRow), customer)
        is_two = ContactRow.id == contact(2)
        await session.execute(update(ContactRow).where(is_two).values(customer_id="k"))
    await stage.pass_time(2 * DAY)
    rows = await stage.rows()
    assert [(row[1], row[2]) for row in rows] == [("0", "sent"), ("2", "sent")]


async def test_who_has_had_it_under_another_name_does_not_get_it_again(stage: Stage) -> None:
    made = await stage.launched(
        planned(await stage.segment(2), after("ticket.resolved", "0m", first=True))
    )
    await stage.happens("ticket.resolved", 0)
    await stage.work()
    async with stage.database.write() as session:
        customer = {"id": "k", "name": "K.", "created_at": NOON, "account_type": "standard"}
        await session.execute(insert(CustomerRow), customer)
        await session.execute(update(ContactRow).values(customer_id="k"))
    stage.clock.advance(HOUR)
    for number in (0, 1):
        await stage.happens("ticket.resolved", number)
    await stage.pass_time(HOUR, HOUR)
    assert len(stage.came()) == len(await stage.rows()) == 1
    assert await stage.campaigns.journeys(made) == {"finished": 1, "merged": 1}
