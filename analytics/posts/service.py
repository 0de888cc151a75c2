"""What people do with posts: write, approve, schedule, queue, cancel, say what became of one, and look."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.posts import model, repository
from analytics.posts.ages import first_look
from analytics.posts.checks import check
from analytics.posts.model import (
    ChangedError,
    Draft,
    FaultError,
    Image,
    Metric,
    OwnWordsError,
    SocialPost,
)
from analytics.posts.places import Places
from analytics.posts.slots import next_free
from desk.access import audit
from desk.clock import Clock
from desk.errors import ConflictError
from desk.events import Event, append
from desk.outbox.repository import Lane
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.post import PostRow, PostState

_JUST_NOW = timedelta(minutes=1)
_OPEN = (PostState.DRAFT, PostState.APPROVED, PostState.SCHEDULED, PostState.FAILED)
_READY = (PostState.APPROVED, PostState.SCHEDULED, PostState.FAILED)
_MOST = 200


class Posts:
    """Keeps posts; who wrote one never approves it. ``zone`` names the clock of the week's slots."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        places: Places,
        *,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._clock = clock
        self.places = places
        self.zone = zone

    # -- reading

    async def get(self, post_id: int) -> SocialPost:
        """Return a post; raises NotFoundError."""
        async with self._database.read() as session:
            return model.post(await repository.seen(session, post_id))

    async def list(
        self, *states: PostState, before: int | None = None, limit: int = 50
    ) -> Sequence[SocialPost]:
        """Return posts in some states (all without any), the newest first; 1 to 200."""
        limit = max(1, min(limit, _MOST))
        async with self._database.read() as session:
            found = await repository.listing(session, states, before=before, limit=limit)
        return [model.post(row) for row in found]

    async def queue(self, *, limit: int = _MOST) -> Sequence[SocialPost]:
        """Return what is scheduled, the next first."""
        async with self._database.read() as session:
            return [model.post(row) for row in await repository.queue(session, limit=limit)]

    async def between(self, start: datetime, end: datetime) -> Sequence[SocialPost]:
        """Return what the calendar has from ``start`` until before ``end``."""
        async with self._database.read() as session:
            return [model.post(row) for row in await repository.between(session, start, end)]

    async def counts(self) -> Mapping[PostState, int]:
        """Return how many posts are in each state."""
        async with self._database.read() as session:
            return await repository.counts(session)

    async def metrics(self, post_ids: Collection[int]) -> Mapping[int, Sequence[Metric]]:
        """Return what people did with posts, by their ids."""
        async with self._database.read() as session:
            found = await repository.metrics(session, post_ids)
        return {key: [model.metric(row) for row in rows] for key, rows in found.items()}

    # -- writing

    async def draft(self, draft: Draft, *, by: str, due_at: datetime | None = None) -> SocialPost:
        """Keep a new post; it waits for somebody else's approval.

        Raises:
            FaultError: the platform would not take it, or its time has passed.
        """
        now = self._clock()
        row = PostRow(
            **_columns(draft),
            state=PostState.DRAFT,
            due_at=self._later(due_at, now),
            edition=1,
            attempts=0,
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
        )
        async with self._database.write() as session:
            await self._check(session, draft, row)
            session.add(row)
            await session.flush()
            await self._note(session, row, "drafted", by)
        return model.post(row)

    async def change(self, post_id: int, draft: Draft, *, edition: int, by: str) -> SocialPost:
        """Change what a post says; what was approved is a draft again, as these are other words.

        Raises:
            FaultError: the platform would not take it.
            ConflictError: it was changed meanwhile, or is out already.
        """
        now = self._clock()
        async with self._database.write() as session:
            row = await self._open(session, post_id, edition)
            for name, value in _columns(draft).items():
                setattr(row, name, value)
            with session.no_autoflush:
                await self._check(session, draft, row)
            row.state, row.edition, row.reason = PostState.DRAFT, row.edition + 1, None
            row.approved_at = row.approved_by = row.not_before = None
            row.due_at = row.due_at if row.due_at and row.due_at > now else None
            row.updated_at, row.updated_by = now, by
            await self._note(session, row, "changed", by)
        return model.post(row)

    async def approve(self, post_id: int, *, edition: int, by: str) -> SocialPost:
        """Be the second pair of eyes; with a time that is still to come it is scheduled.

        Raises:
            OwnWordsError: who wrote it cannot approve it.
            ConflictError: it was changed after it was looked at, or is no draft.
        """
        now = self._clock()
        async with self._database.write() as session:
            row = await self._open(session, post_id, edition)
            if by in (row.created_by, row.updated_by):
                raise OwnWordsError
            if row.state is not PostState.DRAFT:
                raise ConflictError(f"This post is {row.state}, not a draft.")
            row.approved_at, row.approved_by = now, by
            if row.due_at is not None and row.due_at > now:
                row.state, row.not_before = PostState.SCHEDULED, row.due_at
            else:
                row.state, row.due_at = PostState.APPROVED, None
            await self._note(session, row, "approved", by, deed="post.approve")
        return model.post(row)

    async def schedule(self, post_id: int, at: datetime, *, by: str) -> SocialPost:
        """Set when a post is published; a draft keeps the time until somebody approves it.

        Raises:
            FaultError: this time has passed.
            ConflictError: it is out, or nobody knows whether it is.
        """
        async with self._database.write() as session:
            row = await self._open(session, post_id)
            return await self._set(session, row, at, by)

    async def enqueue(self, post_id: int, *, by: str) -> SocialPost:
        """Give a post the next free slot of its account's week.

        Raises:
            FaultError: there is none.
            ConflictError: as :meth:`schedule`.
        """
        now = self._clock()
        async with self._database.write() as session:
            row = await self._open(session, post_id)
            lane = Lane(row.channel, row.account)
            week = [
                repository.slot_of(one) for one in await repository.slots(session, lane, lock=True)
            ]
            taken = await repository.taken(session, lane, now, but=post_id)
            at = next_free(week, taken, now, self.zone)
            if at is None:
                raise FaultError("no_slot")
            return await self._set(session, row, at, by)

    async def cancel(self, post_id: int, *, by: str) -> SocialPost:
        """Never publish it."""
        async with self._database.write() as session:
            row = await self._open(session, post_id)
            row.state, row.not_before = PostState.CANCELLED, None
            await self._note(session, row, "cancelled", by)
        return model.post(row)

    async def settle(self, post_id: int, *, url: str | None, by: str) -> SocialPost:
        """Say what became of a post of which nobody knew: where it is, or (``url`` is None) that it is not there.

        Raises:
            FaultError: this is no address.
            ConflictError: it is known what became of it.
        """
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.locked(session, post_id)
            if row.state is not PostState.UNKNOWN:
                raise ConflictError(f"This post is {row.state}; there is nothing to be settled.")
            row.token = None
            if url is None:
                row.state, row.reason = PostState.FAILED, "not_there"
            else:
                self._found(row, url, now)
            await self._note(session, row, "settled", by, published=url is not None)
        return model.post(row)

    # -- inside

    async def _open(
        self, session: AsyncSession, post_id: int, edition: int | None = None
    ) -> PostRow:
        row = await repository.locked(session, post_id)
        if edition is not None and row.edition != edition:
            raise ChangedError
        if row.state not in _OPEN:
            raise ConflictError(f"This post is {row.state}; it cannot be changed any more.")
        return row

    async def _check(self, session: AsyncSession, draft: Draft, row: PostRow) -> None:
        place = self.places.of(draft.channel)
        if place.account != draft.account:
            raise FaultError("nowhere", channel=f"{draft.channel} {draft.account}")
        check(draft, place.rules)
        if place.rules.refuses_repeats:
            other = await repository.repeated(session, place.lane, row)
            if other is not None:
                raise FaultError("repeated", channel=draft.channel, post=other)

    def _later(self, at: datetime | None, now: datetime) -> datetime | None:
        if at is not None and at < now - _JUST_NOW:
            raise FaultError("past")
        return at

    async def _set(self, session: AsyncSession, row: PostRow, at: datetime, by: str) -> SocialPost:
        row.due_at = self._later(at, self._clock())
        if row.state in _READY:
            row.state, row.not_before = PostState.SCHEDULED, at
            row.reason, row.attempts, row.token = None, 0, None
        await self._note(session, row, "scheduled", by)
        return model.post(row)

    def _found(self, row: PostRow, url: str, now: datetime) -> None:
        channel = self.places.measuring(Lane(row.channel, row.account))
        if not url.startswith("https://") or len(url) > 2_000:
            raise FaultError("no_address")
        if channel is not None:
            row.external_id = channel.id_of(url)
            if row.external_id is None:
                raise FaultError("no_address")
            row.measure_at = first_look(row.due_at or now)
        row.state, row.reason = PostState.PUBLISHED, None
        row.url, row.published_at = storable(url), row.due_at or now

    async def _note(
        self,
        session: AsyncSession,
        row: PostRow,
        what: str,
        by: str,
        deed: str = "post.change",
        **data: Any,
    ) -> None:
        now = self._clock()
        detail = {"did": what, "edition": row.edition, **data}
        await audit.note(session, by=by, deed=deed, thing=f"post:{row.id}", detail=detail, now=now)
        known = {"post_id": row.id, "channel": row.channel, "by": by, **data}
        append(session, Event(name=f"post.{what}", occurred_at=now, data=known))


def _columns(draft: Draft) -> dict[str, Any]:
    image: Image | None = draft.image
    return {
        "channel": draft.channel,
        "account": draft.account,
        "text": storable(draft.text),
        "link": storable(draft.link) if draft.link else None,
        "image_key": image.key if image else None,
        "image_name": storable(image.name, 255) if image else None,
        "image_type": image.content_type if image else None,
    }
