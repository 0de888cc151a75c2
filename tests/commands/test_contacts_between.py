"""``frontdesk contacts show``: what was said, how soon it was answered, what is planned, what came of it."""

from datetime import timedelta

from app.wiring import Desk
from desk.clock import StoppedClock
from desk.tables.conversation import Author
from tests.commands.conftest import Frontdesk
from tests.commands.test_imports_from_files import outcome
from tests.conftest import NOON
from tests.scoring.conftest import DAY
from tests.scoring.test_between import _say
from tests.world import World

MINUTE = timedelta(minutes=1)


async def test_the_record_is_shown_and_told(
    frontdesk: Frontdesk, desk: Desk, clock: StoppedClock
) -> None:
    world = World(desk.database, clock)
    chat = await world.talk()
    start = NOON - 20 * DAY
    await _say(world, chat, Author.CONTACT, start)
    await _say(world, chat, Author.BOT, start + 2 * MINUTE)
    await _say(world, chat, Author.AGENT, start + 5 * DAY)
    await _say(world, chat, Author.CONTACT, start + 5 * DAY + 30 * MINUTE)
    told = outcome(await frontdesk("contacts", "show", chat.contact_id, "--json"))
    assert (told["record"]["received"], told["record"]["sent"]) == (2, 2)
    assert told["record"]["last_received_at"] == (start + 5 * DAY + 30 * MINUTE).isoformat()
    assert told["record"]["answers"]["bot"] == {"answers": 1, "median": 120, "most": 120}
    assert told["record"]["answers"]["them"]["median"] == 1_800
    [channel] = told["record"]["channels"]
    assert (channel["channel"], channel["by_bot"], channel["by_agent"]) == ("webchat", 1, 1)
    replies = next(one for one in told["effects"] if one["outcome"] == "reply")
    assert (replies["contacts"], replies["followed"]) == (1, 1)
    assert told["planned"] == []
    result = await frontdesk("contacts", "show", chat.contact_id)
    shown = " ".join(result.stdout.split())
    for said in (
        "the assistant to them",
        "0:02:00",
        "0:30:00",
        "they wrote 1 times within 7 days (100%)",
    ):
        assert said in shown


async def test_who_never_wrote_is_said_so(
    frontdesk: Frontdesk, desk: Desk, clock: StoppedClock
) -> None:
    chat = await World(desk.database, clock).talk()
    result = await frontdesk("contacts", "show", chat.contact_id)
    assert result.exit_code == 0
    assert "Nothing was said between us yet." in result.stdout
    told = outcome(await frontdesk("contacts", "show", chat.contact_id, "--json"))
    assert told["record"]["channels"] == []
