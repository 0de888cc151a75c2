"""How long the console's pages take on a large desk, and how many questions each asks the database.

    uv run python -m bench.console [--conversations 100000] [--messages 1000000] [--keep FILE | --postgres]

The database is SQLite, or a PostgreSQL server of its own; the pages come through the whole application, without a
network in between.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app import migrate, web
from app.served import console_services
from app.wiring import Desk, build
from bench.console_rows import NOW, Builder, Size, into_postgres, into_sqlite
from bench.figures import table
from console.routes import routes
from console.services import ConsoleServices
from desk.canned import Canned
from desk.contacts.timeline import Timeline
from desk.dialogue.memory import MemoryDialogue
from desk.health import Health
from desk.settings import Settings
from desk.store.database import parse_url
from tests.databases import fresh_postgres, postgres_server

_HOST = "https://desk.example.com"
_TOKEN = "a-console-token-for-the-bench-0123"
_LIMIT_MS = 150
_ROUNDS = 7
_LONG, _SHORT, _PERSON = f"{3:04x}{0:028x}", f"{3:04x}{7:028x}", f"{1:04x}{0:028x}"
PAGES = {
    "inbox": "/console",
    "inbox, mine": "/console?queue=mine",
    "inbox, waiting": "/console?queue=waiting",
    "inbox, resolved": "/console?queue=closed",
    "inbox, put off": "/console?queue=snoozed",
    "inbox, refresh": "/console/inbox/live",
    "conversation": f"/console/conversations/{_SHORT}",
    "conversation, 10,000 messages": f"/console/conversations/{_LONG}",
    "conversation, refresh": f"/console/conversations/{_SHORT}/live",
    "search, common word": "/console/search?q=order",
    "search, rare word": "/console/search?q=ref4242",
    "search, two words": "/console/search?q=lamp+refund",
    "search, Chinese": "/console/search?q=退款",
    "search, long Chinese": "/console/search?q=申请退款",
    "search, start of a word": "/console/search?q=re",
    "search, nothing": "/console/search?q=zzzzz",
    "search, name": "/console/search?q=person+000123",
    "search, name and word": "/console/search?q=000123+lamp",
    "search, address": "/console/search?q=person99@example.org",
    "search, order": "/console/search?q=100123",
    "search, filtered": "/console/search?q=order&channel=x&by=agent&days=30",
    "search, signs": "/console/search?q=%23ref42",
    "contacts": "/console/contacts",
    "contacts, found": "/console/contacts?q=customer",
    "contact": f"/console/contacts/{_PERSON}",
    "contact, messages": f"/console/contacts/{_PERSON}?show=messages",
    "overview": "/console/overview",
    "overview, all time": "/console/overview?period=all&by=agent",
    "saved replies": "/console/canned",
}


@contextmanager
def counted(*engines: AsyncEngine) -> Iterator[list[str]]:
    """Collect the statements that engines run inside the block."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "COMMIT")):
            asked.append(statement)

    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine.sync_engine, "before_cursor_execute", note)


def services_of(desk: Desk) -> ConsoleServices:
    """Return the console's services with everything that a page may want."""
    services = console_services(desk)
    if services is None:
        raise SystemExit("the console has no token")
    return replace(
        services,
        timeline=services.timeline or Timeline(desk.database),
        canned=services.canned or Canned(desk.database, desk.clock),
        health=services.health or Health(desk.database, desk.clock),
    )


async def measure(url: str, folder: Path) -> list[tuple[str, float, float, int, int]]:
    """Return for each page its name, milliseconds, those of a core, questions and bytes."""
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        database_url=url,
        secret_key="a-secret-for-the-bench-0123456789abcdef",
        rasa_token="a-token-for-the-bench-0123456789",
        console_token=_TOKEN,
    )
    desk = build(settings, dialogue=MemoryDialogue(), channels={}, clock=lambda: NOW)
    app = web.build(desk, *routes(services_of(desk)))
    database = desk.database
    engines = {database.engine, database._reader}
    found = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=_HOST
    ) as browser:
        fields = {"token": _TOKEN, "agent": "Agent 01"}
        entered = await browser.post("/console/sign-in", data=fields, headers={"Origin": _HOST})
        if entered.status_code != 303:
            raise SystemExit(f"could not sign in: {entered.status_code}")
        for name, address in PAGES.items():
            times, cpu, asked, size = [], [], 0, 0
            for _ in range(_ROUNDS):
                with counted(*engines) as statements:
                    start, worked = time.perf_counter(), time.process_time()
                    response = await browser.get(address)
                    times.append((time.perf_counter() - start) * 1_000)
                    cpu.append((time.process_time() - worked) * 1_000)
                if response.status_code != 200:
                    raise SystemExit(f"{name}: {response.status_code}")
                asked, size = len(statements), len(response.content)
            # The first time the files are cold and statements are compiled; a second person does not feel it.
            found.append((name, median(times[1:]), median(cpu[1:]), asked, size))
    await desk.close()
    return found


@contextmanager
def built(size: Size, keep: Path | None, *, postgres: bool) -> Iterator[str]:
    """Give the URL of a desk of a size; what is at ``keep`` already is taken as it is."""
    with ExitStack() as stack:
        start = time.perf_counter()
        if postgres:
            server = stack.enter_context(postgres_server(durable=True))
            url = stack.enter_context(fresh_postgres(server, "template1"))
            plain = parse_url(url).set(drivername="postgresql")
            sink = into_postgres(plain.render_as_string(hide_password=False))
        else:
            path = keep or Path(stack.enter_context(TemporaryDirectory())) / "desk.sqlite"
            url, sink = f"sqlite:///{path}", into_sqlite(path)
        if postgres or not path.exists():
            migrate.upgrade(url)
            with sink as write:
                Builder(write, size).build()
            print(f"built in {time.perf_counter() - start:,.0f} s")
        yield url


def main() -> None:
    """Build the desk, ask for every page, print the figures; fail if a page is too slow."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--conversations", type=int, default=100_000)
    reader.add_argument("--messages", type=int, default=1_000_000)
    where = reader.add_mutually_exclusive_group()
    where.add_argument("--keep", type=Path, help="build the database here, or use what is there")
    where.add_argument(
        "--postgres", action="store_true", help="on PostgreSQL, in a folder that goes"
    )
    chosen = reader.parse_args()
    size = Size(chosen.conversations, chosen.messages)
    with built(size, chosen.keep, postgres=chosen.postgres) as url, TemporaryDirectory() as folder:
        found = asyncio.run(measure(url, Path(folder)))
    head = ("page", "ms", "of a core", "questions", "kB")
    rows = [
        (name, f"{ms:.1f}", f"{cpu:.1f}", str(asked), f"{size / 1_000:.0f}")
        for name, ms, cpu, asked, size in found
    ]
    print(table(head, rows))
    slow = [name for name, ms, *_ in found if ms > _LIMIT_MS]
    if slow:
        raise SystemExit(f"slower than {_LIMIT_MS} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main()
