"""The sides of ``bench.campaigns``, each in a process of its own: ``SIDE URL PEOPLE RATE`` prints JSON.

``RATE`` is how many messages a second the channel allows; 0 and 1 are ``PACES``.

``ours`` plans a campaign and sends it. ``loop`` is what one writes first: for everybody in a list fill in a name and
send; it keeps nothing, asks nobody, and a crash forgets all of it. ``jobs`` is a job of procrastinate's for each
recipient (PostgreSQL only), deferred in batches and worked on by one worker.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from analytics.campaigns import plan
from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.service import Campaigns
from analytics.campaigns.telling import Teller
from analytics.campaigns.wake import Wake
from app import serve
from bench.campaign_rows import CHANNEL, fill
from desk.channel import Feature, Pace, Rate, TextLimit
from desk.channel_states import ChannelStates
from desk.clock import now
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.message import OutboundMessage, Sent
from desk.store.database import Database
from desk.tables.campaign import RunState

_SECRET = "a-secret-for-a-bench-only-0123456789abcdef"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_JOBS_AT_ONCE = 10


PACES = {0: Pace(together=200), 1: Pace()}
"""Channels without a limit: messages begun two hundred in a transaction, and each in one of its own."""


class Nowhere:
    """A channel that does nothing but count; it notes the memory when a tenth has gone through."""

    name = CHANNEL
    account = "a"
    limit: TextLimit | None = None
    features: frozenset[Feature] = frozenset()

    def __init__(self, people: int, rate: int) -> None:
        self.pace = PACES.get(rate, Pace(account=(Rate(rate, timedelta(seconds=1)),)))
        self.sent = 0
        self.memory_at_first = 0
        self._people = people

    async def send(self, message: OutboundMessage) -> Sent:
        """Count it."""
        self.sent += 1
        if self.sent * 10 == self._people:
            self.memory_at_first = _memory()
        return Sent(external_id=f"n{self.sent}")


def _memory() -> int:
    """Return the resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


async def _timed(work: Awaitable[object]) -> tuple[float, float]:
    """Return how many seconds something took, and how many of the processor's."""
    began, used = perf_counter(), process_time()
    await work
    return perf_counter() - began, process_time() - used


async def ours(url: str, people: int, rate: int) -> dict[str, Any]:
    """Fill a database, plan, and send."""
    database, channel = Database(url), Nowhere(people, rate)
    segment = await fill(database, people)
    decided = {
        "segment_id": segment,
        "channels": [CHANNEL],
        "variants": [
            {"name": "a", "template": {"contents": {"en": {"text": "Hello {name|there}!"}}}}
        ],
        "schedule": {"kind": "once", "at": now().isoformat()},
        "quiet": None,
        "late": "7d",
    }
    suppressions = Suppressions(database, now, _SECRET)
    campaigns = Campaigns(database, now, four_eyes_above=people)
    made = await campaigns.create("Bench", plan.read(decided), by="bench")
    await campaigns.launch(made.id, by="bench")
    wake = Wake(database, now, suppressions)
    planned = await _timed(wake.step())
    dispatcher = Dispatcher(
        database=database,
        channels={CHANNEL: channel},
        states=ChannelStates(database, now),
        composing=Composer(
            database=database,
            channels={CHANNEL: channel},
            links=TrackedLinks(_SECRET, public_url=None),
            ways_out=UnsubscribeLinks(_SECRET, public_url=None),
            suppressions=suppressions,
            teller=Teller(database, now),
        ),
        clock=now,
    )
    sent = await _timed(_to_the_end(dispatcher, channel, people))
    grown = _memory() - channel.memory_at_first
    await wake.step()
    run = (await campaigns.runs(made.id))[0]
    if run.counts != {"sent": people} or run.state is not RunState.FINISHED:
        raise SystemExit(f"it ended as {run.state} with {dict(run.counts)}")
    await database.close()
    return {"plan": planned, "send": sent, "sent": channel.sent, "grown": grown}


async def _to_the_end(dispatcher: Dispatcher, channel: Nowhere, people: int) -> None:
    while channel.sent < people:
        await dispatcher.drain()
        await asyncio.sleep(0.01)  # what has no room now is due in a moment


async def loop(url: str, people: int, rate: int) -> dict[str, Any]:
    """Send to everybody in a list."""
    channel = Nowhere(people, rate)

    async def all_of_them() -> None:
        for number in range(people):
            await channel.send(_message(number))

    sent = await _timed(all_of_them())
    return {"send": sent, "sent": channel.sent, "grown": _memory() - channel.memory_at_first}


async def jobs(url: str, people: int, rate: int) -> dict[str, Any]:
    """Defer a job for everybody, and work on them."""
    import procrastinate  # type: ignore[import-not-found]  # noqa: PLC0415 - only where it is compared with

    channel = Nowhere(people, rate)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task  # type: ignore[untyped-decorator]
    async def send(number: int) -> None:
        await channel.send(_message(number))

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        planned = await _timed(send.batch_defer_async(*({"number": n} for n in range(people))))
        sent = await _timed(app.run_worker_async(wait=False, concurrency=_JOBS_AT_ONCE))
    return {
        "plan": planned,
        "send": sent,
        "sent": channel.sent,
        "grown": _memory() - channel.memory_at_first,
    }


def _message(number: int) -> OutboundMessage:
    return OutboundMessage(
        id=f"m{number}",
        conversation_id="",
        channel=CHANNEL,
        account="a",
        thread="",
        recipient=f"u{number}",
        text="Hello {name}!".format(name=f"C. {number}"),
    )


async def _main(side: str, url: str, people: str, rate: str) -> None:
    print(json.dumps(await SIDES[side](url, int(people), int(rate))))


SIDES: dict[str, Callable[[str, int, int], Coroutine[Any, Any, dict[str, Any]]]] = {
    "ours": ours,
    "loop": loop,
    "jobs": jobs,
}

if __name__ == "__main__":
    # As the product's own processes do it.
    serve.run(_main(*sys.argv[1:5]))
