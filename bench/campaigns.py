"""How fast a campaign is planned and sent, with how much memory, beside a plain loop and a job for each recipient.

Run it from the repository's root: ``uv run python -m bench.campaigns --people 20000 --out campaigns.md``; against
procrastinate, too: ``uv run --with procrastinate python -m bench.campaigns --jobs``.

Everything goes to a channel that does nothing, so that what is measured is ours. It fails when somebody was not sent
to exactly once. With a limited channel the time is compared with the least that its limit allows.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.figures import deliver, table
from desk.store.database import parse_url
from tests.databases import fresh_postgres, postgres_server, template_in

_LIMIT = 100
_RUNS = (
    ("loop", "", 0),
    *(("ours", database, rate) for database in ("SQLite", "PostgreSQL") for rate in (0, 1)),
)
_WORDS = {0: "", 1: ", each in a transaction of its own"}
_HEAD = (
    *("side", "database", "people", "planned a second", "sent a second"),
    *("µs of processor time each", "memory grown, MiB"),
)


@contextmanager
def sqlite() -> Iterator[str]:
    """Give a file with all tables, on the disk and with its syncs."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        yield f"sqlite:///{asyncio.run(template_in(Path(folder)))}"


def side(name: str, url: str, people: int, rate: int = 0) -> dict[str, Any]:
    """Run a side in a process of its own; raises when somebody was left out or got it twice."""
    arguments = (sys.executable, "-m", "bench.campaign_sides", name, url, str(people), str(rate))
    said = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    if found["sent"] != people:
        raise SystemExit(f"{name}: sent {found['sent']} instead of {people}")
    return found


def _row(name: str, database: str, people: int, found: dict[str, Any]) -> list[str]:
    seconds, used = found["send"]
    planned = f"{people / found['plan'][0]:,.0f}" if "plan" in found else ""
    return [
        name,
        database,
        f"{people:,}",
        planned,
        f"{people / seconds:,.0f}",
        f"{used / people * 1e6:,.0f}",
        f"{found['grown'] / 2**20:,.1f}",
    ]


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--limited", type=int, default=2_000, help="people on the limited channel")
    parser.add_argument("--jobs", action="store_true", help="also procrastinate")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    rows: list[list[str]] = []
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(durable=True))
        urls = {
            "SQLite": lambda: stack.enter_context(sqlite()),
            "PostgreSQL": lambda: stack.enter_context(fresh_postgres(server)),
        }
        for name, database, rate in _RUNS:
            one = side(name, urls[database]() if database else "-", asked.people, rate)
            found[f"{name} {database} {rate}"] = one
            rows.append(_row(f"{name}{_WORDS[rate]}", database, asked.people, one))
        if asked.jobs:
            plain = parse_url(urls["PostgreSQL"]()).set(drivername="postgresql")
            url = plain.render_as_string(hide_password=False)
            found["jobs"] = side("jobs", url, asked.people)
            rows.append(_row("jobs", "PostgreSQL", asked.people, found["jobs"]))
        limited = side("ours", urls["SQLite"](), asked.limited, _LIMIT)
    # The first second's room is there at once.
    least = (asked.limited - _LIMIT) / _LIMIT
    found["limited"] = {**limited, "least": least}
    words = (
        f"{asked.limited:,} people on a channel that allows {_LIMIT} a second: {limited['send'][0]:.2f} s,"
        f" {limited['send'][0] / least:.3f} times the least ({least:.2f} s)."
    )
    deliver(f"{table(_HEAD, rows)}\n\n{words}", found, as_json=asked.json, out=asked.out)


if __name__ == "__main__":
    main()
