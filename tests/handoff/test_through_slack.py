"""The whole way through Slack: the real core, the real adapter and slack_sdk, and a Slack that enforces its rules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn

from app import web
from app.serve import listen
from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from channels.slack.desk.routes import PATH
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.tables.conversation import Author, Direction, MessageRow, Owner
from tests.channels.slack.desk.conftest import texts
from tests.platforms.slack.server import BOT_TOKEN, SIGNING_SECRET, SlackPlatform
from tests.talk import conversation, rows, says

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def slack(clock: StoppedClock) -> AsyncIterator[SlackPlatform]:
    """Serve the stand-in; nothing of Slack's rules was broken in the end."""
    async with SlackPlatform.open(clock) as platform:
        yield platform
        assert platform.violations == []


@asynccontextmanager
async def serving(desk: Desk, slack: SlackPlatform) -> AsyncIterator[None]:
    """Serve the product's own web application, and let Slack call it."""
    socket = listen("127.0.0.1", 0)
    config = uvicorn.Config(web.build(desk), log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([socket]))
    url = f"http://127.0.0.1:{socket.getsockname()[1]}{PATH}"
    slack.over_http(url, url, url)
    try:
        yield
    finally:
        await slack.settled()
        server.should_exit = server.force_exit = True
        await task
        socket.close()


async def test_a_customer_an_agent_in_slack_and_the_bot_again(
    settings: Settings,
    dialogue: MemoryDialogue,
    memory: MemoryChannel,
    clock: StoppedClock,
    slack: SlackPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.advance(timedelta(seconds=1))
    kim, lee = (slack.person(name, email=f"{name}@example.com") for name in ("kim", "lee"))
    room = slack.channel("desk", kim, lee)
    for key, value in {
        "BOT_TOKEN": BOT_TOKEN,
        "SIGNING_SECRET": SIGNING_SECRET,
        "CHANNEL": room.id,
        "API_URL": slack.api_url,
    }.items():
        monkeypatch.setenv(f"FRONTDESK_DESK_SLACK_{key}", value)
    monkeypatch.setattr("app.wiring.platforms", lambda *_: {memory.name: memory})
    desk = build(settings, dialogue=dialogue, clock=clock)
    assert desk.slack_desk is not None
    await desk.slack_desk.start()
    working = desk.agents_desk
    assert working is not None

    async def rest() -> None:
        for _ in range(8):
            await slack.settled()
            while await working.worker.step():
                pass
            await desk.router.drain()
            while await desk.relay.step():
                pass
            while await working.relay.step():
                pass
            clock.advance(timedelta(seconds=1))

    async with serving(desk, slack):
        await says(desk, "human")
        await rest()
        (root, *_) = [m for r, m in slack.posted() if r is room and m.thread_ts is None]
        assert "memory" in texts(root.blocks)
        assert (await conversation(desk)).owner is Owner.WAITING

        await lee.says(room, "can anybody take this?", thread=root.ts)
        await rest()
        asked = [one for one in slack.world.ephemerals if one.user == lee.id]
        assert len(asked) == 1, "nobody's words go out by themselves"
        assert memory.sent[-1].text == "A colleague will come."

        await kim.clicks(room, root.ts, "Take over")
        await rest()
        talk = await conversation(desk)
        assert (talk.owner, talk.agent) == (Owner.HUMAN, "kim")
        told = [message.text for message in memory.sent]
        assert told[-1] == "kim is now here to help you."

        await says(desk, "my <!channel> lamp & *shade* broke")
        await rest()
        shown = [m for r, m in slack.posted() if r is room and m.thread_ts == root.ts]
        assert "lamp" in shown[-1].text + texts(shown[-1].blocks)
        assert "<!channel>" not in shown[-1].text

        await kim.says(room, "A new one is on its way &amp; free", thread=root.ts)
        await rest()
        assert memory.sent[-1].text == "A new one is on its way & free"
        assert memory.sent[-1].author is Author.AGENT
        await kim.says(room, "note: was unfriendly", thread=root.ts)
        await rest()
        assert memory.sent[-1].text == "A new one is on its way & free"
        notes = await rows(desk, MessageRow, MessageRow.direction == Direction.NOTE)
        assert [note.text for note in notes][-1] == "was unfriendly"

        await lee.clicks(room, root.ts, "Note")
        assert slack.world.views, "a form was opened within its three seconds"

        spoken = len(dialogue.turns)
        await says(desk, "thank you")
        await rest()
        assert len(dialogue.turns) == spoken, "the bot does not speak over an agent"
    await desk.close()
