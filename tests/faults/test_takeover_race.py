"""After a confirmed take-over the bot is silent: not rarely heard, never; and one agent has the conversation."""

from collections import Counter

import pytest

from app.wiring import build
from desk.clock import now
from desk.settings import Settings
from desk.store.database import Database
from tests.faults.races import AT_ONCE, SlowChannel, SlowDialogue, race
from tests.talk import events

ROUNDS = 6


@pytest.fixture
def dialogue() -> SlowDialogue:
    """Return an assistant of random speed."""
    return SlowDialogue()


@pytest.fixture
def memory() -> SlowChannel:
    """Return a platform of random speed."""
    return SlowChannel()


async def test_no_bot_message_after_a_take_over(
    settings: Settings,
    database: Database,
    dialogue: SlowDialogue,
    memory: SlowChannel,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = build(settings, dialogue=dialogue, channels={memory.name: memory}, clock=now)
    try:
        races = await race(desk, memory, dialogue, rounds=ROUNDS)
        fenced = len(await events(desk, "reply.fenced")) + len(
            await events(desk, "message.fenced")
        )
    finally:
        await desk.close()
    with capsys.disabled():
        print(f"\n  take-over on {database.url.get_backend_name()}: {races}, {fenced} fenced")
    assert races.run == ROUNDS * AT_ONCE
    assert races.struck * 3 >= races.run, "too few races met a bot at work to prove anything"
    assert fenced > 0
    assert memory.leaked == []
    assert Counter(races.winners) == {1: races.run}
    assert races.undelivered == 0
