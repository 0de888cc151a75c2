"""The process dies at every statement, commit, send and post while agents work at their desk; it happens once."""

import copy
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.wiring import Desk
from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import (
    Action,
    Button,
    Card,
    CardPost,
    Deed,
    LinePost,
    NoticePost,
    Person,
    Place,
    Pressed,
    Wrote,
)
from desk.dialogue.memory import MemoryDialogue, echo
from desk.dialogue.port import ASK_FOR_PERSON, Reading, Reply, Turn
from desk.settings import Settings
from desk.tables.agent import AgentRow, DeskActionRow, DeskMessageRow, DeskPostRow, DeskThreadRow
from desk.tables.conversation import MessageRow, Owner
from desk.tables.event import EventRow
from tests.conftest import NOON
from tests.databases import template_in
from tests.faults.crash import Fuse, Step, World, play, work, world
from tests.faults.test_crash_at_every_statement import quick, says
from tests.talk import conversation, inbound, rows

KIM = Person(external_id="U1", name="Kim")


def _settings() -> Settings:
    return Settings(_env_file=None, secret_key="s" * 32, rasa_token="t" * 16)


def told(name: str, deed: Deed) -> Step:
    """The platform tells of a deed, again until it is acknowledged, and the desk works."""

    async def step(desk: Desk, _: World) -> None:
        assert desk.agents_desk is not None
        action = Action(external_id=name, person=KIM, at=NOON, deed=deed, place=_place(deed))
        await desk.agents_desk.ingest.accept([action])
        await work(desk)

    return step


def _place(deed: Deed) -> Place:
    found = getattr(deed, "place", None)
    return found if isinstance(found, Place) else Place(channel="desk", thread="m1")


@dataclass
class Prepared:
    """A world in which a customer waits, or has an agent; each crash begins with a copy."""

    world: World
    file: Path
    talk: str

    def again(self) -> World:
        """Return the world as it was."""
        shutil.copy(self.file, self.world.path)
        for suffix in ("-wal", "-shm"):
            Path(f"{self.world.path}{suffix}").unlink(missing_ok=True)
        one = copy.copy(self.world)
        one.memory = copy.deepcopy(self.world.memory)
        one.platform = copy.deepcopy(self.world.platform)
        one.clock = copy.copy(self.world.clock)
        return one


async def _prepared(tmp_path: Path, *, taken: bool) -> Prepared:
    template = await template_in(tmp_path)
    one = world(template, template.parent, _settings())
    one.platform = MemoryDesk()
    desk = await play(one, [says(inbound("human"))], Fuse())
    talk = await conversation(desk)
    if taken:
        press = Pressed(button=Button.TAKE_OVER, conversation_id=talk.id, epoch=talk.epoch)
        await told("before", press)(desk, one)
        await work(desk)
    await desk.close()
    file = tmp_path / "prepared.sqlite"
    shutil.copy(one.path, file)
    return Prepared(one, file, talk.id)


def _reply() -> list[Deed]:
    place = Place(channel="desk", thread="m1")
    return [
        Wrote(place=place, message="w1", text="here I am"),
        Wrote(place=place, message="w2", text="note: odd"),
    ]


DEEDS = {
    "take_over": (
        False,
        lambda talk: [Pressed(button=Button.TAKE_OVER, conversation_id=talk, epoch=1)],
    ),
    "reply": (True, lambda talk: _reply()),
    "release": (
        True,
        lambda talk: [Pressed(button=Button.RELEASE, conversation_id=talk, epoch=2)],
    ),
    "resolve": (
        True,
        lambda talk: [
            Pressed(button=Button.RESOLVE, conversation_id=talk, epoch=2, outcome="solved")
        ],
    ),
}
OWNERS = {
    "take_over": Owner.HUMAN,
    "reply": Owner.HUMAN,
    "release": Owner.BOT,
    "resolve": Owner.CLOSED,
}
MOVES = ("conversation.taken_over", "conversation.released", "conversation.resolved")


@dataclass(frozen=True)
class Seen:
    """What is left: for the customer, in the record, and at the desk."""

    heard: tuple[str, ...]
    record: tuple[tuple[str, str], ...]
    moves: tuple[str, ...]
    thread: tuple[str, ...]
    card: Card
    named: int
    agents: int


async def _look(desk: Desk, one: World) -> Seen:
    platform = one.platform
    assert platform is not None
    assert platform.doubled == platform.overlapped == 0
    assert await rows(desk, DeskActionRow, DeskActionRow.state != "done") == []
    unfinished = DeskPostRow.state.in_(["queued", "sending", "failed"])
    assert await rows(desk, DeskPostRow, unfinished) == []
    found = await rows(desk, MessageRow)
    logged = await rows(desk, EventRow, EventRow.name.in_(MOVES))
    (thread,) = await rows(desk, DeskThreadRow)
    cards = [s.post.card for s in platform.shown if isinstance(s.post, CardPost)]
    return Seen(
        # At least once: a crash between a send and its record may repeat that one message.
        heard=tuple(dict.fromkeys(m.text for m in one.memory.sent)),
        record=tuple((str(m.author), m.text) for m in found),
        moves=tuple(str(event.name) for event in logged),
        thread=tuple(
            s.post.line.text if isinstance(s.post, LinePost) else s.post.text
            for s in platform.at(Place(channel=thread.channel, thread=thread.thread or ""))
            if isinstance(s.post, LinePost | NoticePost)
        ),
        card=cards[-1],
        named=len(await rows(desk, DeskMessageRow)),
        agents=len(await rows(desk, AgentRow)),
    )


@pytest.mark.parametrize("name", DEEDS)
async def test_a_crash_at_every_point_at_the_desk(
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken, deeds = DEEDS[name]
    crashes = repeated = 0
    with quick(monkeypatch):
        prepared = await _prepared(tmp_path, taken=taken)
        steps = [told(f"e{n}", deed) for n, deed in enumerate(deeds(prepared.talk))]
        fuse = Fuse()
        wanted = await _play(prepared.again(), steps, fuse)
        points = fuse.points
        for point in range(1, points + 1):
            one = prepared.again()
            seen = await _play(one, steps, Fuse(point))
            assert seen == wanted, f"after a crash at point {point}"
            crashes += one.crashes
            sent = Counter(m.id for m in one.memory.sent)
            repeated += sent.total() - len(sent)
            assert sent.total() - len(sent) <= one.crashes
    with capsys.disabled():
        print(f"\n  desk {name}: {crashes} crashes at {points} points, {repeated} sends repeated")
    assert crashes == points > 20
    assert wanted.card.owner is OWNERS[name]


def _nameless(seen: Seen) -> Seen:
    """Return it without what is another in each world: the conversation's id, and when somebody began to wait."""
    name = {"conversation_id": "", "title": "", "console_url": None}
    times = {"waiting_since": None, "queue": None, "lines": ()}
    return replace(seen, card=replace(seen.card, **name, **times))


def _furious(turn: Turn) -> list[Reply]:
    return [*echo(turn), Reply(reading=Reading(intent="complaint", mood=-0.9, anger=0.9))]


async def test_a_crash_at_every_point_while_a_person_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The assistant is asked twice, about the message and to call somebody; the process dies between the two, too."""
    crashes = between = 0
    steps = [says(inbound("grr"))]
    with quick(monkeypatch):
        template = await template_in(tmp_path)

        async def played(point: int) -> tuple[Seen, Fuse, World]:
            one = world(template, tmp_path, _settings())
            one.platform, one.dialogue = MemoryDesk(), MemoryDialogue(_furious)
            fuse = Fuse(point)
            desk = await play(one, steps, fuse)
            try:
                return _nameless(await _look(desk, one)), fuse, one
            finally:
                await desk.close()

        wanted, fuse, whole = await played(0)
        assert [turn.payload for turn in whole.dialogue.turns] == [None, ASK_FOR_PERSON]
        for point in range(1, fuse.points + 1):
            seen, _, one = await played(point)
            assert seen == wanted, f"after a crash at point {point}"
            assert [turn.payload for turn in one.dialogue.turns] == [None, ASK_FOR_PERSON]
            crashes += one.crashes
            # The first turn was had twice, the second once: it died after the one and before the other.
            between += one.dialogue.calls == 3
    with capsys.disabled():
        print(f"\n  desk call: {crashes} crashes, {between} between the assistant's two turns")
    assert crashes == fuse.points > 20
    assert between
    assert wanted.card.owner is Owner.WAITING
    assert wanted.card.reason == "angry"
    assert wanted.heard == ("You said: grr", "A colleague will come.")


async def _play(one: World, steps: list[Step], fuse: Fuse) -> Seen:
    desk = await play(one, steps, fuse)
    try:
        return await _look(desk, one)
    finally:
        await desk.close()
