"""What a marketer of the demo shop would have prepared: a segment, and the draft of a campaign.

What it offers to everybody stands in its policies.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from analytics.campaigns import plan
from analytics.campaigns.service import Campaigns
from analytics.segments.model import Draft as SegmentDraft
from analytics.segments.service import Segments

BY = "demo"
_SEGMENT = SegmentDraft(
    name="Tea lovers",
    description="Bought tea in the last year",
    every=timedelta(days=1),
    rule={
        "version": 1,
        "where": {"kind": "purchase", "category": "tea", "window": {"days": 365}},
    },
)
_CAMPAIGN = "New teas"


async def prepare(segments: Segments, campaigns: Campaigns, now: datetime) -> bool:
    """Write it down where there is none of it yet; say whether something was written. Nothing is launched."""
    if await segments.list() or await campaigns.list(limit=1):
        return False
    lovers = await segments.create(_SEGMENT, by=BY)
    await campaigns.create(_CAMPAIGN, plan.read(_plan(lovers.id, now)), by=BY)
    return True


def _plan(segment_id: int, now: datetime) -> Mapping[str, Any]:
    return {
        "segment_id": segment_id,
        "channels": ["telegram", "email", "webchat"],
        "variants": [
            _variant(
                "news",
                "Hi {name|there}, our spring teas have come. Which one would you like to try?",
                "{name|您好}，春季新茶已到店，想先尝哪一款？",
            ),
            _variant(
                "price",
                "Hi {name|there}, take two packs of jasmine green tea: the second costs half.",
                "{name|您好}，茉莉绿茶第二件半价，欢迎选购。",
            ),
        ],
        "schedule": {
            "kind": "local",
            "day": f"{now + timedelta(days=7):%Y-%m-%d}",
            "clock": "09:00",
        },
        "holdout": 0.1,
    }


def _variant(name: str, english: str, chinese: str) -> Mapping[str, Any]:
    contents = {
        "en": {"text": english, "subject": "New teas"},
        "zh": {"text": chinese, "subject": "新茶到店"},
    }
    return {"name": name, "template": {"contents": contents}}
