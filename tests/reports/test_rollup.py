"""The figures in the database: whatever the portions, what a replay gives, and what plain loops say."""

import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from analytics.reports import rollup
from analytics.reports.business import at, business_of
from analytics.reports.report import Query, Report
from analytics.reports.service import Reports
from analytics.reports.span import Kind
from desk import events
from desk.clock import StoppedClock
from desk.errors import InvalidError
from desk.events import Event
from desk.store.database import Database
from desk.tables.metrics import MetricGroupRow, MetricOpenRow, MetricSpanRow, MetricStateRow
from tests.reports import oracle, shop, ticket_oracle
from tests.reports.calendar import WORK
from tests.reports.oracle import Happening, Line
from tests.reports.streams import START
from tests.reports.test_fold import working

BUSINESS = business_of(WORK)
MONTH = Query(since=START, until=START + timedelta(days=60))


async def happen(database: Database, log: Sequence[Happening]) -> None:
    async with database.write() as session:
        events.append(session, *(Event(**asdict(event)) for event in log))


async def follow(database: Database, clock: StoppedClock, batch: int = 500) -> None:
    reader = rollup.follower(database, clock, BUSINESS, batch=batch)
    while await reader.step():
        pass


async def rows(database: Database) -> tuple[Any, ...]:
    """Everything that was computed, without the numbers that tell when."""
    spans = (
        select(
            MetricSpanRow.subject,
            MetricSpanRow.number,
            MetricSpanRow.round,
            MetricSpanRow.customer,
            MetricSpanRow.started,
            MetricSpanRow.ended,
            MetricSpanRow.lasted,
            MetricSpanRow.business,
            MetricSpanRow.value,
            MetricGroupRow,
        )
        .join(MetricGroupRow, MetricGroupRow.id == MetricSpanRow.group_id)
        .order_by(MetricSpanRow.subject, MetricSpanRow.number)
    )
    async with database.read() as session:
        found = [
            (*row[:-1], row[-1].kind, row[-1].agent, row[-1].topic, row[-1].team)
            for row in await session.execute(spans)
        ]
        opened = sorted(
            (await session.execute(select(MetricOpenRow.subject, MetricOpenRow.started))).all()
        )
        states = sorted(
            (await session.execute(select(MetricStateRow.subject, MetricStateRow.state))).all()
        )
    return found, opened, states


def facts(log: list[Happening]) -> list[Line]:
    """Everything that plain loops say of a log."""
    return [*oracle.lines(log, working), *ticket_oracle.lines(log, working)]


async def test_portions_of_any_size_give_what_a_replay_gives(
    database: Database, clock: StoppedClock
) -> None:
    log, dice = shop.log(60, 1), random.Random(2)
    for start in range(0, len(log), 97):
        await happen(database, log[start : start + 97])
        await follow(database, clock, dice.choice((1, 7, 40, 500)))
    before = await rows(database)
    assert len(before[0]) > 400
    assert await rollup.rebuild(database, clock, BUSINESS) == len(log)
    assert await rows(database) == before


async def test_reports_say_what_plain_loops_say(database: Database, clock: StoppedClock) -> None:
    log = shop.log(150, 3)
    await happen(database, log)
    await follow(database, clock, 64)
    lines = facts(log)
    reports = Reports(database)
    for query in (
        MONTH,
        Query(since=START + timedelta(days=5), until=START + timedelta(days=12), by="agent"),
        Query(since=START, until=START + timedelta(days=40), by="topic"),
        Query(
            since=START, until=START + timedelta(days=40), by="team", only={"channel": "webchat"}
        ),
        Query(since=START, until=START + timedelta(days=40), by="language"),
        Query(since=START, until=START + timedelta(days=40), by="segment"),
        Query(since=START, until=START + timedelta(days=40), by="channel", only={"agent": "Mo"}),
        Query(since=START, until=START + timedelta(days=40), by="week", zone="Asia/Shanghai"),
        Query(since=START, until=START + timedelta(days=40), by="day", zone="America/New_York"),
        Query(since=START, until=START + timedelta(days=60), by="month", zone="Europe/Berlin"),
    ):
        same(await reports.report(query), lines)


async def test_what_was_read_before_is_as_good_as_what_is_read_now(
    database: Database, clock: StoppedClock
) -> None:
    log = shop.log(40, 5)
    reports = Reports(database)
    for start in range(0, len(log), 60):
        await happen(database, log[start : start + 60])
        await follow(database, clock, 25)
        same(await reports.report(MONTH), facts(log[: start + 60]))
    await rollup.rebuild(database, clock, BUSINESS)
    same(await reports.report(MONTH), facts(log))


def same(report: Report, lines: list[Line]) -> None:
    """Compare a report with facts, one metric of one group after the other."""
    kept = [line for line in lines if _is_asked(line, report)]
    _same_figures(report.total, kept)
    names = {_name(line, report) for line in kept} if report.by else set()
    for name, part in report.groups.items():
        _same_figures(part, [line for line in kept if _name(line, report) == name])
    assert names <= report.groups.keys()
    handoffs = Counter(line.reason for line in kept if line.kind == "handoff")
    assert report.reasons == dict(handoffs)


def _is_asked(line: Line, report: Report) -> bool:
    words = {"agent": "nobody"}
    return report.since <= line.ended < report.until and all(
        (getattr(line, key) or words.get(key, "unknown")) == word
        for key, word in report.only.items()
    )


def _name(line: Line, report: Report) -> str:
    day = line.ended.astimezone(ZoneInfo(report.zone)).date()
    if report.by == "day":
        return str(day)
    if report.by == "week":
        return str(date.fromordinal(day.toordinal() - day.weekday()))
    if report.by == "month":
        return f"{day:%Y-%m}"
    word: str = getattr(line, report.by or "")
    return word or ("nobody" if report.by == "agent" else "unknown")


_TIMES = (
    "first_response", "next_response", "bot_response", "waiting", "handling", "resolution",
    "total_resolution", "bot_resolution", "ticket_reply", "ticket_resolution",
)  # fmt: skip
_COUNTS = {"conversations": "started", "handoffs": "handoff", "abandoned": "abandoned",
           "reopened": "reopened", "spam": "spam", "ended": "ended",
           "tickets_opened": "ticket_opened", "tickets_resolved": "ticket_resolution",
           "tickets_reopened": "ticket_reopened"}  # fmt: skip


def _same_figures(part: Any, lines: list[Line]) -> None:
    def of(kind: str) -> list[Line]:
        return [line for line in lines if line.kind == kind]

    for kind in _TIMES:
        _same_times(part[kind], [line.lasted.total_seconds() for line in of(kind)], "")
        _same_times(part[kind], [line.business.total_seconds() for line in of(kind)], "business_")
    for metric, kind in _COUNTS.items():
        assert part[metric].value == len(of(kind)), metric
    for metric, kind in (
        ("messages_in", "contact"),
        ("messages_bot", "bot"),
        ("messages_agent", "agent"),
    ):
        assert part[metric].value == sum(line.value or 0 for line in of(f"said_{kind}"))
    assert part["customers"].n == len({line.customer for line in of("said_contact")})
    _same_times(part["messages_per_conversation"], [line.value or 0 for line in of("ended")], "")
    ended = of("ended")
    _same_share(part["containment"], [line.actor == "bot" for line in ended])
    off = len(of("handed_off"))
    assert part["handoff_rate"].value == (off / len(ended) if ended else None)
    resolved = [line for line in ended if line.reason != "quiet"]
    back = len(of("reopened"))
    assert part["reopen_rate"].value == (back / len(resolved) if resolved else None)
    _same_share(part["csat"], [(line.value or 0) >= 4 for line in of("csat")])
    clocks = [*of("sla_met"), *of("sla_breached")]
    _same_share(part["sla_hit_rate"], [line.kind == "sla_met" for line in clocks])
    _same_share(part["csat_response"], [line.value == 1 for line in of("csat_asked")])


def _same_times(figure: Any, values: list[float], prefix: str) -> None:
    assert figure.n == len(values)
    if not values:
        assert figure.value is None
        return
    ordered = sorted(values)
    nine_of_ten = ordered[-(-9 * len(ordered) // 10) - 1]
    assert getattr(figure, f"{prefix}median") == pytest.approx(statistics.median(values))
    assert getattr(figure, f"{prefix}p90") == pytest.approx(nine_of_ten)
    assert getattr(figure, f"{prefix}mean") == pytest.approx(statistics.fmean(values))


def _same_share(figure: Any, yes: list[bool]) -> None:
    assert figure.n == len(yes)
    assert figure.value == (pytest.approx(sum(yes) / len(yes)) if yes else None)


async def test_one_customer_with_two_contacts_counts_once(
    database: Database, clock: StoppedClock
) -> None:
    def said(contact: str, minute: int) -> Happening:
        when = START + timedelta(minutes=minute)
        return Happening("message.received", when, contact, f"talk of {contact}", {})

    def merged(name: str, kept: str, other: str) -> Happening:
        return Happening(name, START + timedelta(hours=1), kept, None, {"other_id": other})

    reports = Reports(database)
    await happen(database, [said("a", 1), said("b", 2), said("c", 3)])
    await follow(database, clock)
    assert (await reports.report(MONTH)).total["customers"].n == 3
    await happen(
        database, [merged("contact.merged", "b", "a"), merged("contact.merged", "c", "b")]
    )
    await follow(database, clock)
    assert (await reports.report(MONTH)).total["customers"].n == 1
    await happen(database, [merged("contact.split", "b", "a")])
    await follow(database, clock)
    assert (await reports.report(MONTH)).total["customers"].n == 2
    await rollup.rebuild(database, clock, BUSINESS)
    assert (await reports.report(MONTH)).total["customers"].n == 2


async def test_what_has_not_ended_is_told_apart(database: Database, clock: StoppedClock) -> None:
    def event(name: str, minute: int, **data: Any) -> Happening:
        return Happening(name, START + timedelta(minutes=minute), "a", "t", data)

    log = [
        event("conversation.started", 0, channel="webchat"),
        event("message.received", 0),
        event("conversation.handoff_requested", 5, owner="waiting", reason="asked"),
    ]
    await happen(database, log)
    await follow(database, clock)
    report = await Reports(database).report(MONTH)
    assert report.open["waiting"].n == 1
    assert report.open["waiting"].since == START + timedelta(minutes=5)
    assert report.open["first_response"].n == report.open["conversations"].n == 1
    assert report.total["first_response"].n == 0
    await happen(database, [event("conversation.resolved", 9, owner="closed", outcome="solved")])
    await follow(database, clock)
    assert (await Reports(database).report(MONTH)).open == {}


async def test_spam_is_left_out_also_of_what_was_counted_before(
    database: Database, clock: StoppedClock
) -> None:
    def event(name: str, minute: int, **data: Any) -> Happening:
        return Happening(name, START + timedelta(minutes=minute), "a", "t", data)

    log = [
        event("conversation.started", 0),
        event("message.received", 0),
        event("conversation.taken_over", 1, owner="human", agent="Mo"),
        event("message.queued", 2, author="agent", agent="Mo"),
        event("conversation.resolved", 3, owner="closed", outcome="spam"),
    ]
    reports = Reports(database)
    for one in log:
        await happen(database, [one])
        await follow(database, clock)
        found = (await reports.report(MONTH)).total
        if one is log[3]:
            assert found["first_response"].n == found["conversations"].n == 1
    assert found["spam"].n == 1
    assert not any(figure.n for name, figure in found.items() if name != "spam")
    async with database.read() as session:
        kinds = set(await session.scalars(select(MetricGroupRow.kind)))
    assert {Kind.VOID, Kind.SPAM} <= kinds


async def test_no_figures_are_no_figures(database: Database) -> None:
    report = await Reports(database).report(MONTH)
    assert report.is_empty
    assert report.total["first_response"].value is None
    assert (
        await Reports(database).report(
            Query(since=START, until=START + timedelta(days=3), by="day")
        )
    ).groups


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": START},
        {"by": "weather"},
        {"zone": "Mars/Base"},
        {"only": {"weather": "rain"}},
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        Query(**({"since": START, "until": START + timedelta(days=1)} | wrong))


def test_the_clock_of_the_spans_is_that_of_the_log() -> None:
    when = datetime.fromisoformat("2026-03-29T01:30:00.123+00:00")
    assert at(round(when.timestamp() * 1000)) == when
