"""The list that people look through."""

from datetime import timedelta
from typing import Any

import pytest

from desk.feedback.listing import Listed, Listing, Wanted
from desk.tables.feedback import FeedbackKind
from tests.feedback.studio import Studio

_HOUR = timedelta(hours=1)


@pytest.fixture
async def rated(studio: Studio) -> Studio:
    """Return a studio with five conversations, rated 1 to 5, the second without an answer."""
    studio.set(cool_down="0s")
    for number in range(1, 6):
        thread, agent = f"c{number}", ("mo", "kim")[number % 2]
        await studio.hear("Hello", thread, channel="memory" if number < 5 else "webchat")
        await studio.answer(thread=thread)
        await studio.resolve(thread, agent)
        assert await studio.ask(thread, agent)
        if number != 2:
            row = await studio.row(thread)
            await studio.feedback.record(conversation_id=row.id, score=number, key=f"r{number}")
        studio.clock.advance(_HOUR)
    return studio


async def _list(studio: Studio, **wanted: Any) -> Listed:
    return await studio.feedback.list(Wanted(**wanted))


@pytest.mark.parametrize(
    ("wanted", "scores"),
    [
        ({}, [5, 4, 3, None, 1]),
        ({"kind": FeedbackKind.CSAT}, [5, 4, 3, None, 1]),
        ({"kind": FeedbackKind.NPS}, []),
        ({"score": 4}, [4]),
        ({"low": True}, [1]),
        ({"to_follow_up": True}, [1]),
        ({"commented": True}, []),
        ({"agent": "mo"}, [4, None]),
        ({"channel": "webchat"}, [5]),
        ({"agent": "mo", "channel": "webchat"}, []),
    ],
)
async def test_filters(rated: Studio, wanted: dict[str, Any], scores: list[int | None]) -> None:
    found = await _list(rated, **wanted)
    assert [item.score for item in found.items] == scores


async def test_by_time(rated: Studio) -> None:
    now = rated.clock()
    found = await _list(rated, since=now - 2 * _HOUR, until=now - _HOUR)
    assert [item.score for item in found.items] == [4]


async def test_pages_show_everything_once(rated: Studio) -> None:
    seen, before = [], None
    while True:
        page = await _list(rated, limit=2, before=before)
        seen += [item.score for item in page.items]
        before = page.older
        assert page.counts[0].asked == 5, "the counts are about all pages"
        if before is None:
            break
    assert seen == [5, 4, 3, None, 1]


async def test_the_counts_are_the_response_rate(rated: Studio) -> None:
    (csat,) = (await _list(rated)).counts
    assert (csat.kind, csat.asked, csat.answered, csat.response_rate) == ("csat", 5, 4, 0.8)
    (mo,) = (await _list(rated, agent="mo")).counts
    assert (mo.asked, mo.answered) == (2, 1)


async def test_a_low_score_names_its_ticket_until_it_is_done(rated: Studio) -> None:
    (item,) = (await _list(rated, low=True)).items
    assert (item.ticket, item.is_open, item.is_low) == ("T-000001", True, True)
    await rated.tickets.set(number="T-000001", status="resolved", by="mo")
    assert (await _list(rated, to_follow_up=True)).items == ()
    (item,) = (await _list(rated, low=True)).items
    assert (item.ticket, item.is_open) == ("T-000001", False)


async def test_what_is_only_planned_is_not_shown(studio: Studio) -> None:
    studio.set(after_resolution={"delay": "1h"})
    await studio.hear("Hello")
    await studio.answer()
    await studio.resolve()
    await studio.ask()
    assert (await _list(studio)).items == ()


async def test_channels(rated: Studio) -> None:
    assert await Listing(rated.database).channels() == ["memory", "webchat"]


async def test_no_channels_yet(studio: Studio) -> None:
    assert await Listing(studio.database).channels() == []
