"""Reports over a log of a million messages: folding it, asking, and asking the plain way, side by side.

    uv run python -m bench.reports --messages 1000000

Prints how many events a second the figures take in, how long a report takes (the first, which reads, and the next),
and how long the same report takes by a loop over the whole log, as if nothing were rolled up. The figures must agree.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from analytics.reports import rollup
from analytics.reports.business import business_of
from analytics.reports.report import Query, Report
from analytics.reports.service import Reports
from app import migrate
from bench.processes import peak_mib
from desk.calendars.model import Calendar
from desk.clock import now
from desk.commerce.hours import Hours
from desk.commerce.hours import Span as HoursSpan
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.event import EventRow

_START = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR = 365 * 86_400
_AGENTS = [f"Agent {number}" for number in range(1, 21)]
_TEAMS = ("sales", "care", "returns")
_CHANNELS = ("webchat", "telegram", "email", "slack")
_TOPICS = ("refund", "delivery", "order_change", "complaint", "question")
_DAY = (HoursSpan(clock(9), clock(18)),)
_WORK = Calendar(
    name="work",
    hours=Hours(zone=ZoneInfo("Asia/Shanghai"), week=(_DAY, _DAY, _DAY, _DAY, _DAY, (), ())),
)


class Happening(dict[str, Any]):
    """A row of the log."""


def talk(number: int, dice: random.Random) -> Iterator[Happening]:
    """Yield the events of one conversation of about ten messages."""
    at = _START + timedelta(seconds=dice.random() * _YEAR)
    about = {"channel": dice.choice(_CHANNELS), "language": dice.choice(("en", "zh"))}
    agent, team = dice.choice(_AGENTS), dice.choice(_TEAMS)
    contact, conversation = f"contact{number % 40_000:024}", f"talk{number:027}"

    def event(name: str, seconds: float, **data: Any) -> Happening:
        nonlocal at
        at += timedelta(seconds=seconds)
        return Happening(
            name=name,
            contact_id=contact,
            conversation_id=conversation,
            occurred_at=at,
            data=data,
        )

    yield event("conversation.started", 0, **about)
    for _ in range(dice.randint(1, 4)):
        yield event("message.received", dice.expovariate(1 / 30), owner="bot", **about)
        yield event("message.sent", dice.uniform(0.2, 2), author="bot")
    if dice.random() < 0.45:
        yield event("message.received", 5, owner="bot", **about)
        reason = dice.choice(("asked", "angry", "not understood"))
        yield event("conversation.handoff_requested", 0.5, owner="waiting", reason=reason, **about)
        yield event(
            "conversation.taken_over",
            dice.expovariate(1 / 180),
            owner="human",
            agent=agent,
            team=team,
        )
        for _ in range(dice.randint(1, 5)):
            yield event("message.queued", dice.expovariate(1 / 90), author="agent", agent=agent)
            yield event("message.received", dice.expovariate(1 / 60), owner="human", **about)
        yield event("message.queued", dice.expovariate(1 / 60), author="agent", agent=agent)
        yield event(
            "conversation.resolved",
            60,
            owner="closed",
            outcome="solved",
            by=agent,
            topic=dice.choice(_TOPICS),
            team=team,
        )
        owner = {"feedback_id": number, "owner": "human", "agent": agent}
        yield event("feedback.surveyed", 0, **owner)
        if dice.random() < 0.3:
            yield event("feedback.scored", 40, score=dice.choice((1, 3, 4, 5, 5)), **owner)


def log(messages: int, seed: int) -> list[Happening]:
    """Return a log in the order of time."""
    dice, found, said, number = random.Random(seed), [], 0, 0
    while said < messages:
        events = list(talk(number, dice))
        said += sum(event["name"].startswith("message.") for event in events)
        found += events
        number += 1
    return sorted(found, key=lambda event: event["occurred_at"])


async def fill(database: Database, events: list[Happening]) -> None:
    """Write the log."""
    table = table_of(EventRow)
    for start in range(0, len(events), 20_000):
        async with database.write() as session:
            await session.execute(
                insert(table), [dict(each) for each in events[start : start + 20_000]]
            )


async def by_hand(database: Database, query: Query) -> dict[str, tuple[int, float]]:
    """Return count and median of the first response of each agent by a loop over the whole log."""
    since: dict[str, datetime] = {}
    found: dict[str, list[float]] = {}
    async with database.read() as session:
        rows = await session.stream(select(EventRow).order_by(EventRow.id))
        async for event in rows.scalars():
            key, data = event.conversation_id or "", event.data
            if event.name.startswith("conversation.") and data.get("owner") == "waiting":
                since[key] = event.occurred_at
            elif event.name == "message.queued" and data.get("author") == "agent" and key in since:
                waited = (event.occurred_at - since.pop(key)).total_seconds()
                if query.since <= event.occurred_at < query.until:
                    found.setdefault(data["agent"], []).append(waited)
    return {agent: (len(each), statistics.median(each)) for agent, each in found.items()}


def agree(report: Report, plain: dict[str, tuple[int, float]]) -> bool:
    """Say whether both ways give the same."""
    mine = {
        name: (part["first_response"].n, part["first_response"].median or 0.0)
        for name, part in report.groups.items()
        if part["first_response"].n
    }
    return mine.keys() == plain.keys() and all(
        mine[name][0] == n and abs(mine[name][1] - median) < 0.002
        for name, (n, median) in plain.items()
    )


async def main(messages: int, url: str | None) -> None:
    """Run it."""
    with tempfile.TemporaryDirectory() as folder:
        path = url or f"sqlite:///{Path(folder) / 'log.sqlite'}"
        await asyncio.to_thread(migrate.upgrade, path)
        database = Database(path)
        events = log(messages, 7)
        await fill(database, events)
        print(f"{len(events):,} events, {messages:,} messages")
        del events  # the figures must not look larger than they are
        await _fold(database)
        await _ask(database)
        await database.close()


async def _fold(database: Database) -> None:
    business = business_of(_WORK)
    reader, count, begun = (
        rollup.follower(database, now, business, batch=2_000),
        0,
        time.perf_counter(),
    )
    while found := await reader.step():
        count += found
    took = time.perf_counter() - begun
    print(f"folded: {count / took:,.0f} events/s ({took:.1f} s), {peak_mib():,.0f} MiB")


async def _ask(database: Database) -> None:
    async with database.read() as session:
        print("rows of the log:", await session.scalar(select(func.count()).select_from(EventRow)))
    reports = Reports(database)
    month = Query(
        since=_START + timedelta(days=180), until=_START + timedelta(days=210), by="agent"
    )
    year = Query(since=_START, until=_START + timedelta(days=370), by="agent")
    for name, query in (("30 days", month), ("a year", year)):
        times = []
        for second in range(4, -1, -1):
            # Each is another question, or the answer would be the one that was kept.
            asked = replace(query, until=query.until + timedelta(seconds=second))
            begun = time.perf_counter()
            report = await reports.report(asked)
            times.append(1000 * (time.perf_counter() - begun))
        begun = time.perf_counter()
        plain = await by_hand(database, query)
        took = 1000 * (time.perf_counter() - begun)
        if not agree(report, plain):
            raise SystemExit("the figures differ")
        print(
            f"{name}: first {times[0]:,.0f} ms, then {min(times[1:]):,.0f} ms (all metrics); "
            f"one metric by a loop over the log {took:,.0f} ms: {took / min(times[1:]):,.0f} times as long"
        )
    begun = time.perf_counter()
    await reports.with_before(replace(month, by="day"))
    print(
        f"the console's page (30 days by day, and the 30 before): {1000 * (time.perf_counter() - begun):,.0f} ms"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--database-url")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.messages, chosen.database_url))
