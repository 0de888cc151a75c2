"""What platforms report moves recipients forward, also when the report is faster than our own record."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from analytics.campaigns.answers import Deliveries
from analytics.campaigns.early import KEPT, EarlyReports
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.message import DeliveryStatus, OutboundMessage, Sent, StatusUpdate
from desk.tables.campaign import CampaignRecipientRow
from desk.tables.contact import ContactIdentityRow
from desk.tables.origin import EarlyReportRow
from desk.tables.suppression import SuppressionReason, SuppressionRow
from tests.campaigns.people import contact, people
from tests.campaigns.sending import dispatcher, launched, recipients, segment, sent, wake
from tests.conftest import NOON
from tests.talk import events, rows


def _early(desk: Desk) -> EarlyReports:
    deliveries = Deliveries(desk.database, desk.clock, desk.opting.suppressions)
    return EarlyReports(desk.database, desk.clock, deliveries)


def _update(external_id: str, status: DeliveryStatus, **more: Any) -> StatusUpdate:
    return StatusUpdate(
        channel="memory", account="a", external_id=external_id, status=status, at=NOON, **more
    )


async def _states(desk: Desk) -> list[str]:
    return [str(one.state) for one in await recipients(desk.database)]


async def _faster(desk: Desk, memory: MemoryChannel, *reports: DeliveryStatus) -> list[bool]:
    """Send a campaign to two; the platform tells what became of each before it answers the request."""
    await people(desk.database, 2)
    honest, heard = memory.send, []

    async def send(message: OutboundMessage) -> Sent:
        done = await honest(message)
        for status in reports:
            heard.append(await desk.campaigns.report(_update(str(done.external_id), status)))
        return done

    memory.send = send  # type: ignore[method-assign]
    await sent(desk, await segment(desk.database, 2))
    return heard


async def test_a_report_before_the_end_of_the_send_is_not_lost(
    desk: Desk, memory: MemoryChannel
) -> None:
    heard = await _faster(desk, memory, DeliveryStatus.READ, DeliveryStatus.DELIVERED)
    assert heard == [False] * 4
    assert await _states(desk) == ["sent", "sent"]
    assert await _early(desk).step() == 4
    assert await _states(desk) == ["read", "read"]
    assert len(await events(desk, "campaign.read")) == 2
    assert await events(desk, "campaign.delivered") == []
    assert await rows(desk, EarlyReportRow) == []
    assert await _early(desk).step() == 0


async def test_it_waits_until_the_end_is_recorded(desk: Desk, memory: MemoryChannel) -> None:
    await people(desk.database, 1)
    honest = memory.send
    looked: list[int] = []

    async def send(message: OutboundMessage) -> Sent:
        done = await honest(message)
        report = _update(str(done.external_id), DeliveryStatus.DELIVERED)
        await desk.campaigns.report(report)
        await desk.campaigns.report(report)
        looked.append(await _early(desk).step())
        return done

    memory.send = send  # type: ignore[method-assign]
    await sent(desk, await segment(desk.database, 1))
    assert looked == [0]
    assert len(await rows(desk, EarlyReportRow)) == 1
    assert await _early(desk).step() == 1
    assert await _states(desk) == ["delivered"]


async def test_what_is_about_no_message_of_ours_is_kept_only_while_one_is_sent_and_not_for_ever(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock
) -> None:
    stranger = _update("nobody knows it", DeliveryStatus.READ)
    assert not await desk.campaigns.report(stranger)
    assert await rows(desk, EarlyReportRow) == []
    await people(desk.database, 1)
    honest = memory.send

    async def send(message: OutboundMessage) -> Sent:
        await desk.campaigns.report(stranger)
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    await sent(desk, await segment(desk.database, 1))
    assert await _early(desk).step() == 0
    assert len(await rows(desk, EarlyReportRow)) == 1
    clock.advance(KEPT)
    assert await _early(desk).step() == 0
    assert await rows(desk, EarlyReportRow) == []


async def test_states_only_move_forward(desk: Desk) -> None:
    await people(desk.database, 1)
    await sent(desk, await segment(desk.database, 1))
    (one,) = await recipients(desk.database)
    for status, state in (
        (DeliveryStatus.READ, "read"),
        (DeliveryStatus.DELIVERED, "read"),
        (DeliveryStatus.FAILED, "read"),
    ):
        assert await desk.campaigns.report(_update(str(one.external_id), status))
        assert await _states(desk) == [state]
    assert await events(desk, "campaign.bounced") == []


async def _suppressed(desk: Desk) -> Sequence[tuple[str | None, str, str | None, int | None]]:
    found = await rows(desk, SuppressionRow, SuppressionRow.digest.is_(None))
    return [(one.contact_id, one.reason.value, one.channel, one.campaign_id) for one in found]


async def _next_run(desk: Desk, segment_id: int) -> list[tuple[str, str | None]]:
    """Launch another campaign for the same people; return what became of each."""
    campaign_id = await launched(desk, segment_id, "Next")
    await wake(desk).step()
    await dispatcher(desk).drain()
    (run,) = await desk.campaigns.campaigns.runs(campaign_id)
    async with desk.database.read() as session:
        query = select(CampaignRecipientRow).where(CampaignRecipientRow.run_id == run.id)
        found = (await session.scalars(query.order_by(CampaignRecipientRow.contact_id))).all()
    return [(str(one.state), one.reason) for one in found]


async def test_who_complains_gets_nothing_more_on_this_channel(desk: Desk) -> None:
    await people(desk.database, 2)
    segment_id = await segment(desk.database, 2)
    campaign_id = await sent(desk, segment_id)
    one, _ = await recipients(desk.database)
    for _ in range(2):
        await desk.campaigns.report(
            _update(str(one.external_id), DeliveryStatus.COMPLAINED, reason="abuse")
        )
    assert await _states(desk) == ["delivered", "sent"]
    (event,) = await events(desk, "campaign.complained")
    assert (event.contact_id, event.data["campaign_id"]) == (one.contact_id, campaign_id)
    assert await _suppressed(desk) == [(one.contact_id, "complained", "memory", campaign_id)]
    assert await _next_run(desk, segment_id) == [("skipped", "suppressed"), ("sent", None)]


async def test_a_complaint_is_obeyed_though_the_message_was_read(desk: Desk) -> None:
    await people(desk.database, 1)
    await sent(desk, await segment(desk.database, 1))
    (one,) = await recipients(desk.database)
    for status in (DeliveryStatus.READ, DeliveryStatus.COMPLAINED):
        await desk.campaigns.report(_update(str(one.external_id), status))
    assert await _states(desk) == ["read"]
    assert [word[1] for word in await _suppressed(desk)] == ["complained"]


@pytest.mark.parametrize(
    ("hard", "after"),
    [(True, ("skipped", "unreachable")), (False, ("sent", None))],
)
async def test_what_comes_back_is_failed_and_who_is_gone_is_not_written_to(
    desk: Desk, hard: bool, after: tuple[str, str | None]
) -> None:
    await people(desk.database, 1)
    segment_id = await segment(desk.database, 1)
    campaign_id = await sent(desk, segment_id)
    (one,) = await recipients(desk.database)
    await desk.campaigns.report(
        _update(
            str(one.external_id),
            DeliveryStatus.FAILED,
            reason="550 no such user",
            unreachable=hard,
        )
    )
    (one,) = await recipients(desk.database)
    assert (one.state.value, one.reason) == ("failed", "550 no such user")
    (event,) = await events(desk, "campaign.bounced")
    assert event.data["hard"] is hard
    assert event.data["campaign_id"] == campaign_id
    words = [(contact(0), "bounced", "memory", campaign_id)] if hard else []
    assert await _suppressed(desk) == words
    assert len(await events(desk, "contact.lost")) == hard
    assert await _next_run(desk, segment_id) == [after]


async def test_a_dead_address_is_not_the_person_s_only_one(desk: Desk) -> None:
    await people(desk.database, 1)
    async with desk.database.write() as session:
        session.add(
            ContactIdentityRow(
                id="other",
                contact_id=contact(0),
                channel="memory",
                account="a",
                external_id="other",
                created_at=NOON - timedelta(days=1),
            )
        )
    segment_id = await segment(desk.database, 1)
    await sent(desk, segment_id)
    (one,) = await recipients(desk.database)
    assert one.address == "u0"
    await desk.campaigns.report(
        _update(str(one.external_id), DeliveryStatus.FAILED, unreachable=True)
    )
    assert await _suppressed(desk) == []
    assert await _next_run(desk, segment_id) == [("sent", None)]
    assert [one.address for one in await recipients(desk.database)] == ["u0", "other"]
    assert SuppressionReason.BOUNCED not in [word[1] for word in await _suppressed(desk)]
