"""Publishes what is due, at most once: the row is fenced before the platform is called, and ends with its answer.

Any number of processes may run it: the update that fences a row decides who has it. A process that is killed in
between leaves a row of which nobody knows; it is marked ``unknown`` and never published again by itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from analytics.posts import repository
from analytics.posts.ages import first_look
from analytics.posts.ends import End, end_of
from analytics.posts.model import LATE, composed
from analytics.posts.places import Places
from desk import posting
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.errors import NotFoundError, RetryableError
from desk.events import Event, append
from desk.ids import new_id
from desk.message import Attachment
from desk.outbox import costs
from desk.outbox.limits import Limits
from desk.outbox.repository import Lane
from desk.outbox.retry import pause_of
from desk.posting import PostingChannel, Published
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.post import PostRow, PostState

log = structlog.get_logger()

type Load = Callable[[Sequence[Attachment]], Awaitable[tuple[Attachment, ...]]]


class Trusted(Protocol):
    """Says whether this database is not behind what was published; ``busy`` is whether something is due."""

    async def __call__(self, *, busy: bool) -> bool:
        """Ask."""


PATIENCE = timedelta(seconds=40)
"""For publishing with an image, and for looking for a post of which the platform said nothing."""
LEASE = timedelta(minutes=2)
_POLL = 1.0
_GRACE = 5.0
"""Seconds that a post in hand is given when we stop."""
_AGAIN = (0.1, 1.0, 5.0, 15.0)
"""Seconds between tries to record an end; then the lease makes it unknown."""
_THREAD = "posts"
"""What the limits of a channel know posts by, as if they were one chat: a pause of theirs is no conversation's."""


class Publisher:
    """Moves posts from the calendar to the platforms; none from a database that may be an old copy."""

    def __init__(
        self,
        *,
        database: Database,
        places: Places,
        limits: Limits,
        states: ChannelStates,
        load: Load,
        clock: Clock,
        lease: timedelta = LEASE,
        trusted: Trusted | None = None,
    ) -> None:
        self._database = database
        self._trusted = trusted
        self._places = places
        self._limits = limits
        self._states = states
        self._load = load
        self._clock = clock
        self._lease = lease

    async def run(self) -> None:
        """Publish for ever; who stops us waits a moment for what is in hand."""
        while True:
            work = asyncio.create_task(self.look())
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                with suppress(TimeoutError, asyncio.CancelledError):
                    await asyncio.wait_for(work, _GRACE)
                raise
            except Exception:
                log.exception("post_publishing_failed")
            await asyncio.sleep(_POLL)

    async def look(self) -> int:
        """Publish what is due now; return how many posts were looked at."""
        now = self._clock()
        async with self._database.read() as session:
            due = await repository.due(session, now)
            lost = await repository.any_lost(session, now)
        if lost:
            await self._note_lost(now)
        if due and self._trusted and not await self._trusted(busy=True):
            return 0
        lanes: dict[Lane, list[PostRow]] = defaultdict(list)
        for row in due:
            lanes[Lane(row.channel, row.account)].append(row)
        # An account that hangs holds no other up; within one they go out one by one, in order.
        work = (self._all(lane, rows) for lane, rows in lanes.items())
        for error in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(error, Exception):
                log.error("post_lane_failed", exc_info=error)
        return len(due)

    async def _note_lost(self, now: datetime) -> None:
        async with self._database.write() as session:
            lost = await repository.lost(session, now)
            for post_id in lost:
                append(session, _event("unknown", post_id, now))
        log.warning("posts_unknown", post_ids=lost)

    async def _all(self, lane: Lane, rows: Sequence[PostRow]) -> None:
        for row in rows:
            await self._one(lane, row)

    async def _one(self, lane: Lane, row: PostRow) -> None:
        channel, now = self._places.posting(lane), self._clock()
        if row.due_at is not None and row.due_at + LATE < now:
            await self._give_up(row, "late" if channel else "not_set_up", now)
            return
        if channel is None:
            return  # another process may know the account
        try:
            post = await self._made(row)
        except NotFoundError:
            await self._give_up(row, "the image is gone: choose it again", now)
            return
        except RetryableError:
            return  # the store does not answer; nothing was begun
        token = new_id()
        began = await self._begun(lane, row, token)
        if began is not None:
            await self._published(lane, row, token, channel, post, began)

    async def _made(self, row: PostRow) -> posting.Post:
        image = None
        if row.image_key:
            named = Attachment(
                name=row.image_name or "image",
                content_type=row.image_type or "",
                key=row.image_key,
            )
            (image,) = await self._load([named])
        text = composed(row.text, row.link)
        return posting.Post(id=f"post-{row.id}-{row.edition}", text=text, image=image)

    async def _begun(self, lane: Lane, row: PostRow, token: str) -> datetime | None:
        """Fence the row if there is room in the account's limits; else put it off."""
        now = self._clock()
        async with self._database.write() as session:
            # Whoever has lost the race must not take room.
            if not await repository.fence(session, row, token, now + self._lease):
                return None
            later = await self._limits.begin(session, lane, _THREAD, now)
            if later is None:
                return now
            await repository.put_back(session, row.id, token, later)
            return None

    async def _published(
        self,
        lane: Lane,
        row: PostRow,
        token: str,
        channel: PostingChannel,
        post: posting.Post,
        began: datetime,
    ) -> None:
        published, error = Published(), None
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                published = await channel.publish(post)
        except Exception as raised:  # whatever an adapter raises, the row gets an end
            error = raised
        now = self._clock()
        end = end_of(row.attempts + 1, error, due_at=row.due_at or began, now=now)

        async def record() -> None:
            await self._settle(lane, row, token, end, published, error, began)

        await _patiently(record)
        log.info("post_ended", post_id=row.id, channel=lane.channel, state=end.state)
        await self._states.tell(lane.channel, lane.account, error)

    async def _settle(
        self,
        lane: Lane,
        row: PostRow,
        token: str,
        end: End,
        published: Published,
        error: Exception | None,
        began: datetime,
    ) -> None:
        now = self._clock()
        values: dict[str, Any] = {"state": end.state, "reason": end.reason}
        if end.again is not None:
            values["not_before"] = end.again
        if end.state is PostState.PUBLISHED:
            values |= _there(published, now)
            if published.external_id and self._places.measuring(lane):
                values["measure_at"] = first_look(now)
        async with self._database.write() as session:
            if not await repository.settle(session, row.id, token, **values):
                log.warning("post_end_lost", post_id=row.id)
                return
            if published.cost_micros:
                await costs.add(session, lane, published.cost_micros, now)
            await self._limits.end(
                session, lane, _THREAD, began_at=began, now=now, asked=pause_of(error)
            )
            if end.state is not PostState.SCHEDULED:
                append(session, _event(end.state, row.id, now, channel=lane.channel))

    async def _give_up(self, row: PostRow, reason: str, now: datetime) -> None:
        async with self._database.write() as session:
            if await repository.move(session, row, state=PostState.FAILED, reason=reason):
                append(session, _event("failed", row.id, now, channel=row.channel))
                log.warning("post_failed", post_id=row.id, channel=row.channel)


async def _patiently(record: Callable[[], Awaitable[None]]) -> None:
    for wait in _AGAIN:
        try:
            await record()
        except (SQLAlchemyError, OSError, TimeoutError):
            await asyncio.sleep(wait)
        else:
            return
    await record()


def _there(published: Published, now: datetime) -> dict[str, Any]:
    known, url = published.external_id, published.url
    return {
        "external_id": storable(known, 256) if known else None,
        "url": storable(url, 2_000) if url else None,
        "published_at": now,
    }


def _event(what: str, post_id: int, now: datetime, **data: Any) -> Event:
    return Event(name=f"post.{what}", occurred_at=now, data={"post_id": post_id, **data})
