"""A platform tells every event one to four times, in any order, also after a restart: each has one effect."""

import random
from collections import Counter

import pytest

from app import up
from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import Button, Changed, Choice, Deed, Held, Pressed, Wrote
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.store.database import Database
from desk.tables.agent import DeskActionRow
from desk.tables.conversation import Author, MessageRow
from tests.handoff.floor import KIM, LEE, Floor
from tests.talk import events, rows

EXAMPLES = 12


def _desk(
    settings: Settings, memory: MemoryChannel, platform: MemoryDesk, clock: StoppedClock
) -> Desk:
    return build(
        settings,
        dialogue=MemoryDialogue(),
        channels={memory.name: memory},
        platform=platform,
        clock=clock,
    )


async def _taken(floor: Floor, thread: str) -> None:
    await floor.says("human", thread)
    await floor.presses(KIM, Button.TAKE_OVER, thread)


async def _deeds(floor: Floor, thread: str) -> list[tuple[object, Deed]]:
    """Return what two agents do in a conversation that is Kim's."""
    place, talk = await floor.place(thread), await floor.talk(thread)
    deeds: list[tuple[object, Deed]] = [
        (KIM, Wrote(place=place, message=f"{thread}{n}", text=f"{thread} {n}")) for n in range(3)
    ]
    said = {"conversation_id": talk.id, "epoch": talk.epoch}
    return [
        *deeds,
        (LEE, Wrote(place=place, message=f"{thread}x", text=f"{thread} held")),
        (KIM, Wrote(place=place, message=f"{thread}n", text=f"// {thread} note")),
        (KIM, Pressed(button=Button.TAKE_OVER, **said)),
        (LEE, Pressed(button=Button.TAKE_OVER, **said)),
        (LEE, Pressed(button=Button.SEND_ONCE, text=f"{thread} once", **said)),
        (KIM, Changed(place=place, message="unknown", text="late")),
        (LEE, Held(place=place, message=f"{thread}x", choice=Choice.SEND_ONCE)),
    ]


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
async def test_every_event_once_however_often_it_is_told(
    settings: Settings,
    database: Database,
    clock: StoppedClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    memory, platform = MemoryChannel(), MemoryDesk()
    luck, told, new, asked_late = random.Random(5), 0, 0, 0
    desk = _desk(settings, memory, platform, clock)
    await desk.agents.add(name="Kim", external_id="U1", capacity=EXAMPLES)
    for example in range(EXAMPLES):
        thread = f"t{example}"
        floor = Floor(desk, platform, memory, clock)
        await _taken(floor, thread)
        actions = [floor.action(who, deed) for who, deed in await _deeds(floor, thread)]
        copies = [action for action in actions for _ in range(luck.randint(1, 4))]
        luck.shuffle(copies)
        asked_late += _before(copies, actions[-1], actions[3])
        cut = luck.randrange(len(copies))
        for part in (copies[:cut], copies[cut:]):
            for action in part:
                new += await floor.agents.ingest.accept([action])
                told += 1
                if luck.random() < 0.3:
                    await floor.rest(1)
            # The process ends, whatever it has in hand, and another goes on.
            await desk.close()
            desk = _desk(settings, memory, platform, clock)
            await up._recover(desk.database)
            floor = Floor(desk, platform, memory, clock)
        await floor.rest()
        heard = Counter(m.text for m in memory.sent if m.author is Author.AGENT)
        own = {text: n for text, n in heard.items() if text.startswith(f"{thread} ")}
        wanted = {f"{thread} {n}": 1 for n in range(3)} | {f"{thread} once": 1}
        # Who answers before the question has come is told that there is nothing to answer.
        if own.get(f"{thread} held"):
            wanted[f"{thread} held"] = 1
        assert own == wanted
        (row,) = await rows(desk, MessageRow, MessageRow.text == f"{thread} note")
        assert row.direction == "note"
    with capsys.disabled():
        print(
            f"\n  {told} events told, {new} of them new, {asked_late} answers before their question"
        )
    assert told > new * 2
    assert 0 < asked_late < EXAMPLES
    assert new == EXAMPLES * 10
    assert len(await events(desk, "conversation.taken_over")) == EXAMPLES
    assert await rows(desk, DeskActionRow, DeskActionRow.state != "done") == []
    await desk.close()


def _before(copies: list[object], one: object, other: object) -> bool:
    return copies.index(one) < copies.index(other)


async def test_an_event_whose_first_telling_was_lost_is_not_lost(
    settings: Settings, database: Database, clock: StoppedClock
) -> None:
    memory, platform = MemoryChannel(), MemoryDesk()
    desk = _desk(settings, memory, platform, clock)
    floor = Floor(desk, platform, memory, clock)
    await _taken(floor, "ada")
    place = await floor.place()
    action = floor.action(KIM, Wrote(place=place, message="w", text="only told again"))
    await desk.close()
    desk = _desk(settings, memory, platform, clock)
    floor = Floor(desk, platform, memory, clock)
    assert await floor.agents.ingest.accept([action]) == 1
    assert await floor.agents.ingest.accept([action]) == 0
    await floor.rest()
    assert floor.heard(Author.AGENT) == ["only told again"]
    await desk.close()


async def test_what_fails_five_times_is_a_dead_letter_and_told(
    settings: Settings,
    database: Database,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory, platform = MemoryChannel(), MemoryDesk()
    desk = _desk(settings, memory, platform, clock)
    floor = Floor(desk, platform, memory, clock)
    await _taken(floor, "ada")
    tries = 0

    async def broken(*_: object, **__: object) -> int:
        nonlocal tries
        tries += 1
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(desk.handoff.moves, "note", broken)
        await floor.writes(KIM, "note: poison")
        await floor.writes(KIM, "and then?")
        assert floor.heard(Author.AGENT) == [], "what comes after it waits for it"
        await floor.rest(40)
    assert tries == 5
    assert floor.heard(Author.AGENT) == ["and then?"]
    assert floor.whispers() == [
        "Something went wrong, and this was not done. Please try it once more."
    ]
    (dead,) = await rows(desk, DeskActionRow, DeskActionRow.state == "dead")
    assert dead.failures == 5
    await desk.close()
