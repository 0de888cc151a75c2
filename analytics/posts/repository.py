"""Questions about posts, and the statements by which they are published at most once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import Update

from analytics.posts.slots import Slot
from desk.errors import NotFoundError
from desk.outbox.repository import Lane
from desk.tables.post import PostMetricRow, PostRow, PostSlotRow, PostState

PLANNED = (PostState.DRAFT, PostState.SCHEDULED, PostState.PUBLISHING)
"""A post that may yet go out at its time."""
_SAID = (
    PostState.SCHEDULED,
    PostState.PUBLISHING,
    PostState.UNKNOWN,
    PostState.PUBLISHED,
)
_DAY_LATER = 24


async def seen(session: AsyncSession, post_id: int) -> PostRow:
    """Return a post; raises NotFoundError."""
    row = await session.get(PostRow, post_id)
    if row is None:
        raise NotFoundError(f"there is no post {post_id}")
    return row


async def locked(session: AsyncSession, post_id: int) -> PostRow:
    """Return a post that nobody else changes until the transaction ends; raises NotFoundError."""
    row = await session.get(PostRow, post_id, with_for_update=True)
    if row is None:
        raise NotFoundError(f"there is no post {post_id}")
    return row


async def listing(
    session: AsyncSession,
    states: Collection[PostState],
    *,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[PostRow]:
    """Return posts in some states (all without any), the newest first."""
    query = select(PostRow).order_by(PostRow.id.desc()).limit(limit)
    if states:
        query = query.where(PostRow.state.in_(states))
    if before is not None:
        query = query.where(PostRow.id < before)
    return (await session.scalars(query)).all()


async def queue(session: AsyncSession, *, limit: int) -> Sequence[PostRow]:
    """Return what is scheduled, the next first."""
    query = select(PostRow).where(PostRow.state == PostState.SCHEDULED)
    return (await session.scalars(query.order_by(PostRow.due_at, PostRow.id).limit(limit))).all()


async def between(session: AsyncSession, start: datetime, end: datetime) -> Sequence[PostRow]:
    """Return what the calendar has from ``start`` until before ``end``, in its order."""
    query = select(PostRow).where(PostRow.due_at >= start, PostRow.due_at < end)
    query = query.where(PostRow.state != PostState.CANCELLED)
    return (await session.scalars(query.order_by(PostRow.due_at, PostRow.id))).all()


async def counts(session: AsyncSession) -> Mapping[PostState, int]:
    """Return how many posts are in each state."""
    rows = await session.execute(select(PostRow.state, func.count()).group_by(PostRow.state))
    return {PostState(state): count for state, count in rows}


async def repeated(session: AsyncSession, lane: Lane, row: PostRow) -> int | None:
    """Return another post of the account that has the same words and is out, or will be."""
    query = select(PostRow.id).where(
        PostRow.channel == lane.channel,
        PostRow.account == lane.account,
        PostRow.text == row.text,
        PostRow.link.is_not_distinct_from(row.link),
        PostRow.state.in_(_SAID),
    )
    if row.id is not None:
        query = query.where(PostRow.id != row.id)
    return await session.scalar(query.limit(1))


async def metrics(
    session: AsyncSession, post_ids: Collection[int]
) -> Mapping[int, Sequence[PostMetricRow]]:
    """Return the figures of posts by their ids, the first ones first."""
    query = select(PostMetricRow).where(PostMetricRow.post_id.in_(post_ids))
    found: dict[int, list[PostMetricRow]] = {}
    for row in await session.scalars(query.order_by(PostMetricRow.hours)):
        found.setdefault(row.post_id, []).append(row)
    return found


async def day_later(
    session: AsyncSession, lane: Lane, since: datetime
) -> Sequence[tuple[datetime, PostMetricRow]]:
    """Return when the posts of an account were published, and what people had done a day later."""
    query = (
        select(PostRow.published_at, PostMetricRow)
        .join(PostMetricRow, PostMetricRow.post_id == PostRow.id)
        .where(
            PostRow.channel == lane.channel,
            PostRow.account == lane.account,
            PostRow.published_at >= since,
            PostMetricRow.hours == _DAY_LATER,
        )
    )
    return [(at, row) for at, row in await session.execute(query) if at is not None]


# -- slots


async def slots(session: AsyncSession, lane: Lane, *, lock: bool = False) -> Sequence[PostSlotRow]:
    """Return the week of an account; ``lock`` lets two people who queue at once get two slots."""
    query = select(PostSlotRow).filter_by(**lane._asdict())
    query = query.order_by(PostSlotRow.weekday, PostSlotRow.minute)
    return (await session.scalars(query.with_for_update() if lock else query)).all()


def slot_of(row: PostSlotRow) -> Slot:
    """Return a slot from its row."""
    return Slot(row.weekday, row.minute)


async def taken(
    session: AsyncSession, lane: Lane, after: datetime, *, but: int
) -> Sequence[datetime]:
    """Return the times after another at which posts of an account are planned, without one post."""
    query = select(PostRow.due_at).where(
        PostRow.channel == lane.channel,
        PostRow.account == lane.account,
        PostRow.state.in_(PLANNED),
        PostRow.due_at >= after,
        PostRow.id != but,
    )
    return [at for at in await session.scalars(query) if at is not None]


# -- publishing


async def due(session: AsyncSession, now: datetime, *, limit: int = 50) -> Sequence[PostRow]:
    """Return what is to be published now, the longest due first."""
    query = select(PostRow).where(PostRow.state == PostState.SCHEDULED, PostRow.not_before <= now)
    return (
        await session.scalars(query.order_by(PostRow.not_before, PostRow.id).limit(limit))
    ).all()


async def fence(session: AsyncSession, row: PostRow, token: str, until: datetime) -> bool:
    """Take a post in hand, as it was seen; False when somebody else has it or it was changed or cancelled."""
    mine = _scheduled(row).values(
        state=PostState.PUBLISHING,
        token=token,
        lease_until=until,
        attempts=PostRow.attempts + 1,
    )
    return await _count(session, mine) == 1


async def move(session: AsyncSession, row: PostRow, **values: Any) -> bool:
    """Change a scheduled post that nobody has in hand, as it was seen."""
    return await _count(session, _scheduled(row).values(**values)) == 1


async def put_back(session: AsyncSession, post_id: int, token: str, later: datetime) -> None:
    """Let go of a post that was fenced and not begun."""
    mine = update(PostRow).where(PostRow.id == post_id, PostRow.token == token)
    await session.execute(
        mine.values(
            state=PostState.SCHEDULED,
            not_before=later,
            attempts=PostRow.attempts - 1,
            token=None,
            lease_until=None,
        )
    )


async def settle(session: AsyncSession, post_id: int, token: str, **values: Any) -> bool:
    """Record how publishing ended, also when it was believed lost; False when a person has said so already."""
    states = (PostState.PUBLISHING, PostState.UNKNOWN)
    mine = update(PostRow).where(
        PostRow.id == post_id, PostRow.token == token, PostRow.state.in_(states)
    )
    return await _count(session, mine.values(lease_until=None, **values)) == 1


async def any_lost(session: AsyncSession, now: datetime) -> bool:
    """Say whether somebody's time with a post has run out."""
    query = select(PostRow.id).where(
        PostRow.state == PostState.PUBLISHING, PostRow.lease_until < now
    )
    return await session.scalar(query.limit(1)) is not None


async def lost(session: AsyncSession, now: datetime) -> Sequence[int]:
    """Mark as unknown what was in the hands of processes that are gone; return which."""
    query = (
        update(PostRow)
        .where(PostRow.state == PostState.PUBLISHING, PostRow.lease_until < now)
        .values(state=PostState.UNKNOWN, reason="crashed", lease_until=None)
        .returning(PostRow.id)
    )
    return sorted(await session.scalars(query))


def _scheduled(row: PostRow) -> Update:
    return update(PostRow).where(
        PostRow.id == row.id,
        PostRow.state == PostState.SCHEDULED,
        PostRow.edition == row.edition,
        PostRow.not_before == row.not_before,
        PostRow.approved_by.is_not(None),
    )


# -- measuring


async def to_measure(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[PostRow]:
    """Return posts whose reactions are to be asked for."""
    query = select(PostRow).where(PostRow.measure_at <= now, PostRow.external_id.is_not(None))
    return (await session.scalars(query.order_by(PostRow.measure_at).limit(limit))).all()


async def claim_measuring(
    session: AsyncSession, ids: Collection[int], now: datetime, until: datetime
) -> set[int]:
    """Take posts to be asked about, so that nobody else pays for the same answer; return which."""
    query = (
        update(PostRow)
        .where(PostRow.id.in_(ids), PostRow.measure_at <= now)
        .values(measure_at=until)
        .returning(PostRow.id)
    )
    return set(await session.scalars(query))


async def measure_next(session: AsyncSession, ids: Collection[int], at: datetime | None) -> None:
    """Set when posts are asked about again; None is never."""
    await session.execute(update(PostRow).where(PostRow.id.in_(ids)).values(measure_at=at))


async def note_gone(session: AsyncSession, post_id: int) -> None:
    """Note that a post was deleted on its platform."""
    await session.execute(update(PostRow).where(PostRow.id == post_id).values(reason="deleted"))


async def _count(session: AsyncSession, statement: Update) -> int:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount
