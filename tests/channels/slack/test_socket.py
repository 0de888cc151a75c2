"""Socket Mode: what was not accepted is not acknowledged, and comes again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from channels.slack.adapter import SlackSocket
from channels.slack.socket_mode import Listener
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.message import Choice, Ignored, InboundMessage, Unread, Update
from tests.channels.slack.conftest import Office, outgoing
from tests.channels.slack.subject import client_of, socket_of
from tests.platforms.slack.server import SlackPlatform


class Core:
    """Stores what arrives, or not."""

    def __init__(self) -> None:
        self.stored: list[Update | Unread] = []
        self.failures = 0
        self.struck = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def accept(self, updates: Sequence[Update | Unread]) -> None:
        """Store updates when allowed to."""
        await self.may_go_on.wait()
        if self.failures:
            self.failures -= 1
            self.struck += 1
            raise RetryableError
        self.stored += updates

    def texts(self) -> list[str]:
        """Return what customers said."""
        return [one.text for one in self.stored if isinstance(one, InboundMessage)]


@asynccontextmanager
async def listening(channel: SlackSocket, core: Core) -> AsyncIterator[asyncio.Task[None]]:
    """Listen for the length of a test."""
    task = asyncio.create_task(channel.listen(core.accept))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def socket(office: Office, clock: StoppedClock) -> AsyncIterator[SlackSocket]:
    """Return the adapter that connects."""
    channel = socket_of(office.slack, clock)
    yield channel
    await channel.close()


async def until(condition: object) -> None:
    """Wait until a condition of no arguments holds."""
    assert callable(condition)
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_acknowledged_after_it_was_accepted(office: Office, socket: SlackSocket) -> None:
    route, core = office.slack.over_socket(), Core()
    core.may_go_on.clear()
    async with listening(socket, core):
        await route.connected.wait()
        for number in range(5):
            await office.ann.says(office.direct, f"word {number}")
        await office.slack.settled()
        assert (route.unacknowledged, core.stored) == (5, [])
        core.may_go_on.set()
        await office.slack.idle()
        assert core.texts() == [f"word {number}" for number in range(5)]
        assert len(route.acknowledged) == 5


async def test_what_was_not_accepted_comes_again_and_is_the_same(
    office: Office, socket: SlackSocket
) -> None:
    route, core = office.slack.over_socket(), Core()
    core.failures = 2
    async with listening(socket, core):
        await route.connected.wait()
        await office.ann.says(office.direct, "hello")
        await until(lambda: core.struck == 1)
        await route.again()
        await until(lambda: core.struck == 2)
        assert (route.unacknowledged, core.stored) == (1, [])
        await route.again()  # the third time: retry_attempt is no reason to drop it
        await office.slack.idle()
        assert core.texts() == ["hello"]


@pytest.mark.parametrize("way", ["disconnect", "drop"])
async def test_a_new_connection_after_each_that_ends(
    office: Office, socket: SlackSocket, way: str
) -> None:
    route, core = office.slack.over_socket(), Core()
    core.failures = 1
    async with listening(socket, core):
        await route.connected.wait()
        await office.ann.says(office.direct, "before")
        await until(lambda: core.struck == 1)
        await getattr(route, way)()
        await office.ann.says(office.direct, "meanwhile")
        await until(lambda: route.opened == 2)
        await office.slack.idle()
        assert core.texts() == ["before", "meanwhile"]
        await getattr(route, way)()
        await until(lambda: route.opened == 3)
        await office.ann.says(office.direct, "after")
        await office.slack.idle()
        assert core.texts()[-1] == "after"


async def test_buttons_and_commands_come_over_the_socket_too(
    office: Office, socket: SlackSocket
) -> None:
    sent = await socket.send(
        outgoing("Sure?", choices=(Choice(id="a" * 20, title="Yes"),), thread="DUANN/")
    )
    ts = str(sent.external_id).partition(":")[2]
    route, core = office.slack.over_socket(), Core()
    async with listening(socket, core):
        await route.connected.wait()
        assert (await office.ann.clicks(office.direct, ts, "Yes")).status == 200
        assert (await office.ann.runs(office.direct, "/frontdesk", "queue")).status == 200
        pressed, command = core.stored
        assert isinstance(pressed, InboundMessage)
        assert (pressed.choice, pressed.thread) == ("a" * 20, "DUANN/")
        assert isinstance(command, Ignored)


async def test_a_refused_connection_is_told(slack: SlackPlatform, clock: StoppedClock) -> None:
    client = client_of(slack)
    channel = SlackSocket(client, frozenset(), clock, Listener(client, "xapp-wrong"))
    with pytest.raises(ChannelDownError, match="token is wrong"):
        await channel.listen(Core().accept)
    good = socket_of(slack, clock)
    slack.will("429", retry_after=4, method="apps.connections.open")
    with pytest.raises(RetryableError) as caught:
        await good.listen(Core().accept)
    assert caught.value.retry_in is not None
    assert slack.struck["429"] == 1
    await channel.close()
    await good.close()


async def test_an_event_that_cannot_be_read_is_handed_on(
    office: Office, socket: SlackSocket
) -> None:
    route, core = office.slack.over_socket(), Core()
    async with listening(socket, core):
        await route.connected.wait()
        await office.slack.deliver({"type": "event_callback", "event": 5, "event_id": "Ev1"})
        await office.slack.idle()
    (unread,) = core.stored
    assert isinstance(unread, Unread)
