"""A campaign from its first draft to its end: launched, planned, sent, paused, gone on with, cancelled, and late."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from analytics.campaigns import plan
from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.model import ChangedError, FourEyesError
from analytics.campaigns.plan import Plan
from analytics.campaigns.service import Campaigns
from analytics.campaigns.telling import Teller
from analytics.campaigns.wake import Brake, Wake
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.errors import ConflictError, InvalidError, RejectedError
from desk.message import DeliveryStatus, StatusUpdate
from desk.store.database import Database
from desk.tables.behaviour import DemographicsRow
from desk.tables.campaign import CampaignRecipientRow, CampaignState, RecipientState
from desk.tables.segment import SegmentMemberRow, SegmentRow
from desk.tables.suppression import SuppressionRow
from tests.campaigns.people import contact, people, say
from tests.conftest import NOON, SECRET
from tests.talk import says

HELLO = {
    "contents": {"en": {"text": "Hi {name|there}, tea is cheap: https://shop.example.com/tea"}}
}


@pytest.fixture
def campaigns(database: Database, clock: StoppedClock) -> Campaigns:
    """Return campaigns of which large ones, above 30, need four eyes."""
    return Campaigns(database, clock, four_eyes_above=30)


@pytest.fixture
def wake(database: Database, clock: StoppedClock) -> Wake:
    """Return what moves them on, with small pages."""
    return Wake(
        database, clock, Suppressions(database, clock, SECRET), page=7, brake=Brake(least=10)
    )


@pytest.fixture
def dispatcher(database: Database, memory: MemoryChannel, clock: StoppedClock) -> Dispatcher:
    """Return what sends them."""
    channels = {"memory": memory}
    return Dispatcher(
        database=database,
        channels=channels,
        states=ChannelStates(database, clock),
        composing=Composer(
            database=database,
            channels=channels,
            links=TrackedLinks(SECRET, public_url="https://desk.example.com"),
            ways_out=UnsubscribeLinks(SECRET, public_url="https://desk.example.com"),
            suppressions=Suppressions(database, clock, SECRET),
            teller=Teller(database, clock),
        ),
        clock=clock,
        batch=5,
    )


@pytest.fixture
def a_segment(database: Database) -> Callable[..., Any]:
    """Return what adds a segment of some people, and people."""

    async def add(count: int, *, strangers: int = 0) -> int:
        await people(database, count)
        async with database.write() as session:
            row = SegmentRow(
                name=f"Segment of {count}",
                rule={},
                created_at=NOON,
                created_by="Mo",
                updated_at=NOON,
                updated_by="Mo",
            )
            session.add(row)
            await session.flush()
            names = [f"p:{contact(n)}" for n in range(count)] + [
                f"c:x{n}" for n in range(strangers)
            ]
            await session.execute(
                insert(SegmentMemberRow),
                [{"segment_id": row.id, "person_id": one, "since": NOON} for one in names],
            )
            return row.id

    return add


def planned(segment_id: int, **more: Any) -> Plan:
    """Return a plan for now."""
    return plan.read(
        {
            "segment_id": segment_id,
            "channels": ["memory"],
            "variants": [{"name": "a", "template": HELLO}],
            "schedule": {"kind": "once", "at": NOON.isoformat()},
            **more,
        }
    )


async def _states(campaigns: Campaigns, campaign_id: int) -> list[tuple[str, str, dict[str, int]]]:
    return [
        (run.occurrence, run.state.value, dict(run.counts))
        for run in await campaigns.runs(campaign_id)
    ]


async def test_a_campaign_goes_out_and_ends(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
    database: Database,
) -> None:
    segment = await a_segment(20, strangers=2)
    await say(database, contact(3), granted=False, key="no")
    decided = planned(segment, holdout=0.2)
    funnel = await campaigns.funnel(decided)
    assert (funnel["no_consent"], funnel["no_contact"], sum(funnel.values())) == (1, 2, 22)
    made = await campaigns.create("Tea", decided, by="Mo")
    await wake.step()
    assert await campaigns.runs(made.id) == []
    await campaigns.launch(made.id, by="Mo")
    await wake.step()
    await wake.step()
    (run,) = await campaigns.runs(made.id)
    assert (run.audience, dict(run.skipped)) == (22, {"no_consent": 1, "no_contact": 2})
    held = run.counts["holdout"]
    assert 0 < held < 10
    await dispatcher.drain()
    await wake.step()
    assert await _states(campaigns, made.id) == [
        ("once", "finished", {"holdout": held, "sent": 19 - held, "skipped": 3})
    ]
    assert (await campaigns.get(made.id)).state is CampaignState.FINISHED
    texts = {one.recipient: one for one in memory.sent}
    assert len(texts) == len(memory.sent) == 19 - held
    one = next(iter(texts.values()))
    assert one.text.startswith(
        f"Hi C. {one.recipient[1:]}, tea is cheap: https://desk.example.com/"
    )
    assert (one.unsubscribe_url or "").startswith("https://desk.example.com/u/")
    async with database.read() as session:
        arms = await session.execute(
            select(CampaignRecipientRow.contact_id, CampaignRecipientRow.state)
        )
        out = {contact for contact, state in arms if state is RecipientState.HOLDOUT}
    assert not out & {contact(int(recipient[1:])) for recipient in texts}


async def test_two_clocks_begin_it_once(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
    database: Database,
    clock: StoppedClock,
) -> None:
    made = await campaigns.create("Tea", planned(await a_segment(20)), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    other = Wake(database, clock, Suppressions(database, clock, SECRET), page=7)
    for one in (wake, other, wake, other):
        await one.step()
        await dispatcher.drain()
    assert Counter(one.recipient for one in memory.sent) == {f"u{n}": 1 for n in range(20)}


async def test_everybody_at_nine_of_their_own_clock(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
    database: Database,
    clock: StoppedClock,
) -> None:
    segment = await a_segment(3)
    async with database.write() as session:
        for n, country in enumerate(("CN", "DE")):
            session.add(DemographicsRow(contact_id=contact(n), country=country))
    nine = {"kind": "local", "day": "2026-03-03", "clock": "09:00"}
    made = await campaigns.create("Nine", planned(segment, schedule=nine), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    came: dict[str, datetime] = {}
    for _ in range(24 * 2):
        await wake.step()
        await dispatcher.drain()
        came |= {one.recipient: clock() for one in memory.sent if one.recipient not in came}
        clock.advance(timedelta(minutes=30))
    day = NOON.replace(day=3, hour=0)
    assert came == {
        "u0": day + timedelta(hours=1),
        "u1": day + timedelta(hours=8),
        "u2": day + timedelta(hours=9),
    }


async def test_what_falls_into_the_night_is_sent_in_the_morning(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
    clock: StoppedClock,
) -> None:
    at = {"kind": "once", "at": (NOON + timedelta(hours=10)).isoformat()}  # ten in the evening
    made = await campaigns.create("Late", planned(await a_segment(2), schedule=at), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    came = None
    for _ in range(24):
        await wake.step()
        await dispatcher.drain()
        came = came or (clock() if memory.sent else None)
        clock.advance(timedelta(hours=1))
    assert came == NOON + timedelta(hours=21)
    assert await _states(campaigns, made.id) == [("once", "finished", {"sent": 2})]


async def test_pause_go_on_and_cancel(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
) -> None:
    made = await campaigns.create("Tea", planned(await a_segment(20)), by="Mo")
    with pytest.raises(ConflictError, match="only a running one"):
        await campaigns.pause(made.id, by="Mo")
    await campaigns.launch(made.id, by="Mo")
    await campaigns.pause(made.id, by="Mo", reason="a typo")
    await wake.step()
    assert await campaigns.runs(made.id) == []
    await campaigns.resume(made.id, by="Mo")
    await wake.step()
    for _ in range(20):
        await campaigns.pause(made.id, by="Mo")
        await dispatcher.drain()
        assert memory.sent == []
        await campaigns.resume(made.id, by="Mo")
    memory.fail_with = []
    honest = memory.send

    async def send(message: Any) -> Any:
        if len(memory.sent) == 6:
            assert await campaigns.cancel(made.id, by="Mo", reason="enough") == 13
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    await dispatcher.drain()
    assert len(memory.sent) == 7
    assert await _states(campaigns, made.id) == [("once", "cancelled", {"sent": 7, "skipped": 13})]
    with pytest.raises(ConflictError, match="cancelled already"):
        await campaigns.cancel(made.id, by="Mo")


async def test_what_was_missed_is_said_and_not_sent(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
    clock: StoppedClock,
) -> None:
    daily = {"kind": "recurring", "cron": "0 13 * * *", "zone": "UTC"}
    made = await campaigns.create("Daily", planned(await a_segment(2), schedule=daily), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    clock.advance(timedelta(days=2, hours=2))
    for _ in range(4):
        await wake.step()
        await dispatcher.drain()
    assert [(day, counts) for day, _, counts in await _states(campaigns, made.id)] == [
        ("2026-03-04", {"sent": 2}),
        ("2026-03-03", {}),
        ("2026-03-02", {}),
    ]
    assert len(memory.sent) == 2
    assert (await campaigns.get(made.id)).state is CampaignState.RUNNING


async def test_too_many_errors_pull_the_brake(
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
) -> None:
    made = await campaigns.create("Tea", planned(await a_segment(25)), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    await wake.step()
    memory.fail_with = [RejectedError("no")] * 25
    honest = memory.send
    tried: list[Any] = []
    # A slow machine gets more hands; none of them sends on while the brake looks at what failed.
    looking = asyncio.Lock()

    async def send(message: Any) -> Any:
        async with looking:
            tried.append(message)
            if len(tried) % 10 == 0:
                await wake.step()
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    await dispatcher.drain()
    found = await campaigns.get(made.id)
    assert (found.state, found.reason) == (CampaignState.PAUSED, "too many errors")
    assert 10 <= len(tried) < 25


async def test_a_large_one_needs_four_eyes(
    campaigns: Campaigns, a_segment: Callable[..., Any]
) -> None:
    made = await campaigns.create("All", planned(await a_segment(31)), by="Mo")
    with pytest.raises(FourEyesError):
        await campaigns.launch(made.id, by="Mo")
    with pytest.raises(FourEyesError, match="cannot approve"):
        await campaigns.approve(made.id, by="Mo")
    await campaigns.approve(made.id, by="Kit")
    changed = await campaigns.change(made.id, made.plan, edition=made.edition, by="Mo")
    assert changed.approved_by is None
    with pytest.raises(ChangedError):
        await campaigns.change(made.id, made.plan, edition=made.edition, by="Mo")
    await campaigns.approve(made.id, by="Kit")
    assert (await campaigns.launch(made.id, by="Mo")).state is CampaignState.SCHEDULED


async def test_a_campaign_of_the_past_is_not_launched(
    campaigns: Campaigns, a_segment: Callable[..., Any], clock: StoppedClock
) -> None:
    made = await campaigns.create("Old", planned(await a_segment(1)), by="Mo")
    clock.advance(timedelta(hours=5))
    with pytest.raises(InvalidError, match="choose a later one"):
        await campaigns.launch(made.id, by="Mo")


async def test_what_a_platform_reports_moves_on_and_a_stop_below_it_is_the_campaign_s(
    desk: Desk,
    campaigns: Campaigns,
    wake: Wake,
    dispatcher: Dispatcher,
    memory: MemoryChannel,
    a_segment: Callable[..., Any],
    database: Database,
    clock: StoppedClock,
) -> None:
    made = await campaigns.create("Tea", planned(await a_segment(2)), by="Mo")
    await campaigns.launch(made.id, by="Mo")
    await wake.step()
    await dispatcher.drain()
    for status in (DeliveryStatus.READ, DeliveryStatus.DELIVERED):  # in the wrong order
        update = StatusUpdate(
            channel="memory",
            account="a",
            external_id=memory.sent[0].id,
            status=status,
            at=clock(),
        )
        assert await desk.campaigns.report(update)
    assert await _states(campaigns, made.id) == [("once", "running", {"read": 1, "sent": 1})]
    first, second = memory.sent[0], memory.sent[1]
    await says(desk, "stop. thank you", first.recipient)
    async with database.read() as session:
        words = (await session.scalars(select(SuppressionRow))).all()
    assert {(word.campaign_id, word.contact_id) for word in words} == {
        (made.id, contact(int(first.recipient[1:])))
    }
    again = await campaigns.create("More tea", planned(made.plan.segment_id), by="Mo")
    await campaigns.launch(again.id, by="Mo")
    await wake.step()
    (run,) = await campaigns.runs(again.id)
    assert (dict(run.counts), dict(run.skipped)) == (
        {"queued": 1, "skipped": 1},
        {"suppressed": 1},
    )
    assert second.recipient != first.recipient
