"""Sends what webhooks are to be told. At least once, in no promised order; a repetition has the same id."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.events import Event
from desk.store import json
from desk.store.database import Database
from desk.tables.webhook import WebhookDeliveryRow, WebhookRow, WebhookState
from desk.webhooks import repository
from desk.webhooks.kinds import KINDS
from desk.webhooks.post import TIMEOUT, Answer, Post
from desk.webhooks.schedule import is_given_up, next_try
from desk.webhooks.signing import headers, secret_of

log = structlog.get_logger()

LEASE = 4 * TIMEOUT
"""Longer than a try takes; then whoever claimed it has died."""
_AT_ONCE = 4
"""For each webhook: a slow one holds up nobody else, and one that is back is not run over."""
_GRACE = 3.0


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A message with all that is needed to send it, once, until the lease ends."""

    id: int
    webhook_id: str
    attempt: int
    failures: int
    message_id: str
    url: str
    secrets: tuple[str, ...]
    body: str


class Sender:
    """Claims deliveries with a lease, a few for each webhook at once. Any number of processes may run it."""

    def __init__(
        self,
        *,
        database: Database,
        post: Post,
        secret: str,
        clock: Clock,
        poll: timedelta = timedelta(seconds=1),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._post = post
        self._secret = secret
        self._clock = clock
        self._poll = poll.total_seconds()
        self._chance = chance
        self._running: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Send for ever; wakes at the end of a try and every second."""
        try:
            while True:
                self._wake.clear()
                await self._start()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._poll)
        except asyncio.CancelledError:
            await self._stop()
            raise

    async def step(self) -> int:
        """Send what is due, to the end; return how many deliveries were claimed."""
        return await self._finish(await self._start())

    async def try_now(self, webhook_id: str, delivery_id: int) -> bool:
        """Send one delivery if it is due; False when another process is at it."""
        return await self._finish(await self._launch(webhook_id, self._clock(), delivery_id)) == 1

    async def _finish(self, started: list[asyncio.Task[None]]) -> int:
        if started:
            await asyncio.wait(started)
        for task in started:
            task.result()
        return len(started)

    async def _start(self) -> list[asyncio.Task[None]]:
        now = self._clock()
        async with self._database.read() as session:
            found = await repository.with_due(session, now)
        return [task for webhook_id in found for task in await self._launch(webhook_id, now)]

    async def _launch(
        self, webhook_id: str, now: datetime, only: int | None = None
    ) -> list[asyncio.Task[None]]:
        free = _AT_ONCE - len(self._running[webhook_id])
        jobs = await self._claim(webhook_id, now, free, only) if free > 0 else []
        return [self._launch_one(job) for job in jobs]

    async def _claim(
        self, webhook_id: str, now: datetime, limit: int, only: int | None
    ) -> list[_Job]:
        async with self._database.write() as session:
            webhook = await repository.get(session, webhook_id)
            if webhook is None:
                return []
            rows = await repository.claim(
                session, webhook_id, now=now, until=now + LEASE, limit=limit, only=only
            )
            return [await self._job(session, webhook, row, now) for row in rows]

    async def _job(
        self, session: AsyncSession, webhook: WebhookRow, row: WebhookDeliveryRow, now: datetime
    ) -> _Job:
        salts = [webhook.salt]
        if webhook.old_salt and webhook.old_until and webhook.old_until > now:
            salts.append(webhook.old_salt)
        data = dict(row.payload["data"])
        # Looked up at the last moment: what was erased since is not told any more.
        if webhook.with_text and "text" in KINDS.get(row.kind, ()):
            data["text"] = await repository.text_of(session, data.get("message_id"))
        return _Job(
            id=row.id,
            webhook_id=webhook.id,
            attempt=row.attempts,
            failures=row.failures,
            message_id=row.message_id,
            url=webhook.url,
            secrets=tuple(secret_of(self._secret, salt) for salt in salts),
            body=json.dumps({"id": row.message_id, **row.payload, "data": data}),
        )

    def _launch_one(self, job: _Job) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(job))
        running = self._running[job.webhook_id]
        running.add(task)

        def end(done: asyncio.Task[None]) -> None:
            running.discard(done)
            self._wake.set()

        task.add_done_callback(end)
        return task

    async def _work(self, job: _Job) -> None:
        try:
            signed = headers(job.message_id, self._clock(), job.body, secrets=job.secrets)
            answer = await self._post.send(job.url, job.body.encode(), signed)
            await self._settle(job, answer)
        except (
            Exception
        ):  # whatever broke concerns this delivery; its lease ends and it is tried again
            log.exception("webhook_unfinished", delivery_id=job.id)

    async def _settle(self, job: _Job, answer: Answer) -> None:
        now = self._clock()
        again = None
        if answer.error:
            again = next_try(job.failures + 1, now, asked=answer.retry_in, chance=self._chance())
        async with self._database.write() as session:
            webhook = await repository.get(session, job.webhook_id, lock=True)
            values = _outcome(job, answer, again, now)
            if webhook is None or not await repository.settle(
                session, job.id, job.attempt, **values
            ):
                log.warning("webhook_claim_lost", delivery_id=job.id)
                return
            _note(session, webhook, answer, now)
        log.info(
            "webhook_tried",
            delivery_id=job.id,
            webhook_id=job.webhook_id,
            state=values["state"],
            status=answer.status,
        )

    async def _stop(self) -> None:
        """Let tries in hand come to their end; those that take too long are repeated when their lease is over."""
        running = {task for tasks in self._running.values() for task in tasks}
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _outcome(job: _Job, answer: Answer, again: datetime | None, now: datetime) -> dict[str, Any]:
    """Return what the delivery's row says from now on."""
    values: dict[str, Any] = {
        "status": answer.status,
        "answer": answer.body or None,
        "last_error": answer.error[:500] or None,
    }
    if again is not None:
        return {
            **values,
            "state": WebhookState.QUEUED,
            "failures": job.failures + 1,
            "not_before": again,
        }
    state = WebhookState.DEAD if answer.error else WebhookState.DELIVERED
    return {**values, "state": state, "ended_at": now}


def _note(session: AsyncSession, webhook: WebhookRow, answer: Answer, now: datetime) -> None:
    """Take note of how the webhook does; one that wants nothing more or fails for days is switched off."""
    if not answer.error:
        webhook.failing_since = None
        return
    webhook.failing_since = webhook.failing_since or now
    reason = (
        "gone" if answer.is_gone else "failing" if is_given_up(webhook.failing_since, now) else ""
    )
    if reason and webhook.enabled:
        webhook.enabled, webhook.off_reason = False, reason
        log.warning("webhook_switched_off", webhook_id=webhook.id, reason=reason)
        data = {"webhook_id": webhook.id, "reason": reason}
        events.append(session, Event(name="webhook.switched_off", occurred_at=now, data=data))
