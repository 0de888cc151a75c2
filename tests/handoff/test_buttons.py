"""The buttons of a card: who may press which when, and what comes of it."""

from datetime import timedelta

import pytest

from desk.agentdesk.port import Button, Place, Pressed
from desk.errors import NotFoundError
from desk.tables.agent import AgentStatus
from desk.tables.conversation import Author, Owner
from desk.tables.ticket import TicketRow
from tests.handoff.floor import KIM, LEE, Floor
from tests.talk import events, rows


async def test_one_takes_it_the_other_is_told_who_and_since_when(floor: Floor) -> None:
    await floor.says("human")
    card = await floor.card()
    deed = Pressed(button=Button.TAKE_OVER, conversation_id=card.conversation_id, epoch=card.epoch)
    place = await floor.place()
    first = [floor.action(KIM, deed, place) for _ in range(2)]
    second = [floor.action(LEE, deed, place) for _ in range(2)]
    await floor.agents.ingest.accept([first[0], second[0], first[1], second[1]])
    await floor.rest()
    assert (await floor.talk()).agent == "Kim"
    assert floor.whispers(KIM) == ["You have this conversation already."]
    assert (
        floor.whispers(LEE)
        == ["Kim has this conversation, since 12:00 UTC (0 s). Nothing was done."] * 2
    )
    assert len(await events(floor.desk, "conversation.taken_over")) == 1
    assert floor.heard().count("Kim is now here to help you.") == 1


async def test_an_old_card_does_nothing(floor: Floor) -> None:
    await floor.says("human")
    old = await floor.card()
    await floor.passes(11)
    assert (await floor.talk()).owner is Owner.BOT
    await floor.presses(KIM, Button.TAKE_OVER, epoch=old.epoch)
    assert (await floor.talk()).owner is Owner.BOT
    (told,) = floor.whispers()
    assert told.startswith("The bot has this conversation")
    assert "older one" in told


async def test_send_once_and_note_leave_the_owner_alone(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(LEE, Button.SEND_ONCE, text="a moment please")
    await floor.presses(LEE, Button.NOTE, text="VIP")
    await floor.presses(LEE, Button.SEND_ONCE, text="  ")
    assert floor.heard(Author.AGENT) == ["a moment please"]
    assert (await floor.talk()).owner is Owner.WAITING
    assert floor.lines()[-2:] == ["agent: a moment please", "note agent: VIP"]
    assert floor.whispers(LEE) == ["write something to send"]


async def test_resolve_asks_how_it_ended(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RESOLVE, outcome="magic")
    assert "'magic' is none of: solved" in floor.whispers()[-1]
    await floor.presses(KIM, Button.RESOLVE, outcome="solved", topic="lamps")
    talk = await floor.talk()
    assert (talk.owner, talk.outcome, talk.topic) == (Owner.CLOSED, "solved", "lamps")
    assert (await floor.card()).outcome == "solved, lamps"
    assert floor.heard()[-1].startswith("Kim has closed this conversation.")
    (event,) = await events(floor.desk, "conversation.resolved")
    assert (event.data["outcome"], event.data["topic"]) == ("solved", "lamps")
    await floor.presses(KIM, Button.RESOLVE, outcome="solved")
    assert "This conversation is closed" in floor.whispers()[-1]
    assert len(await events(floor.desk, "conversation.resolved")) == 1


@pytest.mark.parametrize(
    ("outcome", "status"), [("solved", "resolved"), ("follow_up", "pending"), (None, "new")]
)
async def test_the_ticket_of_a_handoff_follows_its_outcome(
    floor: Floor, outcome: str | None, status: str
) -> None:
    await floor.says("human")
    await floor.passes(11)
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.RESOLVE, outcome=outcome)
    assert [ticket.status for ticket in await rows(floor.desk, TicketRow)] == [status]


async def test_spam_is_not_asked_for_a_rating(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.RESOLVE, outcome="spam")
    assert not any("from 1" in text for text in floor.heard())


async def test_release_may_ask_how_it_went(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(LEE, Button.RELEASE)
    assert (await floor.talk()).owner is Owner.HUMAN
    await floor.presses(KIM, Button.RELEASE, follow_on=True)
    assert (await floor.talk()).owner is Owner.BOT
    assert [c.title for c in floor.memory.sent[-1].choices] == ["1", "2", "3", "4", "5"]
    await floor.presses(KIM, Button.RELEASE)
    assert "The bot has this conversation" in floor.whispers()[-1]


async def test_transfer_to_an_agent_who_is_there(floor: Floor) -> None:
    await floor.commands(LEE, "away")
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.presses(KIM, Button.TRANSFER, to="Lee")
    assert "Lee is away" in floor.whispers()[-1]
    await floor.presses(KIM, Button.TRANSFER, to="nobody")
    assert "There is no agent or team 'nobody'" in floor.whispers()[-1]
    await floor.commands(LEE, "back")
    await floor.presses(KIM, Button.TRANSFER, to="U2", text="she knows lamps")
    talk = await floor.talk()
    assert (talk.owner, talk.agent) == (Owner.HUMAN, "Lee")
    assert "Kim has given this to Lee. she knows lamps" in floor.notices()
    await floor.writes(KIM, "one more thing")
    assert len(floor.asks(KIM)) == 1, "it is not Kim's any more"
    (event,) = await events(floor.desk, "conversation.transferred")
    assert (event.data["agent"], event.data["by"]) == ("Lee", "Kim")


async def test_snooze_is_woken_by_the_time_or_the_customer(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.SNOOZE, minutes=0)
    assert "within the next 30 days" in floor.whispers()[-1]
    await floor.presses(KIM, Button.SNOOZE, minutes=60)
    assert (await floor.card()).snoozed_until is not None
    await floor.passes(30)
    assert (await floor.talk()).owner is Owner.WAITING, "nobody gives up what was put off"
    await floor.passes(31)
    assert "This was put off until now." in floor.notices()
    assert (await floor.talk()).owner is Owner.WAITING
    await floor.presses(KIM, Button.SNOOZE, minutes=60)
    await floor.says("are you there?")
    assert (await floor.talk()).snoozed_until is None


async def test_the_console_and_the_desk_see_one_state(floor: Floor) -> None:
    await floor.says("human")
    talk = await floor.talk()
    await floor.desk.handoff.take_over(talk.id, agent="Mo")
    await floor.rest()
    assert (await floor.card()).agent == "Mo"
    await floor.desk.handoff.reply(talk.id, agent="Mo", text="from the console")
    await floor.rest()
    assert floor.lines()[-1] == "agent: from the console"
    await floor.writes(KIM, "and from here")
    assert "Mo has this conversation" in floor.asks()[0].why
    until = floor.clock() + timedelta(hours=1)
    await floor.desk.handoff.snooze(talk.id, agent="Mo", until=until)
    await floor.desk.handoff.transfer(talk.id, by="Mo", agent="Kim")
    await floor.desk.agents.set_status("Kim", AgentStatus.ONLINE)
    await floor.rest()
    assert (await floor.card()).agent == "Kim"
    with pytest.raises(NotFoundError):
        await floor.desk.handoff.release("nothing", agent="Mo")


async def test_a_button_of_nothing_is_told(floor: Floor) -> None:
    deed = Pressed(button=Button.TAKE_OVER, conversation_id="no", epoch=0)
    await floor.tell(KIM, deed, Place(channel="desk"))
    assert floor.whispers() == ["There is no such conversation any more."]
