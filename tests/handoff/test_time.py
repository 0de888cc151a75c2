"""What the passing of time does: nobody comes, the agent is gone, the customer says nothing more."""

from datetime import timedelta
from pathlib import Path

import pytest

from desk.agentdesk.port import Button
from desk.clock import StoppedClock
from desk.settings import Settings
from desk.tables.conversation import Owner
from desk.tables.ticket import TicketRow
from tests.conftest import NOON
from tests.handoff.floor import KIM, LEE, Floor
from tests.talk import events, rows

RULES = """
channel: desk
tiers:
  - {after: 2m, mention: [G1]}
  - {after: 4m, mention: [G2, G3]}
remind_after: 2m
return_after: 5m
ask_after: 30m
resolve_after: 1h
replies:
  thanks: {en: "Thank you, {customer}! {agent}", zh: "谢谢，{customer}！{agent}"}
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings with rules of our own."""
    path = tmp_path / "desk.yml"
    path.write_text(RULES)
    return settings.model_copy(update={"desk_rules": path})


@pytest.fixture
def clock() -> StoppedClock:
    """Return a clock that stands when the shop is open."""
    return StoppedClock(NOON + timedelta(hours=3))


def _mentioned(floor: Floor) -> list[str]:
    return [one for p in floor.platform.shown for one in getattr(p.post, "mention", ())]


async def test_nobody_comes(floor: Floor) -> None:
    await floor.says("human")
    await floor.passes(2)
    assert _mentioned(floor) == ["G1"]
    assert floor.heard()[-1].startswith("Thank you for waiting.")
    await floor.desk.handoff.expire()
    await floor.passes(2)
    assert _mentioned(floor) == ["G1", "G2", "G3"]
    assert sum(text.startswith("Thank you for waiting.") for text in floor.heard()) == 1
    await floor.passes(7)
    assert (await floor.talk()).owner is Owner.BOT
    assert "T-000001" in floor.heard()[-1]
    assert len(await rows(floor.desk, TicketRow)) == 1


async def test_nobody_is_called_out_of_bed(floor: Floor, clock: StoppedClock) -> None:
    clock.at = NOON - timedelta(hours=6)  # one in the morning at the shop
    await floor.says("human")
    await floor.passes(3)
    assert _mentioned(floor) == []
    await floor.passes(9)
    assert len(await rows(floor.desk, TicketRow)) == 1, "the promise holds at night, too"


async def test_an_agent_who_goes_away_loses_the_conversation(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.passes(20)
    assert (await floor.talk()).owner is Owner.HUMAN
    answer = await floor.commands(KIM, "away")
    assert answer == "You are away. You have 1; they go back to the queue in about 7 min."
    await floor.passes(2)
    assert _mentioned(floor) == ["U1"]
    assert "Kim is away and still has this conversation" in floor.notices()[-1]
    await floor.passes(2)
    assert (await floor.talk()).agent == "Kim"
    await floor.passes(4)
    talk = await floor.talk()
    assert (talk.owner, talk.agent, talk.waiting_reason) == (Owner.WAITING, None, "Kim is away")
    assert floor.heard()[-1].startswith("I am sorry, my colleague had to step away.")
    (event,) = await events(floor.desk, "conversation.agent_lost")
    assert event.data["reason"] == "Kim is away"
    await floor.presses(LEE, Button.TAKE_OVER)
    assert (await floor.talk()).agent == "Lee"


async def test_an_agent_who_comes_back_keeps_it(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.commands(KIM, "away")
    await floor.passes(3)
    await floor.commands(KIM, "back")
    await floor.passes(30)
    assert (await floor.talk()).agent == "Kim"


async def test_a_silent_customer_is_asked_and_then_let_go(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.writes(KIM, "which lamp is it?")
    await floor.passes(31)
    assert floor.heard()[-1].startswith("Are you still there?")
    await floor.says("yes, sorry")
    await floor.passes(100)
    assert (await floor.talk()).owner is Owner.HUMAN, "now the agent is to answer"
    await floor.writes(KIM, "take your time")
    await floor.passes(31)
    await floor.passes(61)
    talk = await floor.talk()
    assert (talk.owner, talk.outcome) == (Owner.CLOSED, "silent")
    assert floor.heard()[-1].startswith("As we have not heard from you")


async def test_prepared_replies(floor: Floor) -> None:
    await floor.says("human", sender_name="Ana")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.writes(KIM, "!thanks")
    await floor.writes(KIM, "!nothing")
    assert floor.heard()[-1] == "Thank you, Ana! Kim"
    assert "Sent: Thank you, Ana! Kim" in floor.notices()
    assert "There is no prepared reply !nothing; nothing was sent" in floor.whispers()[-1]
    assert await floor.commands(KIM, "say") == "!thanks"
    assert "谢谢" in await floor.commands(KIM, "say", "thanks")
