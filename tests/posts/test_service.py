"""Posts are written, approved by somebody else, scheduled, put into the queue, changed, cancelled and settled."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from analytics.posts.model import ChangedError, FaultError, OwnWordsError, SocialPost
from analytics.posts.places import Places
from analytics.posts.service import Posts
from analytics.posts.slots import Slot
from analytics.posts.week import Week
from desk.access import audit
from desk.channel import Channel
from desk.clock import StoppedClock
from desk.errors import ConflictError, FrontdeskError, NotFoundError
from desk.outbox.repository import Lane
from desk.posting import PostRules
from desk.store.database import Database
from desk.tables.access import AuditRow
from desk.tables.event import EventRow
from desk.tables.post import PostRow, PostState
from tests.conftest import NOON
from tests.posts.conftest import ZONE, approved, draft

HOUR = timedelta(hours=1)


async def _state(database: Database, post_id: int, state: PostState) -> None:
    async with database.write() as session:
        await session.execute(update(PostRow).where(PostRow.id == post_id).values(state=state))


async def test_who_wrote_it_cannot_approve_it(posts: Posts) -> None:
    made = await posts.draft(draft(), by="Ada", due_at=NOON + HOUR)
    assert made.state is PostState.DRAFT
    with pytest.raises(OwnWordsError):
        await posts.approve(made.id, edition=1, by="Ada")
    changed = await posts.change(made.id, draft("Other words"), edition=1, by="Ben")
    for own in ("Ada", "Ben"):
        with pytest.raises(OwnWordsError):
            await posts.approve(made.id, edition=changed.edition, by=own)
    ready = await posts.approve(made.id, edition=changed.edition, by="Cleo")
    assert (ready.state, ready.due_at) == (PostState.SCHEDULED, NOON + HOUR)
    assert (ready.approved_by, ready.approved_at) == ("Cleo", NOON)


async def test_only_what_was_looked_at_is_approved(posts: Posts) -> None:
    made = await posts.draft(draft(), by="Ada")
    await posts.change(made.id, draft("Other words"), edition=1, by="Ada")
    with pytest.raises(ChangedError):
        await posts.approve(made.id, edition=1, by="Ben")
    with pytest.raises(ChangedError):
        await posts.change(made.id, draft("Third words"), edition=1, by="Ada")
    assert (await posts.get(made.id)).text == "Other words"


async def test_other_words_need_another_approval(posts: Posts) -> None:
    ready = await approved(posts)
    await posts.schedule(ready.id, NOON + HOUR, by="Ada")
    changed = await posts.change(ready.id, draft("Other words"), edition=1, by="Ada")
    assert (changed.state, changed.approved_by) == (PostState.DRAFT, None)
    assert changed.due_at == NOON + HOUR


async def test_a_draft_keeps_its_time_until_it_is_approved(
    posts: Posts, clock: StoppedClock
) -> None:
    made = await posts.draft(draft(), by="Ada")
    planned = await posts.schedule(made.id, NOON + HOUR, by="Ada")
    assert (planned.state, planned.not_before) == (PostState.DRAFT, None)
    clock.advance(2 * HOUR)
    late = await posts.approve(made.id, edition=1, by="Ben")
    assert (late.state, late.due_at) == (PostState.APPROVED, None)
    again = await posts.schedule(made.id, NOON + 3 * HOUR, by="Ada")
    assert (again.state, again.not_before) == (PostState.SCHEDULED, NOON + 3 * HOUR)
    with pytest.raises(FaultError, match="passed"):
        await posts.schedule(made.id, NOON, by="Ada")


WRONG = [
    (draft("  "), "no_text"),
    (draft("x" * 501), "too_long"),
    (draft("See https://shop"), "no_link"),
    (draft("Sale", link="javascript:alert(1)"), "no_link"),
    (draft("Sale", link="https://shop.example.com/" + "x" * 2_000), "no_link"),
    (draft("Sale", link="http://shop.example.com/"), "not_https"),
    (draft("Sale", channel="nowhere"), "nowhere"),
    (draft("Sale", account="another"), "nowhere"),
]


@pytest.mark.parametrize(("wrong", "code"), WRONG)
async def test_what_cannot_be_published_is_not_kept(
    posts: Posts, wrong: object, code: str
) -> None:
    with pytest.raises(FaultError) as caught:
        await posts.draft(wrong, by="Ada")  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.words("zh") != caught.value.words("en") == str(caught.value)
    assert await posts.list() == []


async def test_the_link_counts(posts: Posts) -> None:
    link = "https://shop.example.com/" + "x" * 100
    made = await posts.draft(draft("y" * 370, link=link), by="Ada")
    assert made.words == f"{'y' * 370}\n{link}"
    with pytest.raises(FaultError, match="501"):
        await posts.draft(draft("y" * 375, link=link), by="Ada")


async def test_words_that_are_out_already_are_refused(
    posts: Posts, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await approved(posts, "Good morning")
    channel = places.posting(Lane("memory", "a"))
    monkeypatch.setattr(channel, "post_rules", PostRules(longest=500, refuses_repeats=True))
    other = await posts.draft(draft("Good morning"), by="Ada")  # neither is out
    await posts.schedule(ready.id, NOON + HOUR, by="Ada")
    with pytest.raises(FaultError, match=f"post {ready.id} has them"):
        await posts.draft(draft("Good morning"), by="Ada")
    await posts.draft(draft("Good morning", link="https://shop.example.com/"), by="Ada")
    with pytest.raises(FaultError, match=f"post {ready.id} has them"):
        await posts.change(other.id, draft("Good morning"), edition=1, by="Ada")
    await posts.change(ready.id, draft("Good morning"), edition=1, by="Ada")


Verb = Callable[[Posts, int], Awaitable[SocialPost]]
VERBS: dict[str, Verb] = {
    "change": lambda posts, number: posts.change(number, draft("Other"), edition=1, by="Ada"),
    "approve": lambda posts, number: posts.approve(number, edition=1, by="Ben"),
    "schedule": lambda posts, number: posts.schedule(number, NOON + HOUR, by="Ada"),
    "cancel": lambda posts, number: posts.cancel(number, by="Ada"),
    "settle": lambda posts, number: posts.settle(number, url=None, by="Ada"),
}
ALLOWED = {
    PostState.DRAFT: {"change", "approve", "schedule", "cancel"},
    PostState.APPROVED: {"change", "schedule", "cancel"},
    PostState.SCHEDULED: {"change", "schedule", "cancel"},
    PostState.FAILED: {"change", "schedule", "cancel"},
    PostState.PUBLISHING: set(),
    PostState.PUBLISHED: set(),
    PostState.UNKNOWN: {"settle"},
    PostState.CANCELLED: set(),
}


@pytest.mark.parametrize("state", PostState)
async def test_what_can_be_done_in_which_state(
    posts: Posts, database: Database, state: PostState
) -> None:
    done = set()
    for name, verb in VERBS.items():
        made = await posts.draft(draft(), by="Ada")
        await _state(database, made.id, state)
        try:
            await verb(posts, made.id)
        except ConflictError:
            continue
        done.add(name)
    assert done == ALLOWED[state]


async def test_a_person_says_what_became_of_it(posts: Posts, database: Database) -> None:
    first, second = await approved(posts, "One"), await approved(posts, "Two")
    for one in (first, second):
        await posts.schedule(one.id, NOON + HOUR, by="Ada")
        await _state(database, one.id, PostState.UNKNOWN)
    for wrong in ("http://memory.example.com/p", "https://elsewhere.example.com/1"):
        with pytest.raises(FaultError) as caught:
            await posts.settle(first.id, url=wrong, by="Ada")
        assert caught.value.code == "no_address"
    there = await posts.settle(first.id, url="https://memory.example.com/77", by="Ada")
    assert (there.state, there.external_id) == (PostState.PUBLISHED, "77")
    gone = await posts.settle(second.id, url=None, by="Ada")
    assert gone.state is PostState.FAILED
    assert "Schedule it again" in gone.why()
    again = await posts.schedule(second.id, NOON + 2 * HOUR, by="Ada")
    assert (again.state, again.reason) == (PostState.SCHEDULED, None)


async def test_the_next_free_slot(posts: Posts, week: Week, places: Places) -> None:
    place = places.of("memory")
    ready = await approved(posts)
    with pytest.raises(FaultError) as caught:
        await posts.enqueue(ready.id, by="Ada")
    assert caught.value.code == "no_slot"
    for slot in (Slot(0, 14 * 60), Slot(2, 9 * 60 + 30)):
        await week.add(place, slot, by="Ada")
        await week.add(place, slot, by="Ada")
    assert await week.slots(place) == [Slot(0, 840), Slot(2, 570)]
    times = []
    for text in ("One", "Two", "Three"):
        one = await approved(posts, text)
        times.append((await posts.enqueue(one.id, by="Ada")).due_at)
    # Noon is 13:00 in Berlin.
    monday = NOON + HOUR
    wednesday = NOON + timedelta(days=2, hours=-3, minutes=-30)
    assert times == [monday, wednesday, monday + timedelta(days=7)]
    await week.remove(place, Slot(0, 840), by="Ada")
    one = await approved(posts, "Four")
    assert (await posts.enqueue(one.id, by="Ada")).due_at == wednesday + timedelta(days=7)


async def test_two_who_queue_at_once_get_two_slots(
    posts: Posts, week: Week, places: Places
) -> None:
    for minute in (840, 900):
        await week.add(places.of("memory"), Slot(0, minute), by="Ada")
    ready = [await approved(posts, text) for text in ("One", "Two")]
    queued = await asyncio.gather(*(posts.enqueue(one.id, by="Ada") for one in ready))
    assert sorted(one.due_at for one in queued if one.due_at) == [NOON + HOUR, NOON + 2 * HOUR]


async def test_what_was_done_is_on_record(
    posts: Posts, database: Database, clock: StoppedClock
) -> None:
    ready = await approved(posts)
    await posts.schedule(ready.id, NOON + HOUR, by="Ada")
    await posts.cancel(ready.id, by="Ada")
    async with database.read() as session:
        notes = (await session.scalars(select(AuditRow).order_by(AuditRow.number))).all()
        told = (await session.scalars(select(EventRow.name).order_by(EventRow.id))).all()
    assert [(one.who, one.deed, one.detail["did"]) for one in notes] == [
        ("Ada", "post.change", "drafted"),
        ("Ben", "post.approve", "approved"),
        ("Ada", "post.change", "scheduled"),
        ("Ada", "post.change", "cancelled"),
    ]
    assert {one.thing for one in notes} == {f"post:{ready.id}"}
    assert list(told) == ["post.drafted", "post.approved", "post.scheduled", "post.cancelled"]
    assert (await audit.Audit(database, clock).verify()).broken is None


async def test_the_calendar_and_the_lists(posts: Posts) -> None:
    one, two = await approved(posts, "One"), await approved(posts, "Two")
    three = await posts.draft(draft("Three"), by="Ada", due_at=NOON + 3 * HOUR)
    await posts.schedule(one.id, NOON + 2 * HOUR, by="Ada")
    await posts.schedule(two.id, NOON + HOUR, by="Ada")
    assert [post.id for post in await posts.queue()] == [two.id, one.id]
    day = await posts.between(NOON, NOON + 4 * HOUR)
    assert [post.id for post in day] == [two.id, one.id, three.id]
    assert [post.id for post in await posts.between(NOON, NOON + 2 * HOUR)] == [two.id]
    assert await posts.counts() == {PostState.SCHEDULED: 2, PostState.DRAFT: 1}
    assert [post.id for post in await posts.list()] == [three.id, two.id, one.id]
    assert [post.id for post in await posts.list(before=three.id, limit=1)] == [two.id]
    with pytest.raises(NotFoundError):
        await posts.get(999)


async def test_a_channel_that_cannot_post_is_none(
    database: Database, clock: StoppedClock, desk: object
) -> None:
    channels: dict[str, Channel] = {"webchat": desk.channels["webchat"]}  # type: ignore[attr-defined]
    posts = Posts(database, clock, Places(channels), zone=ZONE)
    assert posts.places.all() == []
    with pytest.raises(FrontdeskError, match="not set up"):
        posts.places.of("webchat")
