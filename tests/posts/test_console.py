"""Posts in the console: written, approved by somebody else, scheduled, looked at; by who may, in both languages."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from analytics.posts.service import Posts
from analytics.posts.slots import Slot
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.post_services import PostServices
from console.services import ConsoleServices
from desk.access.audit import Filter
from desk.access.policy import Role
from desk.clock import StoppedClock
from desk.posting import Reactions
from desk.tables.post import PostRow, PostState
from tests.conftest import NOON
from tests.console.conftest import HOST, Browser, access, services
from tests.console.people import Console
from tests.posts.conftest import draft

__all__ = ["access", "services"]

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)
FORM = {"channel": "memory", "text": "Our teapots are back.", "link": "", "due_at": ""}


@pytest.fixture
def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console with pages of posts."""
    pages = PostServices(posts=desk.posts.posts, week=desk.posts.week)
    return Console(desk, replace(services, posts=pages))


@pytest.fixture
async def ada(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of a marketer."""
    async with console.signed_in("Ada", Role.MARKETER) as browser:
        yield browser


@pytest.fixture
async def ben(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of another."""
    async with console.signed_in("Ben", Role.MARKETER) as browser:
        yield browser


@pytest.fixture
def posts(desk: Desk) -> Posts:
    """Return the posts of the desk."""
    return desk.posts.posts


async def send(
    browser: Browser, path: str, image: bytes | None = None, **fields: str
) -> httpx.Response:
    """Send the form of a post, which may bring an image."""
    data = {"form_token": await browser.form_token()} | fields
    files = {"image": ("pot.png" if image else "", image or b"", "image/png")}
    return await browser.post(path, data=data, files=files, headers={"Origin": HOST})


async def test_from_a_draft_to_what_people_did(
    ada: Browser,
    ben: Browser,
    posts: Posts,
    desk: Desk,
    memory: MemoryChannel,
    clock: StoppedClock,
) -> None:
    assert "March 2026" in await ada.see("/console/posts")
    at = (NOON + timedelta(hours=2)).astimezone(posts.zone)
    form = FORM | {"due_at": f"{at:%Y-%m-%dT%H:%M}", "link": "https://shop.example.com/p?a=1&b=2"}
    made = await send(ada, "/console/posts/new", PIXEL, **form)
    assert made.status_code == 303
    here = "/console/posts/1"
    page = await ada.see(made.headers["location"])
    assert "Somebody else has to approve it." in page
    assert "You wrote this, so somebody else approves it." in page
    assert "a=1&amp;b=2" in page
    image = await ada.get(f"{here}/image")
    assert (image.content, image.headers["content-type"]) == (PIXEL, "image/png")
    refused = await ada.submit(f"{here}/approve", edition="1")
    assert refused.status_code == 403
    assert "Who wrote a post cannot approve it" in refused.text
    month = await ben.see("/console/posts")
    assert f"{at:%H:%M}" in month
    assert 'class="due post-draft"' in month
    approved = await ben.submit(f"{here}/approve", edition="1")
    assert approved.headers["location"] == f"{here}?said=approved"
    (post,) = await posts.queue()
    assert post.due_at == NOON + timedelta(hours=2)
    clock.advance(timedelta(hours=2))
    await desk.posts.work["posts"].__self__.look()  # type: ignore[attr-defined]
    memory.reactions[memory.published[0].id] = Reactions(likes=31, views=4_200)
    clock.advance(timedelta(hours=1))
    await desk.posts.work["post_figures"].__self__.look()  # type: ignore[attr-defined]
    page = await ben.see(here)
    for word in ("4,200", "31", "1 hour", "https://memory.example.com/post-1-1", "Ben"):
        assert word in page
    listed = await ben.see("/console/posts?show=published")
    assert "4,200" in listed
    ben.headers["Accept-Language"] = "zh"
    page = await ben.see(here)
    for word in ("互动数据", "1 小时", "批准人", "已发布"):
        assert word in page


async def test_a_draft_is_changed(ada: Browser, ben: Browser, posts: Posts) -> None:
    await send(ada, "/console/posts/new", PIXEL, **FORM)
    form = await ben.see("/console/posts/1/edit")
    assert "Our teapots are back." in form
    changed = FORM | {"text": "Two\r\nlines <b>", "edition": "1"}
    assert (await send(ben, "/console/posts/1/edit", **changed)).status_code == 303
    post = await posts.get(1)
    assert (post.text, post.edition, post.updated_by) == ("Two\nlines <b>", 2, "Ben")
    assert post.image is not None
    assert "&lt;b&gt;" in await ben.see("/console/posts/1")
    late = await send(ada, "/console/posts/1/edit", **changed)
    assert late.status_code == 409
    assert "meanwhile" in late.text
    without = changed | {"edition": "2", "without_image": "1"}
    await send(ada, "/console/posts/1/edit", **without)
    assert (await posts.get(1)).image is None
    # What was on Ben's page is not what is there now.
    assert (await ben.submit("/console/posts/1/approve", edition="2")).status_code == 409


WRONG = [
    (FORM | {"text": "x" * 501}, None, "This is 501 long"),
    (FORM | {"text": " "}, None, "Write what the post says"),
    (FORM | {"link": "shop"}, None, "leads nowhere"),
    (FORM | {"due_at": "2026-03-01T09:00"}, None, "This time has passed"),
    (FORM | {"due_at": "soon"}, None, "Write a time"),
    (FORM | {"channel": "webchat"}, None, "is not set up, or takes no posts"),
    (FORM, b"GIF89a", "use a PNG or JPEG"),
    (FORM, PIXEL + bytes(100_000), "too large"),
]


@pytest.mark.parametrize(("form", "image", "what"), WRONG)
async def test_what_is_wrong_is_said_and_what_was_written_stays(
    ada: Browser, posts: Posts, form: dict[str, str], image: bytes | None, what: str
) -> None:
    page = await send(ada, "/console/posts/new", image, **form)
    assert page.status_code == 422
    assert what in page.text
    assert form["text"].strip() in page.text
    assert await posts.list() == []


async def test_it_is_scheduled_queued_and_cancelled(
    ada: Browser, ben: Browser, posts: Posts, desk: Desk
) -> None:
    for text in ("One", "Two"):
        made = await posts.draft(draft(text), by="Ada")
        await posts.approve(made.id, edition=1, by="Ben")
    none = await ada.submit("/console/posts/1/schedule", how="next")
    assert none.status_code == 422
    assert "There is no free slot" in none.text
    added = await ada.submit("/console/posts/week", channel="memory", day="tue", time="09:30")
    assert added.status_code == 303
    place = posts.places.of("memory")
    assert await desk.posts.week.slots(place) == [Slot(1, 570)]
    assert "Take Tue 09:30 out" in await ada.see("/console/posts/week")
    assert "0 posts have figures" in await ada.see("/console/posts/week")
    queued = await ada.submit("/console/posts/1/schedule", how="next")
    assert queued.headers["location"] == "/console/posts/1?said=scheduled"
    at = (await posts.get(1)).due_at
    assert at is not None
    assert f"{at.astimezone(posts.zone):%a %H:%M}" == "Tue 09:30"
    wrong = await ada.submit("/console/posts/2/schedule", how="at", due_at="")
    assert wrong.status_code == 422
    await ada.submit("/console/posts/2/schedule", how="at", due_at="2026-03-20T12:00")
    await ben.submit("/console/posts/2/cancel")
    assert (await posts.get(2)).state is PostState.CANCELLED
    assert "One" in await ada.see("/console/posts?show=queue")
    await ada.submit("/console/posts/week", channel="memory", remove="tue 09:30")
    assert await desk.posts.week.slots(place) == []
    bad = await ada.submit("/console/posts/week", channel="memory", day="tue", time="25:00")
    assert bad.status_code == 422


async def test_now_is_now(ada: Browser, posts: Posts, clock: StoppedClock) -> None:
    made = await posts.draft(draft(), by="Ada")
    await posts.approve(made.id, edition=1, by="Ben")
    await ada.submit(f"/console/posts/{made.id}/schedule", how="now")
    assert (await posts.get(made.id)).due_at == clock()


async def test_a_person_says_what_became_of_it(ada: Browser, posts: Posts, desk: Desk) -> None:
    for text in ("One", "Two"):
        made = await posts.draft(draft(text), by="Ada")
        async with desk.database.write() as session:
            unknown = {"state": PostState.UNKNOWN, "reason": "crashed"}
            await session.execute(
                update(PostRow).where(PostRow.id == made.id).values(approved_by="Ben", **unknown)
            )
    listed = await ada.see("/console/posts?show=attention")
    assert "We were interrupted while publishing it" in listed
    wrong = await ada.submit("/console/posts/1/settle", there="yes", url="https://example.com/")
    assert wrong.status_code == 422
    there = {"there": "yes", "url": "https://memory.example.com/9"}
    assert (await ada.submit("/console/posts/1/settle", **there)).status_code == 303
    assert (await ada.submit("/console/posts/2/settle", there="no")).status_code == 303
    states = [(await posts.get(number)).state for number in (1, 2)]
    assert states == [PostState.PUBLISHED, PostState.FAILED]
    ada.headers["Accept-Language"] = "zh"
    assert "经人工确认未发布" in await ada.see("/console/posts/2")


async def test_what_is_done_is_on_record(ada: Browser, desk: Desk, console: Console) -> None:
    await send(ada, "/console/posts/new", **FORM)
    await ada.submit("/console/posts/1/cancel")
    entries = await desk.access.audit.page(Filter(thing="post:1"))
    done = [(one.who, one.deed, one.detail["did"]) for one in entries]
    assert done == [("Ada", "post.change", "cancelled"), ("Ada", "post.change", "drafted")]


async def test_who_may_not_see_posts(console: Console) -> None:
    for name, role in (("Vic", Role.VIEWER), ("Ann", Role.AGENT)):
        async with console.signed_in(name, role) as browser:
            assert (await browser.get("/console/posts")).status_code == 403
            assert (await browser.submit("/console/posts/1/approve")).status_code == 403


async def test_odd_addresses(ada: Browser) -> None:
    for path in ("?show=nothing", "?month=9999-99", "?show=all&before=x"):
        await ada.see(f"/console/posts{path}")
    await ada.see("/console/posts/77", 404)
    await ada.see("/console/posts/1/image", 404)
