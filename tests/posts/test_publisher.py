"""What is due is published once: whoever else publishes, whatever the platform says, also if we are killed."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from analytics.posts.model import LATE, Image
from analytics.posts.publisher import LEASE
from analytics.posts.service import Posts
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel import ChannelDownError, Pace, Rate
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.outbox.repository import Lane
from desk.posting import Post, Published, UnsurePostError
from desk.store.database import Database
from desk.tables.channel import ChannelCostRow
from desk.tables.event import EventRow
from desk.tables.post import PostRow, PostState
from tests.conftest import NOON
from tests.posts.conftest import Build, approved, draft

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def due(posts: Posts, text: str = "Our teapots are back.") -> int:
    """Return the id of a post that is due now."""
    ready = await approved(posts, text)
    await posts.schedule(ready.id, NOON, by="Ada")
    return ready.id


async def row(database: Database, post_id: int) -> PostRow:
    """Return a post as it is in the database."""
    async with database.read() as session:
        return await session.get_one(PostRow, post_id)


async def told(database: Database) -> list[str]:
    """Return what the event log says about the ends of posts."""
    query = select(EventRow.name).where(EventRow.name.like("post.%")).order_by(EventRow.id)
    ends = {"post.published", "post.failed", "post.unknown"}
    async with database.read() as session:
        return [name for name in await session.scalars(query) if name in ends]


async def test_it_is_published_at_its_time(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock, database: Database
) -> None:
    ready = await approved(posts)
    await posts.schedule(ready.id, NOON + timedelta(minutes=1), by="Ada")
    await build().look()
    assert memory.published == []
    clock.advance(timedelta(minutes=1))
    await build().look()
    await build().look()
    assert [one.text for one in memory.published] == ["Our teapots are back."]
    found = await posts.get(ready.id)
    assert found.state is PostState.PUBLISHED
    assert found.external_id == memory.published[0].id
    assert found.url == f"https://memory.example.com/{found.external_id}"
    assert found.published_at == clock()
    kept = await row(database, ready.id)
    assert kept.measure_at == clock() + timedelta(hours=1)
    assert await told(database) == ["post.published"]


async def test_an_old_copy_of_the_database_publishes_nothing(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock, database: Database
) -> None:
    ready = await approved(posts)
    await posts.schedule(ready.id, NOON + timedelta(minutes=1), by="Ada")
    clock.advance(timedelta(minutes=1))
    asked: list[bool] = []

    async def trusted(*, busy: bool) -> bool:
        asked.append(busy)
        return len(asked) > 1

    publisher = build(trusted)
    assert await publisher.look() == 0
    assert memory.published == []
    assert (await posts.get(ready.id)).state is PostState.SCHEDULED
    await publisher.look()
    assert asked == [True, True]
    assert len(memory.published) == 1


async def test_what_nobody_approved_stays(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock
) -> None:
    made = await posts.draft(draft(), by="Ada", due_at=NOON)
    clock.advance(timedelta(minutes=1))
    await build().look()
    assert memory.published == []
    assert (await posts.get(made.id)).state is PostState.DRAFT


async def test_an_image_goes_along(
    posts: Posts, memory: MemoryChannel, build: Build, desk: Desk
) -> None:
    key = await desk.media.keep(PIXEL)
    image = Image(key=key, name="pot.png", content_type="image/png")
    made = await posts.draft(draft(image=image, link="https://shop.example.com/p"), by="Ada")
    await posts.approve(made.id, edition=1, by="Ben")
    await posts.schedule(made.id, NOON, by="Ada")
    await build().look()
    (out,) = memory.published
    assert out.image is not None
    assert (out.image.content, out.image.name) == (PIXEL, "pot.png")
    assert out.text.endswith("\nhttps://shop.example.com/p")


async def test_two_publishers_at_once_publish_once(
    posts: Posts, memory: MemoryChannel, build: Build
) -> None:
    numbers = [await due(posts, f"Number {number}") for number in range(8)]
    await asyncio.gather(*(build().look() for _ in range(4)))
    assert sorted(one.text for one in memory.published) == [f"Number {n}" for n in range(8)]
    assert {(await posts.get(number)).state for number in numbers} == {PostState.PUBLISHED}


class _Killed(BaseException):
    """What ends a process at once: nothing of ours gets to see it."""


async def test_a_crash_in_between_is_unknown_and_never_repeated(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    clock: StoppedClock,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, struck = await due(posts), 0
    publish = memory.publish

    async def killed(post: Post) -> Published:
        nonlocal struck
        await publish(post)
        struck += 1
        raise _Killed

    monkeypatch.setattr(memory, "publish", killed)
    with pytest.raises(_Killed):
        await build()._all(*await _lane_of(database, number))
    monkeypatch.undo()
    assert struck == 1
    assert (await posts.get(number)).state is PostState.PUBLISHING
    clock.advance(LEASE)
    await build().look()
    assert (await posts.get(number)).state is PostState.PUBLISHING
    clock.advance(timedelta(seconds=1))
    for _ in range(3):
        await build().look()
        clock.advance(timedelta(minutes=30))
    found = await posts.get(number)
    assert found.state is PostState.UNKNOWN
    assert "say whether it is there" in found.why()
    assert len(memory.published) == 1
    assert await told(database) == ["post.unknown"]


async def _lane_of(database: Database, number: int) -> tuple[Lane, list[PostRow]]:
    return Lane("memory", "a"), [await row(database, number)]


async def test_an_end_that_comes_late_still_counts(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process took it for lost; the one that has it in hand was only slow."""
    number, publish = await due(posts), memory.publish

    async def slow(post: Post) -> Published:
        clock.advance(LEASE + timedelta(seconds=1))
        await build().look()
        assert (await posts.get(number)).state is PostState.UNKNOWN
        return await publish(post)

    monkeypatch.setattr(memory, "publish", slow)
    await build().look()
    assert (await posts.get(number)).state is PostState.PUBLISHED
    assert len(memory.published) == 1


async def test_a_channel_that_tells_nothing_is_not_asked(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = await due(posts)
    monkeypatch.delattr(MemoryChannel, "measure")
    await build().look()
    kept = await row(database, number)
    assert (kept.state, kept.measure_at) == (PostState.PUBLISHED, None)
    assert kept.external_id


async def test_what_a_person_said_stays(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, publish = await due(posts), memory.publish

    async def slower(post: Post) -> Published:
        clock.advance(LEASE + timedelta(seconds=1))
        await build().look()
        await posts.settle(number, url=None, by="Ada")
        return await publish(post)

    monkeypatch.setattr(memory, "publish", slower)
    await build().look()
    assert (await posts.get(number)).state is PostState.FAILED


ENDS: list[tuple[Exception, PostState, str]] = [
    (RejectedError("the words are refused: change them"), PostState.FAILED, "change them"),
    (UnsurePostError("no answer; look at the account"), PostState.UNKNOWN, "look at the account"),
    (TimeoutError(), PostState.UNKNOWN, "TimeoutError"),
    (ValueError("a mistake of ours"), PostState.UNKNOWN, "mistake"),
    (RetryableError("busy"), PostState.SCHEDULED, "busy"),
    (ChannelDownError("make new keys"), PostState.SCHEDULED, "make new keys"),
    (RetryableError("spent", retry_in=timedelta(hours=12)), PostState.FAILED, "spent"),
]


@pytest.mark.parametrize(("error", "state", "why"), ENDS)
async def test_every_end_is_told(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    error: Exception,
    state: PostState,
    why: str,
) -> None:
    number = await due(posts)
    memory.fail_with = [error]
    await build().look()
    await build().look()
    found = await posts.get(number)
    assert found.state is state
    assert why in found.why()
    assert memory.published == []
    assert memory.fail_with == []


async def test_a_429_is_obeyed_to_the_second(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock
) -> None:
    first, second = await due(posts, "One"), await due(posts, "Two")
    memory.fail_with = [RetryableError("wait", retry_in=timedelta(seconds=90))]
    await build().look()
    clock.advance(timedelta(seconds=89))
    await build().look()
    assert memory.published == []
    clock.advance(timedelta(seconds=1))
    await build().look()
    assert [one.text for one in memory.published] == ["One", "Two"]
    for number in (first, second):
        assert (await posts.get(number)).state is PostState.PUBLISHED


async def test_the_limits_of_an_account_are_kept(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock
) -> None:
    memory.pace = Pace(account=(Rate(2, timedelta(minutes=15)),))
    numbers = [await due(posts, f"Number {number}") for number in range(3)]
    await build().look()
    assert len(memory.published) == 2
    waiting = await posts.get(numbers[2])
    assert waiting.state is PostState.SCHEDULED
    assert waiting.not_before == NOON + timedelta(minutes=15)
    clock.advance(timedelta(minutes=15))
    await build().look()
    assert len(memory.published) == 3


async def test_too_late_is_not_published(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock
) -> None:
    number = await due(posts)
    clock.advance(LATE + timedelta(seconds=1))
    await build().look()
    found = await posts.get(number)
    assert (found.state, memory.published) == (PostState.FAILED, [])
    assert "more than 2 hours ago" in found.why()
    await posts.schedule(number, clock(), by="Ada")
    await build().look()
    assert len(memory.published) == 1


async def test_an_account_that_is_not_set_up(
    posts: Posts, memory: MemoryChannel, build: Build, clock: StoppedClock
) -> None:
    number = await due(posts)
    memory.account = "another"
    await build().look()
    assert (await posts.get(number)).state is PostState.SCHEDULED
    clock.advance(LATE + timedelta(seconds=1))
    await build().look()
    found = await posts.get(number)
    assert (found.state, found.reason, memory.published) == (PostState.FAILED, "not_set_up", [])


async def test_cancelled_at_the_last_moment(
    posts: Posts, memory: MemoryChannel, build: Build, database: Database
) -> None:
    """Another process saw it as due; what counts is the row at the moment of the fence."""
    number = await due(posts)
    lane, rows = await _lane_of(database, number)
    await posts.cancel(number, by="Ada")
    await build()._all(lane, rows)
    assert memory.published == []
    second = await due(posts, "Two")
    lane, rows = await _lane_of(database, second)
    await posts.change(second, draft("Other words"), edition=1, by="Ada")
    await posts.approve(second, edition=2, by="Ben")
    await posts.schedule(second, NOON, by="Ada")
    await build()._all(lane, rows)  # these were the words of before
    third = await due(posts, "Three")
    lane, rows = await _lane_of(database, third)
    await posts.schedule(third, NOON + timedelta(hours=1), by="Ada")
    await build()._all(lane, rows)
    assert memory.published == []


async def test_what_it_cost_is_counted(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def paid(post: Post) -> Published:
        return Published(external_id="1", cost_micros=200_000)

    monkeypatch.setattr(memory, "publish", paid)
    await due(posts)
    await build().look()
    async with database.read() as session:
        (cost,) = (await session.scalars(select(ChannelCostRow))).all()
    assert (cost.channel, cost.calls, cost.micros) == ("memory", 1, 200_000)


async def test_who_stops_us_waits_for_what_is_in_hand(
    posts: Posts,
    memory: MemoryChannel,
    build: Build,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, publish = await due(posts), memory.publish
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(post: Post) -> Published:
        begun.set()
        await may_end.wait()
        return await publish(post)

    monkeypatch.setattr(memory, "publish", slow)
    work = asyncio.create_task(build().run())
    await begun.wait()
    work.cancel()
    await asyncio.sleep(0)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (await posts.get(number)).state is PostState.PUBLISHED
