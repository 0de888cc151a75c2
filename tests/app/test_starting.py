"""Channels are set up at the start: patiently, each on its own, and the health check says how they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from app import migrate, web
from app.starting import start
from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.channel import ChannelDownError, Check
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.errors import RetryableError
from desk.settings import Settings
from tests.talk import events

SOON = timedelta(milliseconds=1)


class CheckedTwin(MemoryChannel):
    """Wants to be set up; ``trouble`` is what its platform answers first."""

    def __init__(self, name: str, *trouble: Exception) -> None:
        super().__init__(name)
        self.trouble = list(trouble)
        self.tries = 0
        self.is_ready = asyncio.Event()

    async def start(self) -> None:
        """Be set up."""
        self.tries += 1
        if self.trouble:
            raise self.trouble.pop(0)
        self.is_ready.set()

    async def check(self) -> Check:
        """Say who we are."""
        return Check(account=self.account)


@pytest.fixture
def twins() -> dict[str, CheckedTwin]:
    """Return a channel whose platform has troubles that pass, one that never answers well, and a good one."""
    passing = (
        RetryableError("away", retry_in=SOON),
        ChannelDownError("the token is revoked; set FRONTDESK_TOKEN", retry_in=SOON),
        ChannelDownError("still revoked", retry_in=SOON),
        RetryableError("busy", retry_in=SOON),
    )
    hopeless = ChannelDownError("no such account", retry_in=timedelta(hours=1))
    found = (
        CheckedTwin("passing", *passing),
        CheckedTwin("hopeless", hopeless),
        CheckedTwin("good"),
    )
    return {one.name: one for one in found}


@pytest.fixture
async def desk(
    settings: Settings, twins: dict[str, CheckedTwin], memory: MemoryChannel, clock: StoppedClock
) -> AsyncIterator[Desk]:
    """Return a desk with these, and with one that need not be set up."""
    channels = {**twins, memory.name: memory}
    desk = build(settings, dialogue=MemoryDialogue(), channels=channels, clock=clock)
    yield desk
    await desk.close()


async def test_every_channel_is_started_and_none_waits_for_another(
    desk: Desk, twins: dict[str, CheckedTwin]
) -> None:
    starting = asyncio.create_task(start(desk))
    async with asyncio.timeout(20):
        await asyncio.gather(twins["good"].is_ready.wait(), twins["passing"].is_ready.wait())
        while len(await events(desk, "channel.went_up")) < 2:
            await asyncio.sleep(0.005)
        while len(await events(desk, "channel.went_down")) < 2:
            await asyncio.sleep(0.005)
    assert not starting.done()  # a loop that ends would be begun again
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    assert {name: twin.tries for name, twin in twins.items()} == {
        "passing": 5,
        "hopeless": 1,
        "good": 1,
    }
    health = await web.Health(desk)._channels()
    assert health == {
        "webchat": "up",
        "passing": "up",
        "hopeless": "down: no such account",
        "good": "up",
        "memory": "up",
    }
    # That an account is away for a moment says nothing of it; that it was refused twice is one change.
    down = [event.data["channel"] for event in await events(desk, "channel.went_down")]
    assert sorted(down) == ["hopeless", "passing"]


async def test_a_channel_that_is_down_degrades_the_desk_and_does_not_stop_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def head(_: object) -> str | None:
        return migrate.head()

    monkeypatch.setattr(migrate, "current", head)
    transport = httpx.ASGITransport(app=web.build(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:

        async def ready() -> tuple[int, str, str]:
            answer = await client.get("/health/ready")
            body = answer.json()
            return answer.status_code, body["status"], body["channels"]["good"]

        assert await ready() == (200, "ok", "up")
        await desk.states.tell("good", "a", RetryableError("away for a moment"))
        assert await ready() == (200, "ok", "up")
        await desk.states.tell("good", "a", ChannelDownError("the token is revoked"))
        assert await ready() == (200, "degraded", "down: the token is revoked")
        figures = (await client.get("/metrics")).text
        assert 'frontdesk_channel_up{account="a",channel="good"} 0.0' in figures
        await desk.states.tell("good", "a", None)
        assert await ready() == (200, "ok", "up")
