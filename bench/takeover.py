"""Races between agents who take conversations over and a bot at work in them: who wins, what leaks, how long it takes.

Run it from the repository's root: ``uv run python -m bench.takeover``, with ``--full`` for 100,000 races. They are
shared out evenly between the ways to take over (``service``: console, API; ``desk``: the agents' channel) and the
databases. It fails when a bot message was handed to a channel after a take-over was confirmed, when a race has not
exactly one winner, when fewer than a third met a bot at work, or when one take-over in a hundred takes longer than
the send time-out and half a second.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from app.wiring import build
from bench.figures import deliver, percentile, table
from desk.clock import now
from desk.outbox.relay import SEND_TIMEOUT
from desk.settings import Settings
from tests.databases import fresh_postgres, postgres_server, template_in
from tests.faults import desk_races, races
from tests.faults.desk_races import Field, WatchedDesk
from tests.faults.races import SlowChannel, SlowDialogue

FULL = 100_000
USUAL = 2_000
CHUNK = 500
"""Races on one database; then a fresh one, as twins in memory grow slow."""
LONGEST = SEND_TIMEOUT.total_seconds() + 0.5
AT_ONCE = {"service": 100, "desk": 10}


@dataclass(kw_only=True)
class Result:
    """What came of the races on one way and one database; ``waits`` are seconds."""

    way: str
    database: str
    races: int = 0
    in_flight: int = 0
    leaks: int = 0
    winners: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """What must not be."""
        p99 = percentile(self.waits, 99)
        return [
            f"{self.way} on {self.database}: {what}"
            for what, bad in (
                (f"{self.leaks} bot messages after a take-over", self.leaks > 0),
                (f"winners {dict(self.winners)}", set(self.winners) != {1}),
                (f"only {self.in_flight} met a bot at work", 3 * self.in_flight < self.races),
                (f"p99 {p99:.2f} s", p99 >= LONGEST),
            )
            if bad
        ]

    def row(self) -> list[str]:
        """Return a line of the table."""
        return [
            self.way,
            self.database,
            f"{self.races:,}",
            f"{self.in_flight:,}",
            str(self.leaks),
            ", ".join(str(one) for one in sorted(self.winners)),
            f"{percentile(self.waits, 50):.2f}",
            f"{percentile(self.waits, 99):.2f}",
            f"{max(self.waits):.2f}",
            f"{self.seconds:,.0f}",
        ]


async def through_service(settings: Settings, result: Result, count: int, at_once: int) -> None:
    """Race at the console's and the API's door."""
    channel, dialogue = SlowChannel(at_once=at_once), SlowDialogue()
    desk = build(settings, dialogue=dialogue, channels={channel.name: channel}, clock=now)
    try:
        found = await races.race(
            desk, channel, dialogue, rounds=max(1, count // at_once), at_once=at_once
        )
    finally:
        await desk.close()
    result.races += found.run
    result.in_flight += found.struck
    result.leaks += found.leaked
    result.winners.update(found.winners)
    result.waits += found.waits


async def through_desk(settings: Settings, result: Result, count: int, at_once: int) -> None:
    """Race at the agents' desk."""
    channel, dialogue, platform = SlowChannel(at_once=at_once), SlowDialogue(), WatchedDesk()
    desk = build(
        settings,
        dialogue=dialogue,
        channels={channel.name: channel},
        platform=platform,
        clock=now,
    )
    ground = Field(desk, platform, channel, dialogue)
    try:
        found = await desk_races.race(ground, rounds=max(1, count // at_once), at_once=at_once)
    finally:
        await desk.close()
    result.races += found.run
    result.in_flight += found.struck
    result.leaks += found.leaked
    result.winners.update(found.taken.values())
    result.winners[0] += found.run - len(found.taken)
    result.winners += Counter()  # leaves out what nobody won if that never was
    result.waits += found.waits


WAYS: dict[str, Callable[[Settings, Result, int, int], Awaitable[None]]] = {
    "service": through_service,
    "desk": through_desk,
}


@contextmanager
def fresh(database: str, server: str | None) -> Iterator[tuple[str, Path]]:
    """Give the URL of a database with all tables and no rows, and a folder."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-races-") as name:
        folder = Path(name)
        if server is None:
            yield f"sqlite:///{asyncio.run(template_in(folder))}", folder
            return
        with fresh_postgres(server) as url:
            yield url, folder


def measure(way: str, database: str, server: str | None, count: int, at_once: int) -> Result:
    """Run so many races, or a few more, on fresh databases."""
    result, began = Result(way=way, database=database), time.perf_counter()
    while result.races < count:
        with fresh(database, server) as (url, folder):
            rules = folder / "desk.yml"
            rules.write_text("history: 1\n")  # the back-fill is not what is raced here
            settings = Settings(
                _env_file=None,
                data_dir=folder,
                database_url=url,
                secret_key="s" * 32,
                rasa_token="t" * 16,
                desk_rules=rules,
            )
            some = min(CHUNK, count - result.races)
            asyncio.run(WAYS[way](settings, result, some, min(at_once, some)))
    result.seconds = time.perf_counter() - began
    return result


def report(results: list[Result]) -> str:
    """Return the table, and what was wrong."""
    head = (
        "way, database, races, bot at work, bot messages after, winners a race, "
        "taken over p50 s, p99 s, at most s, seconds"
    )
    wrong = [one for result in results for one in result.wrong]
    verdict = "\n".join(f"WRONG: {one}" for one in wrong) or "As it must be."
    return f"{table(head.split(', '), [one.row() for one in results])}\n\n{verdict}"


def main() -> int:
    """Race and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=USUAL)
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} races")
    parser.add_argument("--way", choices=[*WAYS], action="append")
    parser.add_argument("--database", choices=["SQLite", "PostgreSQL"], action="append")
    parser.add_argument("--at-once", type=int, help="races side by side")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="write the Markdown text to a file, too")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    ways = options.way or [*WAYS]
    databases = options.database or ["SQLite", "PostgreSQL"]
    each = (FULL if options.full else options.races) // (len(ways) * len(databases))
    results: list[Result] = []
    with ExitStack() as stack:
        urls: dict[str, str | None] = {"SQLite": None}
        if "PostgreSQL" in databases:
            urls["PostgreSQL"] = stack.enter_context(postgres_server())
        for database in databases:
            for way in ways:
                at_once = options.at_once or AT_ONCE[way]
                results.append(measure(way, database, urls[database], each, at_once))
    data: dict[str, Any] = {
        "results": [
            {
                **{name: getattr(one, name) for name in ("way", "database", "races", "leaks")},
                "in_flight": one.in_flight,
                "winners": dict(one.winners),
                "p50": percentile(one.waits, 50),
                "p99": percentile(one.waits, 99),
            }
            for one in results
        ]
    }
    deliver(report(results), data, as_json=options.json, out=options.out)
    return any(one.wrong for one in results)


if __name__ == "__main__":
    raise SystemExit(main())
