"""Who reads at the desk that an agent has the conversation will not hear the bot in it again; one agent has it."""

import time
from pathlib import Path

import pytest

from app.wiring import build
from desk.clock import now
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.conversation import Author
from tests.faults import bugs
from tests.faults.desk_races import AT_ONCE, DeskRaces, Field, WatchedDesk, race
from tests.faults.races import TURN, HesitantChannel, SlowChannel, SlowDialogue

ROUNDS = 10


async def _run(
    settings: Settings,
    tmp_path: Path,
    rounds: int,
    channel: SlowChannel,
    at_once: int = AT_ONCE,
    longest: float = TURN,
) -> DeskRaces:
    rules = tmp_path / "desk.yml"
    rules.write_text("history: 1\n")  # the back-fill is not what is raced here
    settings = settings.model_copy(update={"desk_rules": rules})
    dialogue, platform = SlowDialogue(longest), WatchedDesk()
    desk = build(
        settings,
        dialogue=dialogue,
        channels={channel.name: channel},
        platform=platform,
        clock=now,
    )
    try:
        return await race(Field(desk, platform, channel, dialogue), rounds=rounds, at_once=at_once)
    finally:
        await desk.close()


async def test_no_bot_message_after_the_desk_shows_an_agent(
    settings: Settings,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    channel, began = SlowChannel(), time.process_time()
    races = await _run(settings, tmp_path, ROUNDS, channel)
    with capsys.disabled():
        spent = time.process_time() - began
        print(f"\n  desk on {database.url.get_backend_name()}: {races}, {spent:.0f} s of work")
    assert races.run == ROUNDS * AT_ONCE
    assert races.struck * 3 >= races.run, "too few races met a bot at work to prove anything"
    assert races.leaked == 0
    assert set(races.taken.values()) == {1}
    assert len(races.taken) == races.run
    assert races.refused == races.run, "every loser is told who has it"
    assert races.unheard == 0
    greetings = [m.thread for m in channel.sent if m.author is Author.AGENT]
    assert len(greetings) == len(set(greetings)) == races.greeted > 0, (
        "the other agent's words were held"
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("bug", ["forget_the_epoch", "show_the_agent_while_sending"])
async def test_races_at_the_desk_show_a_missing_fence(
    settings: Settings,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bug: str,
) -> None:
    bugs.seed(bug, monkeypatch.setattr)
    races = await _run(settings, tmp_path, 1, HesitantChannel(), at_once=15, longest=0.03)
    assert races.leaked
