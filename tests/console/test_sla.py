"""Policies, calendars and running clocks in the console."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.wiring import Desk
from console.services import ConsoleServices
from desk.tables.access import AuditRow
from desk.tables.sla import BusinessCalendarRow, SlaPolicyRow, TicketClockRow
from tests.console.conftest import Browser
from tests.console.rule_desk import with_rules
from tests.talk import conversation, rows, says

WEEK = {"monday": "9:00-12:00, 13:00-17:00", "friday": "9:00-13:00"}


@pytest.fixture
def services(services: ConsoleServices, desk: Desk) -> ConsoleServices:
    """Return the console's collaborators with those of rules."""
    return with_rules(services, desk)


async def _make(mo: Browser, name: str = "Standard", **fields: str) -> None:
    sent = {"name": name, "enabled": "yes", "warn_percent": "80"}
    sent |= {"first_response.within": "4h", "first_response.calendar": "shop"}
    made = await mo.submit("/console/sla", **(sent | fields))
    assert made.status_code == 303, made.text


async def test_no_policies_yet(mo: Browser) -> None:
    page = await mo.see("/console/sla")
    assert "No policies yet" in page
    assert "nothing is promised" in page
    assert "No clock is running" in await mo.see("/console/sla/due")


async def test_a_policy_is_made_shown_changed_and_deleted(mo: Browser, desk: Desk) -> None:
    fields = {"priority.urgent": "yes", "segments": "premium, vip", "resolution.within": "2d"}
    await _make(mo, "<b>VIP</b>", **fields)
    page = await mo.see("/console/sla?priority=urgent&segment=vip")
    assert "&lt;b&gt;VIP" in page
    assert "<b>VIP" not in page
    assert "premium, vip" in page
    # Noon on a Monday is 7:00 in New York: two hours until the shop opens, then four.
    assert '<time datetime="2026-03-02T18:00:00+00:00"' in page
    assert "nothing is promised" in await mo.see("/console/sla?priority=low")
    form = await mo.see("/console/sla/1")
    assert 'value="2d"' in form
    sent = {"name": "VIP", "first_response.within": "30m", "warn_percent": "50"}
    await mo.submit("/console/sla/1", **sent)
    (row,) = await rows(desk, SlaPolicyRow)
    assert (row.name, row.enabled, row.targets["first_response"]["seconds"]) == (
        "VIP",
        False,
        1800,
    )
    await mo.submit("/console/sla/1/delete")
    assert "No policies yet" in await mo.see("/console/sla")
    things = {row.thing for row in await _audit(desk)}
    assert "sla_policy:1" in things


async def _audit(desk: Desk) -> Sequence[AuditRow]:
    async with desk.database.read() as session:
        return (await session.scalars(select(AuditRow))).all()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"first_response.within": ""}, "at least one target"),
        ({"first_response.within": "soon"}, "not a time such as"),
        ({"first_response.within": "999d"}, "at most a year"),
        ({"first_response.calendar": "moon"}, "no calendar"),
        ({"warn_percent": "0"}, "greater than or equal to 1"),
        ({"name": ""}, "name"),
        ({"segments": "x" * 65}, "segments"),
    ],
)
async def test_what_cannot_be_promised_is_said(
    mo: Browser, fields: dict[str, str], words: str
) -> None:
    sent = {"name": "p", "warn_percent": "80", "first_response.within": "4h"}
    refused = await mo.submit("/console/sla", **(sent | fields))
    assert refused.status_code == 422
    assert "was not saved" in refused.text
    assert words in refused.text


async def test_the_order_can_be_changed(mo: Browser, desk: Desk) -> None:
    for name in ("one", "two"):
        await _make(mo, name)
    await mo.submit("/console/sla/2/move", step="up")
    found = sorted(await rows(desk, SlaPolicyRow), key=lambda row: row.position)
    assert [row.name for row in found] == ["two", "one"]
    again = await mo.submit(
        "/console/sla", name="two", warn_percent="80", **{"resolution.within": "1h"}
    )
    assert again.status_code == 409


async def test_a_calendar_is_made_tried_out_and_kept_from_deletion(
    mo: Browser, desk: Desk
) -> None:
    sent = {"name": "North office", "zone": "Europe/Berlin", "country": "DE", "subdivision": "BY"}
    sent |= WEEK | {"days": "2026-12-24 9:00-11:00 Eve, early\n12-31"}
    tried = await mo.submit("/console/calendars", do="preview", **sent)
    assert tried.status_code == 200
    assert "2026-03-02 14:00" in tried.text  # an hour from 13:00 in Berlin
    assert await rows(desk, SlaPolicyRow) == []
    made = await mo.submit("/console/calendars", **sent)
    assert made.headers["location"] == "/console/calendars/North%20office?saved=1"
    page = await mo.see("/console/calendars/North%20office")
    assert "2026-12-24 9:00-11:00 Eve, early" in page
    listed = await mo.see("/console/calendars")
    for name in ("shop", "24/7", "North office", "DE BY"):
        assert name in listed
    await _make(mo, **{"first_response.calendar": "North office"})
    refused = await mo.submit("/console/calendars/North%20office/delete")
    assert refused.status_code == 409
    assert "Standard" in refused.text
    await mo.submit("/console/sla/1/delete")
    await mo.submit("/console/calendars/North%20office/delete")
    async with desk.database.read() as session:
        assert await session.get(BusinessCalendarRow, "North office") is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"monday": "", "friday": ""}, "always closed"),
        ({"monday": "9-17"}, "span of hours"),
        ({"zone": "Nowhere/Else"}, "no time zone"),
        ({"subdivision": "ZZ", "country": "US"}, "no part"),
        ({"days": "christmas"}, "no date"),
        ({"name": "a/b"}, "name"),
    ],
)
async def test_a_calendar_that_cannot_be_is_refused_in_words(
    mo: Browser, fields: dict[str, str], words: str
) -> None:
    sent = {"name": "c", "zone": "UTC", **WEEK}
    refused = await mo.submit("/console/calendars", **(sent | fields))
    assert refused.status_code == 422
    assert words in refused.text
    taken = await mo.submit("/console/calendars", **(sent | {"name": "shop"}))
    assert taken.status_code == 409


async def test_running_clocks(mo: Browser, desk: Desk) -> None:
    await says(desk, "hello")
    talk = await conversation(desk)
    ticket = await desk.tickets.open(
        key="k", conversation_id=talk.id, topic="question", title="<i>Lamp</i>", description="?"
    )
    async with desk.database.write() as session:
        session.add(
            TicketClockRow(
                ticket_id=ticket.id,
                kind="first_response",
                number=1,
                policy="Standard",
                calendar="shop",
                target_seconds=60,
                warn_percent=80,
                started_at=desk.clock(),
                due_at=datetime(2026, 3, 2, 11, tzinfo=UTC),
                warn_at=desk.clock(),
                pauses=[],
            )
        )
    page = await mo.see("/console/sla/due")
    assert "late" in page
    assert "&lt;i&gt;Lamp" in page


async def test_in_chinese(mo: Browser) -> None:
    await _make(mo)
    mo.headers["Accept-Language"] = "zh-CN"
    page = await mo.see("/console/sla")
    assert "响应时限" in page
    assert "首次响应" in page


async def test_strangers_see_nothing(stranger: Browser) -> None:
    for path in ("/console/sla", "/console/sla/new", "/console/calendars", "/console/rules"):
        assert (await stranger.get(path)).status_code == 303
