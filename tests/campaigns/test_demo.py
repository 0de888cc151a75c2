"""What is prepared for the demo shop."""

from datetime import timedelta

from analytics.campaigns.composing import VALUES
from analytics.campaigns.lint import Launch, Severity, lint
from app import demo_marketing
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.tables.campaign import CampaignState
from tests.conftest import NOON


async def test_there_are_a_segment_and_a_draft_once(desk: Desk) -> None:
    segments, campaigns = desk.insight.segments, desk.campaigns.campaigns
    assert await demo_marketing.prepare(segments, campaigns, NOON)
    assert not await demo_marketing.prepare(segments, campaigns, NOON)
    (lovers,) = await segments.list()
    (one,) = await campaigns.list()
    assert (one.state, one.plan.segment_id) == (CampaignState.DRAFT, lovers.id)
    assert one.plan.schedule.model_dump()["day"] == (NOON + timedelta(days=7)).date()
    launch = Launch(shape=MemoryChannel(), known=VALUES, has_subject=True, one_click=True)
    found = [each for variant in one.plan.variants for each in lint(variant.template, launch)]
    assert {(each.severity, each.code) for each in found} <= {(Severity.HINT, "no_way_out")}
