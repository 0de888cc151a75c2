"""Fetches files that stayed with their platform when the message was accepted; each channel on its own."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from desk import events
from desk.channel import Channel, FetchingChannel
from desk.clock import Clock
from desk.errors import RejectedError
from desk.events import Event
from desk.media import repository
from desk.media.policy import judge
from desk.media.repository import Job
from desk.media.service import Media
from desk.outbox.retry import next_attempt, pause_of
from desk.signals import Listener, Signals, conversation_topic
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.conversation import FileState

log = structlog.get_logger()

FILES = "files"
"""The signal that a file waits to be fetched."""
TIMEOUT = timedelta(seconds=60)
LEASE = 3 * TIMEOUT
"""Longer than fetching and storing take; then whoever claimed it has died."""
_AT_ONCE = 2
_GRACE = 3.0


def after_failure(
    attempt: int, error: Exception, *, sent_at: datetime, now: datetime
) -> tuple[FileState, datetime | None]:
    """Return where a file stands after a failed try, and when to try again."""
    if isinstance(error, RejectedError):
        return FileState.REFUSED, None
    again = next_attempt(attempt, error, created_at=sent_at, now=now)
    return (FileState.FAILED, None) if again is None else (FileState.WAITING, again)


class Fetcher:
    """Claims files with a lease, a few for each channel at once: what hangs or fails holds up nobody else."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Channel],
        media: Media,
        signals: Signals,
        clock: Clock,
        poll: timedelta = timedelta(seconds=1),
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._database = database
        self._channels = {n: c for n, c in channels.items() if isinstance(c, FetchingChannel)}
        self._media = media
        self._signals = signals
        self._clock = clock
        self._poll = poll.total_seconds()
        self._timeout = timeout.total_seconds()
        self._running: dict[str, dict[asyncio.Task[None], Job]] = defaultdict(dict)
        self._paused: dict[str, datetime] = {}
        self._wake = Listener()

    async def run(self) -> None:
        """Fetch for ever; wakes by signal, at the end of a fetch, and by itself every second."""
        with self._signals.listen(FILES) as self._wake:
            try:
                while True:
                    await self._start()
                    await self._wake.get(self._poll)
            except asyncio.CancelledError:
                await self._stop()
                raise

    async def step(self) -> int:
        """Fetch what is due, to the end; return how many files were claimed."""
        started = await self._start()
        if started:
            await asyncio.wait(started)
        for task in started:
            task.result()
        return len(started)

    async def _start(self) -> list[asyncio.Task[None]]:
        now = self._clock()
        async with self._database.read() as session:
            if not await repository.any_waiting(session, now):
                return []
        return [
            self._launch(name, channel, job)
            for name, channel in self._channels.items()
            for job in await self._claim(name, now)
        ]

    async def _claim(self, name: str, now: datetime) -> list[Job]:
        free = _AT_ONCE - len(self._running[name])
        if free <= 0 or now < self._paused.get(name, now):
            return []
        async with self._database.write() as session:
            return await repository.claim(session, name, now=now, until=now + LEASE, limit=free)

    def _launch(self, name: str, channel: FetchingChannel, job: Job) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(name, channel, job))
        self._running[name][task] = job

        def end(_: asyncio.Task[None]) -> None:
            del self._running[name][task]
            self._wake.put("")

        task.add_done_callback(end)
        return task

    async def _work(self, name: str, channel: FetchingChannel, job: Job) -> None:
        try:
            await self._settle(job, await self._fetch(channel, job))
        except Exception as error:  # whatever an adapter raises concerns this file alone
            try:
                await self._fail(name, job, error)
            except Exception:
                log.exception("fetch_unfinished", attachment_id=job.id)

    async def _fetch(self, channel: FetchingChannel, job: Job) -> dict[str, object]:
        """Get a file and store it; return what its row says from now on."""
        async with asyncio.timeout(self._timeout):
            content = await channel.fetch(job.reference, self._media.largest)
        verdict = judge(content, largest=self._media.largest)
        values = {"content_type": verdict.content_type, "size": len(content), "not_before": None}
        if verdict.refusal is not None:
            return {**values, "state": FileState.REFUSED, "reason": verdict.refusal}
        key = await self._media.keep(content)
        return {**values, "state": FileState.KEPT, "key": key, "reason": None}

    async def _fail(self, name: str, job: Job, error: Exception) -> None:
        now = self._clock()
        state, again = after_failure(job.attempt, error, sent_at=job.sent_at, now=now)
        asked = pause_of(error)
        if asked is not None:
            self._paused[name] = now + asked
        log.warning("fetch_failed", attachment_id=job.id, state=state, error=type(error).__name__)
        reason = storable(str(error) or type(error).__name__, 500)
        await self._settle(job, {"state": state, "reason": reason, "not_before": again})

    async def _settle(self, job: Job, values: dict[str, object]) -> None:
        async with self._database.write() as session:
            if not await repository.settle(session, job, **values):
                log.warning("fetch_claim_lost", attachment_id=job.id)
                return
            state = values["state"]
            if state is not FileState.WAITING:
                events.append(
                    session,
                    Event(
                        name=f"file.{state}",
                        occurred_at=self._clock(),
                        contact_id=job.contact_id,
                        conversation_id=job.conversation_id,
                        data={"attachment_id": job.id, "attempt": job.attempt},
                    ),
                )
        await self._signals.publish(conversation_topic(job.thread), "message")

    async def _stop(self) -> None:
        """Let fetches in hand come to their end; those that take too long are given back."""
        running = {task: job for jobs in self._running.values() for task, job in jobs.items()}
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=_GRACE)
        for task in late:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*late, return_exceptions=True)
        if late:
            async with self._database.write() as session:
                for task in late:
                    await repository.settle(session, running[task], not_before=self._clock())
