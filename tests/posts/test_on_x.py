"""A post from its draft to its figures, on X's stand-in, through the desk as it is wired."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.wiring import Desk
from app.wiring import build as wire
from channels.x.adapter import X
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.post import PostState
from tests.channels.x.subject import adapter
from tests.conftest import NOON
from tests.platforms.x.server import ACCOUNT, XServer
from tests.posts.conftest import draft

TEXT = "Our teapots are back."


@pytest.fixture
async def server(clock: StoppedClock) -> AsyncIterator[XServer]:
    """Run the stand-in; every call must have kept X's rules."""
    async with XServer.open(clock) as one:
        one.announcing = True
        yield one
        assert one.violations == []


@pytest.fixture
async def on_x(
    settings: Settings, database: Database, server: XServer, clock: StoppedClock
) -> AsyncIterator[Desk]:
    """Return a desk that is connected with X, with a budget of a dollar a day."""
    assert database
    channel: X = adapter(server, clock, daily_budget="0.5")
    desk = wire(settings, dialogue=MemoryDialogue(), channels={"x": channel}, clock=clock)
    yield desk
    await desk.close()


async def _ready(desk: Desk, text: str = TEXT, link: str | None = None) -> int:
    posts = desk.posts.posts
    written = draft(text, channel="x", account=ACCOUNT, link=link)
    made = await posts.draft(written, by="Ada", due_at=desk.clock())
    await posts.approve(made.id, edition=1, by="Ben")
    await posts.schedule(made.id, desk.clock(), by="Ada")
    return made.id


async def _work(desk: Desk, loop: str) -> None:
    await desk.posts.work[loop].__self__.look()  # type: ignore[attr-defined]


async def test_from_its_draft_to_its_figures(
    on_x: Desk, server: XServer, clock: StoppedClock
) -> None:
    posts = on_x.posts.posts
    number = await _ready(on_x, link="https://shop.example.com/teapots")
    await _work(on_x, "posts")
    found = await posts.get(number)
    assert found.state is PostState.PUBLISHED
    there = server.world.posts[found.external_id or ""]
    assert there.text == f"{TEXT}\nhttps://shop.example.com/teapots"
    there.public |= {"like": 12, "impression": 800}
    for hours in (1, 23, 144):
        clock.advance(timedelta(hours=hours))
        await _work(on_x, "post_figures")
    figures = (await posts.metrics([number]))[number]
    assert [(one.hours, one.likes, one.views) for one in figures] == [
        (1, 12, 800),
        (24, 12, 800),
        (168, 12, 800),
    ]
    assert server.calls["lookup"] == 3


async def test_a_429_puts_it_off(on_x: Desk, server: XServer, clock: StoppedClock) -> None:
    number = await _ready(on_x)
    server.will("429", retry_after=300)
    await _work(on_x, "posts")
    waiting = await on_x.posts.posts.get(number)
    assert (waiting.state, waiting.not_before) == (
        PostState.SCHEDULED,
        NOON + timedelta(minutes=5),
    )
    await _work(on_x, "posts")
    assert server.calls["post"] == 1
    clock.advance(timedelta(minutes=5))
    await _work(on_x, "posts")
    assert (await on_x.posts.posts.get(number)).state is PostState.PUBLISHED
    assert server.struck["429"] == 1


async def test_a_spent_budget_is_told(on_x: Desk, server: XServer) -> None:
    """Midnight is twelve hours away, which is too late for a post of noon."""
    links = [f"https://shop.example.com/{number}" for number in range(4)]
    numbers = [await _ready(on_x, f"Number {link[-1]}", link) for link in links]
    await _work(on_x, "posts")
    states = [(await on_x.posts.posts.get(number)).state for number in numbers]
    assert states == [PostState.PUBLISHED] * 3 + [PostState.FAILED]
    last = await on_x.posts.posts.get(numbers[-1])
    assert "FRONTDESK_X_DAILY_BUDGET" in last.why()
    assert server.calls["post"] == 3


async def test_silence_is_unknown_and_never_repeated(
    on_x: Desk, server: XServer, clock: StoppedClock
) -> None:
    number = await _ready(on_x)
    server.will("lost")
    for _ in range(4):
        await _work(on_x, "posts")
        clock.advance(timedelta(minutes=20))
    found = await on_x.posts.posts.get(number)
    assert (found.state, server.struck["lost"]) == (PostState.UNKNOWN, 1)
    assert "look at the account" in found.why()
    assert server.calls["post"] == 1
    await on_x.posts.posts.settle(number, url=None, by="Ada")
    await on_x.posts.posts.schedule(number, clock(), by="Ada")
    await _work(on_x, "posts")
    assert (await on_x.posts.posts.get(number)).state is PostState.PUBLISHED
    assert len(server.accepted) == 1
