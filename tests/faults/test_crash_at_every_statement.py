"""The process dies at every statement, commit, turn and send, one after the other; every effect happens once."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import structlog

from app.wiring import Desk
from channels.webchat.adapter import ACCOUNT
from desk.commerce.policies import Policies
from desk.dialogue.memory import echo
from desk.dialogue.port import Reply, Turn, TurnFailedError
from desk.message import InboundMessage
from desk.settings import Settings
from desk.store import sqlite
from desk.tables.conversation import MessageRow, Owner
from desk.tables.event import EventRow
from desk.tables.inbox import InboxRow
from desk.tables.outbox import OutboxRow
from desk.tables.ticket import TicketRow
from tests.databases import template_in
from tests.faults.crash import Fuse, Step, World, play, world
from tests.talk import accept, conversation, inbound, rows, settle

LOCAL, REMOTE = "visitor", "ada"
OPEN = ("new", "working", "queued", "sending")


def _local(text: str) -> InboundMessage:
    return inbound(text, LOCAL, channel="webchat", account=ACCOUNT)


def says(*messages: InboundMessage) -> Step:
    """Customers write, each again until it is acknowledged, and the desk works."""

    async def step(desk: Desk, _: World) -> None:
        await accept(desk, *messages)
        await settle(desk)

    return step


def waits(seconds: int) -> Step:
    """Time passes and the desk works."""

    async def step(desk: Desk, world: World) -> None:
        world.clock.advance(timedelta(seconds=seconds))
        await settle(desk)

    return step


async def _take_over(desk: Desk, _: World) -> None:
    for thread in (LOCAL, REMOTE):
        talk = await conversation(desk, thread)
        await desk.handoff.take_over(talk.id, agent="Kim")
    await settle(desk)


async def _take_over_before_sending(desk: Desk, world: World) -> None:
    await accept(desk, MESSAGES["held"])
    await desk.router.drain()
    await _take_over(desk, world)


async def _release(desk: Desk, _: World) -> None:
    for thread in (LOCAL, REMOTE):
        talk = await conversation(desk, thread)
        # An agent who got no confirmation looks before pressing the button again.
        if talk.owner is Owner.HUMAN:
            await desk.handoff.release(talk.id, agent="Kim")
    await settle(desk)


async def _nobody_comes(desk: Desk, world: World) -> None:
    world.clock.advance(timedelta(minutes=11))
    await desk.handoff.expire()
    await settle(desk)


MESSAGES = {"held": inbound("held back")}


def poisoned(turn: Turn) -> list[Reply]:
    """Fail at poison, whoever asks."""
    if "poison" in turn.text:
        raise TurnFailedError("boom")
    return echo(turn)


@dataclass(frozen=True)
class Scenario:
    """Steps, and what every customer must have been shown at the end: (author, text), in order."""

    steps: Callable[[], list[Step]]
    shown: dict[str, list[tuple[str, str]]]
    tickets: int = 0


def _talk(*texts: str) -> list[tuple[str, str]]:
    return [line for text in texts for line in (("contact", text), ("bot", f"You said: {text}"))]


_HUMAN = [("contact", "human"), ("bot", "A colleague will come.")]
_JOINED = ("system", "Kim is now here to help you.")
_LEFT = ("system", "Kim has left the conversation. The automatic assistant answers again.")
_NOBODY = (
    "system",
    "I am sorry, nobody has been free to take over. I have left your request as ticket {}, so "
    "that it is not lost. You can go on talking with me meanwhile.",
)
_TROUBLE = (
    "system",
    "We have a short technical problem. Your message is safe, and you will get an answer here "
    "as soon as it is solved. There is no need to send it again.",
)
_GAVE_UP = (
    "system",
    "I could not work on your message because of a technical problem. I have passed it on to my "
    "colleagues as ticket T-000001; they will get back to you.",
)


def _conversation() -> list[Step]:
    one, two = inbound("one"), inbound("two")
    mine, yours = _local("mine"), _local("yours")
    return [says(one, mine), says(two, yours), says(one, yours)]


def _handoff() -> list[Step]:
    return [
        says(inbound("human"), _local("human")),
        _take_over,
        says(inbound("there you are")),
        _release,
        says(inbound("back"), _local("back")),
    ]


def _nobody_free() -> list[Step]:
    return [says(inbound("human")), _nobody_comes, says(inbound("well"))]


def _dead_letter() -> list[Step]:
    return [says(_local("poison"), _local("next")), *(waits(20) for _ in range(6))]


def _taken_over() -> list[Step]:
    MESSAGES["held"] = inbound("held back")
    return [says(inbound("hello"), _local("hello")), _take_over_before_sending]


SCENARIOS = {
    "conversation": Scenario(
        _conversation, {REMOTE: _talk("one", "two"), LOCAL: _talk("mine", "yours")}
    ),
    "handoff": Scenario(
        _handoff,
        {
            REMOTE: [
                *_HUMAN,
                _JOINED,
                ("contact", "there you are"),
                _LEFT,
                *_talk("back"),
            ],
            LOCAL: [*_HUMAN, _JOINED, _LEFT, *_talk("back")],
        },
    ),
    "nobody_free": Scenario(
        _nobody_free,
        {REMOTE: [*_HUMAN, (_NOBODY[0], _NOBODY[1].format("T-000001")), *_talk("well")]},
        tickets=1,
    ),
    "dead_letter": Scenario(
        _dead_letter,
        {LOCAL: [("contact", "poison"), _TROUBLE, _GAVE_UP, *_talk("next")]},
        tickets=1,
    ),
    "take_over": Scenario(
        _taken_over,
        {
            REMOTE: [*_talk("hello"), ("contact", "held back"), _JOINED],
            LOCAL: [*_talk("hello"), _JOINED],
        },
    ),
}


@contextmanager
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start quickly: policies read once, no log, and no waiting for the disk, whose loss is not simulated."""
    with monkeypatch.context() as patch, structlog.testing.capture_logs():
        patch.setitem(sqlite.PRAGMAS, "synchronous", "OFF")
        patch.setattr("app.wiring.Policies", cache(Policies))
        yield


async def play_and_check(template: Path, scenario: Scenario, fuse: Fuse) -> World:
    """Play a scenario to its end, crash included, and check what is left; the world then knows the points."""
    settings = Settings(_env_file=None, secret_key="s" * 32, rasa_token="t" * 16)
    one = world(template, template.parent, settings)
    one.dialogue.answer = poisoned
    desk = await play(one, scenario.steps(), fuse)
    one.points = fuse.points
    try:
        await _check(desk, one, scenario)
    finally:
        await desk.close()
    return one


async def _check(desk: Desk, one: World, scenario: Scenario) -> None:
    for thread, wanted in scenario.shown.items():
        talk = await conversation(desk, thread)
        said = await rows(desk, MessageRow, MessageRow.conversation_id == talk.id)
        fenced = await rows(desk, OutboxRow, OutboxRow.state == "fenced")
        hidden = {row.message_id for row in fenced}
        found = [(str(m.author), m.text) for m in said if m.id not in hidden]
        assert found == wanted
        shown = sorted(m.seq for m in said if m.seq is not None)
        assert shown == list(range(1, len(shown) + 1)), "places without gaps"
    outside = [text for author, text in scenario.shown.get(REMOTE, []) if author != "contact"]
    sent = Counter(m.id for m in one.memory.sent)
    # At least once: a crash between a send and its record may repeat that one message.
    assert list(dict.fromkeys(m.text for m in one.memory.sent)) == outside
    assert len(sent) == len(outside)
    assert sent.total() - len(sent) <= one.crashes
    assert len(await rows(desk, TicketRow)) == scenario.tickets
    answered = [
        e.data["inbox_id"] for e in await rows(desk, EventRow, EventRow.name == "turn.answered")
    ]
    assert len(answered) == len(set(answered))
    for table in (InboxRow, OutboxRow):
        assert not await rows(desk, table, table.state.in_(OPEN))


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_crash_at_every_point(
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    template, scenario = await template_in(tmp_path), SCENARIOS[name]
    crashes = repeated = 0
    with quick(monkeypatch):
        points = (await play_and_check(template, scenario, Fuse())).points
        for point in range(1, points + 1):
            try:
                one = await play_and_check(template, scenario, Fuse(point))
            except AssertionError as error:
                raise AssertionError(f"after a crash at point {point}: {error}") from error
            crashes += one.crashes
            repeated += len(one.memory.sent) - len({m.id for m in one.memory.sent})
    with capsys.disabled():
        print(f"\n  {name}: {crashes} crashes at {points} points, {repeated} sends repeated")
    assert crashes == points > 20
