"""How channels take what platforms send: accepted a second, and what becomes of spoilt requests.

Run it from the repository's root: ``uv run python -m bench.channels``. The platforms are those of the tests; the
desk is the product's, on SQLite. ``--fuzz 100000`` is what each channel is given in process; ``--only slack`` measures
one. It ends with an error if any request is answered with 5xx or is let in without its signature.
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select
from starlette.exceptions import HTTPException

from app import migrate
from app.wiring import Desk, build
from bench.figures import deliver, percentile, table
from bench.mutations import flip, garbage, spoil, spoil_header
from bench.processes import cost
from desk.clock import now
from desk.dialogue.memory import MemoryDialogue
from desk.errors import FrontdeskError
from desk.message import WebhookRequest, read_each
from desk.settings import Settings
from desk.tables.channel import UnreadRow
from desk.tables.inbox import InboxRow
from tests.channels.subjects import CALLERS, SUBJECTS, Subject, open_subject

CONNECTIONS = 8
_AT_ONCE = 64
"""Spoilt requests under way, so that the groups in which they are stored are large."""
_CHATS = 20
_WARM = 0.1
"""The share of the fuzzing after which memory is measured for the first time."""
_STANDSTILL = 5.0
"""Seconds without a new row after which a platform's pace has the better of us."""
_MOST_GROWTH = 20 * 2**20
_PROOFS: dict[str, tuple[str, ...]] = {
    "telegram": ("x-telegram-bot-api-secret-token",),
    "slack": ("x-slack-signature", "x-slack-request-timestamp"),
    "x": ("x-twitter-webhooks-signature",),
    "matrix": ("authorization",),
    "webhook": ("webhook-id", "webhook-timestamp", "webhook-signature"),
}
"""The headers that prove who calls."""
_SIGNS_BODY = {"slack", "x", "webhook"}
"""Where the proof covers the body; elsewhere it is a secret that comes with it."""


@dataclass(kw_only=True)
class Result:
    """What came of one channel."""

    channel: str
    accepted_a_second: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    fuzzed: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    growth_bytes: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing was let in or broken, and memory stayed."""
        return not self.failures and self.growth_bytes < _MOST_GROWTH


class Bench:
    """One channel on a desk of its own."""

    def __init__(self, name: str, desk: Desk, subject: Subject) -> None:
        self.desk = desk
        self.subject = subject
        self.result = Result(channel=name)
        self._number = 0

    def raw(self) -> dict[str, Any]:
        """Return the next update: a customer's text."""
        self._number += 1
        words = "Where is my order 10023?"
        return self.subject.text(n=self._number, chat=1 + self._number % _CHATS, words=words)

    async def accept(self, seconds: float) -> None:
        """Take requests for some seconds, always eight under way; every one is a new row.

        Everybody has written once before: Matrix asks its homeserver about a room it hears of for the first time.
        """
        for _ in range(_CHATS):
            await self.desk.webhooks.take(self.subject.channel, self.subject.signed(self.raw()))
        waits: list[float] = []
        deadline = time.perf_counter() + seconds

        async def connection() -> None:
            while time.perf_counter() < deadline:
                request = self.subject.signed(self.raw())
                began = time.perf_counter()
                await self.desk.webhooks.take(self.subject.channel, request)
                waits.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
        passed = time.perf_counter() - began
        rows = await self._count(InboxRow) - _CHATS
        if rows != len(waits):
            raise RuntimeError(f"{len(waits)} accepted, but {rows} rows")
        self.result.accepted_a_second = len(waits) / passed
        self.result.p50_ms = percentile(waits, 50) * 1000
        self.result.p99_ms = percentile(waits, 99) * 1000

    async def read(self, count: int) -> None:
        """Read up to ``count`` updates from a platform that has them ready, as far as its own pace lets us."""
        await self.desk.readers.poll(self.subject.channel)
        for _ in range(count):
            await self.subject.put(self.raw())
        waits: list[float] = []
        began = ended = time.perf_counter()
        found = 0
        while found < count and time.perf_counter() < ended + _STANDSTILL:
            at = time.perf_counter()
            await self.desk.readers.poll(self.subject.channel)
            waits.append(time.perf_counter() - at)
            if (now_found := await self._count(InboxRow)) > found:
                found, ended = now_found, time.perf_counter()
        if not found:
            return
        self.result.accepted_a_second = found / (ended - began)
        self.result.p50_ms = percentile(waits, 50) * 1000
        self.result.p99_ms = percentile(waits, 99) * 1000

    async def fuzz(self, count: int, chance: random.Random) -> None:
        """Give spoilt updates, and spoilt proofs of who sends them."""
        bases = [*self.subject.oddities().values(), *(self.raw() for _ in range(5))]
        warm = 0
        for start in range(0, count, _AT_ONCE):
            raws = [self._fresh(chance.choice(bases), chance) for _ in range(_AT_ONCE)]
            await asyncio.gather(*(self._one(raw, chance) for raw in raws))
            if not warm and start >= count * _WARM:
                warm = _memory()
        self.result.fuzzed = count
        self.result.growth_bytes = _memory() - warm

    def _fresh(self, raw: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
        return self.raw() if chance.random() < 0.1 else dict(raw)

    async def _one(self, raw: dict[str, Any], chance: random.Random) -> None:
        if "webhook" not in self.subject.kinds:
            await self._give("content", spoil(raw, chance))
            return
        name = self.subject.name
        way = chance.choice(["content", "content", "proof", "body", "garbage"])
        good = self.subject.signed(raw)
        if way == "content":
            await self._take(way, self._signed(spoil(raw, chance)), may=True)
        elif way == "proof":
            await self._take(way, _spoilt_proof(good, _PROOFS[name], chance), may=False)
        elif way == "body":
            body = flip(good.body, chance)
            request = _with(good, body=body)
            may = name not in _SIGNS_BODY or body == good.body
            await self._take(way, request, may=may)
        else:
            await self._take(way, self._signed_garbage(garbage(chance)), may=True)

    def _signed(self, raw: Mapping[str, Any]) -> WebhookRequest:
        try:
            return self.subject.signed(raw)
        except UnicodeError:  # half a surrogate pair, which JSON can say only in ASCII
            return self.subject.request(json.dumps(raw).encode())

    def _signed_garbage(self, body: bytes) -> WebhookRequest:
        try:
            return self.subject.request(body)
        except UnicodeError:  # there is no signature over what is no text
            return self.subject.request(body.decode(errors="replace").encode())

    async def _take(self, way: str, request: WebhookRequest, *, may: bool) -> None:
        try:
            answer = await self.desk.webhooks.take(self.subject.channel, request)
            status, step = answer.status_code, "taken"
        except FrontdeskError as error:
            status, step = error.status_code, "refused: signature"
        except HTTPException as error:
            status, step = error.status_code, "refused: request"
        except Exception as error:  # that is what is looked for
            status, step = 500, f"crashed: {type(error).__name__}"
        self.result.steps[f"{way} {step}"] += 1
        if status >= 500:
            self._fail(f"{status} {step}", request)
        elif status < 300 and not may:
            self._fail("let in without its signature", request)

    async def _give(self, way: str, raw: dict[str, Any]) -> None:
        """Do what a poll does with an update."""
        channel = self.subject.channel
        try:
            updates = read_each(channel.name, channel.account, [raw], channel.read)
            await self.desk.ingest.accept(updates)
            self.result.steps[f"{way} taken"] += 1
        except Exception as error:  # that is what is looked for
            self.result.failures.append(f"{type(error).__name__}: {error}"[:300])

    def _fail(self, what: str, request: WebhookRequest) -> None:
        if len(self.result.failures) < 20:
            self.result.failures.append(f"{what}: {request.headers} {request.body[:500]!r}")

    async def count_rows(self) -> None:
        """Note what the database has in the end."""
        self.result.steps["rows: messages and edits"] = await self._count(InboxRow)
        self.result.steps["rows: set aside"] = await self._count(UnreadRow)

    async def _count(self, kind: Any) -> int:
        async with self.desk.database.read() as session:
            return await session.scalar(select(func.count()).select_from(kind)) or 0


def _with(request: WebhookRequest, **changed: Any) -> WebhookRequest:
    values = {
        "method": request.method,
        "headers": request.headers,
        "query": request.query,
        "body": request.body,
    }
    return WebhookRequest(**{**values, **changed})


def _spoilt_proof(
    good: WebhookRequest, proofs: tuple[str, ...], chance: random.Random
) -> WebhookRequest:
    headers: dict[str, str | None] = {k.lower(): v for k, v in good.headers.items()}
    name = chance.choice(proofs)
    honest = str(headers[name])
    while headers[name] is not None and _says(str(headers[name])) == _says(honest):
        headers[name] = spoil_header(honest, chance)
    return _with(good, headers={k: v for k, v in headers.items() if v is not None})


def _says(header: str) -> str:
    """Return what a header says: the scheme before a secret is the same in capitals (RFC 9110, 11.1)."""
    scheme, space, rest = header.strip().partition(" ")
    return f"{scheme.lower()} {rest.strip()}" if space else header.strip()


def _memory() -> int:
    gc.collect()
    return cost([os.getpid()]).rss_bytes


@asynccontextmanager
async def _open(name: str, folder: Path) -> AsyncIterator[Bench]:
    """Run a desk with one channel on a database of its own."""
    url = f"sqlite:///{folder}/{name.replace(' ', '-')}.sqlite"
    await asyncio.to_thread(migrate.upgrade, url)
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=url,
        secret_key="x" * 32,  # type: ignore[arg-type]
        rasa_token="x" * 32,  # type: ignore[arg-type]
        data_dir=folder,
    )
    async with open_subject(name, now) as subject:
        channels = {subject.channel.name: subject.channel}
        desk = build(settings, dialogue=MemoryDialogue(), channels=channels)
        accepting = asyncio.create_task(desk.acceptor.run())
        try:
            yield Bench(name, desk, subject)
        finally:
            accepting.cancel()
            with suppress(asyncio.CancelledError):
                await accepting
            await desk.close()


async def measure(name: str, options: argparse.Namespace, folder: Path) -> Result:
    """Measure one channel: first what it accepts, then what it does with spoilt requests."""
    async with _open(name, folder) as bench:
        if name in CALLERS:
            await bench.accept(options.seconds)
        elif "polling" in bench.subject.kinds:
            await bench.read(options.reads)
        result = bench.result
    async with _open(f"{name}", folder / "fuzz") as bench:
        await bench.fuzz(options.fuzz, random.Random(options.seed))
        await bench.count_rows()
        result.fuzzed, result.growth_bytes = bench.result.fuzzed, bench.result.growth_bytes
        result.steps, result.failures = bench.result.steps, bench.result.failures
    return result


def report(results: list[Result]) -> str:
    """Return the tables."""
    head = ["channel", "accepted a second", "p50 ms", "p99 ms", "fuzzed", "failures", "memory MB"]
    rows = [
        [
            one.channel,
            f"{one.accepted_a_second:,.0f}" if one.accepted_a_second else "",
            f"{one.p50_ms:.1f}" if one.p50_ms else "",
            f"{one.p99_ms:.1f}" if one.p99_ms else "",
            f"{one.fuzzed:,}",
            str(len(one.failures)),
            f"{one.growth_bytes / 2**20:+.1f}",
        ]
        for one in results
    ]
    steps = sorted({step for one in results for step in one.steps})
    counts = [[step, *(f"{one.steps[step]:,}" for one in results)] for step in steps]
    wrong = [f"- {one.channel}: {what}" for one in results for what in one.failures]
    return "\n\n".join(
        [table(head, rows), table(["step", *(one.channel for one in results)], counts), *wrong]
    )


def main() -> int:
    """Read the options, measure every channel, and fail if anything was let in or broke."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    results = []
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        for name in options.only or SUBJECTS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            place = Path(folder) / name.replace(" ", "-")
            (place / "fuzz").mkdir(parents=True)
            results.append(asyncio.run(measure(name, options, place)))
            print(report(results[-1:]), file=sys.stderr, flush=True)  # a long run may be cut
    data = {"channels": [asdict(one) for one in results]}
    deliver(report(results), data, as_json=options.json, out=options.out)
    return 0 if all(one.is_good for one in results) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=SUBJECTS, help="may be repeated")
    parser.add_argument("--seconds", type=float, default=3.0, help="of accepting (3)")
    parser.add_argument("--reads", type=int, default=500, help="updates to poll (500)")
    parser.add_argument("--fuzz", type=int, default=100_000, help="spoilt requests (100,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--out", type=Path, help="write the tables to this Markdown file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
