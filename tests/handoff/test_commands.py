"""Commands and own pages."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from desk.access.policy import Role
from desk.agentdesk.port import Button, HomeOpened, HomePost
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import MessageRow, Owner
from tests.access.conftest import ADMIN
from tests.handoff.floor import KIM, LEE, STRANGER, Floor
from tests.talk import rows


async def test_the_queue_is_explained(floor: Floor) -> None:
    assert await floor.commands(KIM, "queue") == "Nobody waits."
    await floor.says("human", thread="ada", sender_name="Ada")
    floor.clock.advance(timedelta(minutes=5))
    await floor.says("human", thread="bob", sender_name="Bob")
    async with floor.desk.database.write() as session:
        talk = await floor.talk("bob")
        await session.execute(
            update(MessageRow).where(MessageRow.conversation_id == talk.id).values(mood=-0.9)
        )
    first, second = (await floor.commands(KIM, "queue")).splitlines()
    assert first.startswith("1. Bob (memory, en): waits ")
    assert first.endswith("left, angry")
    assert second.startswith("2. Ada (memory, en): waits 5 min")


async def test_mine_and_find_and_open(floor: Floor) -> None:
    await floor.says("a lamp for me", sender_name="Ada")
    talk = await floor.talk()
    assert await floor.commands(KIM, "mine") == "You have no conversation."
    assert talk.id in await floor.commands(KIM, "find", "lamp")
    assert await floor.commands(KIM, "find", "zebra") == "Nothing was found."
    assert await floor.commands(KIM, "open", talk.id) == "Ada is at the desk now."
    assert await floor.commands(KIM, "open", talk.id) == "It is at the desk already."
    assert "no conversation 'x'" in await floor.commands(KIM, "open", "x")
    row = await floor.talk()
    assert (row.owner, row.waiting_reason) == (Owner.WAITING, "agent")
    await floor.presses(KIM, Button.TAKE_OVER)
    assert talk.id in await floor.commands(KIM, "mine")
    assert "queue –" in await floor.commands(KIM, "nonsense")


async def test_an_own_page(floor: Floor) -> None:
    await floor.says("human", thread="ada")
    await floor.says("human", thread="bob")
    await floor.presses(KIM, Button.TAKE_OVER, thread="bob")
    await floor.tell(KIM, HomeOpened())
    page = floor.platform.shown[-1].post
    assert isinstance(page, HomePost)
    assert (page.person, page.status) == ("U1", "online")
    assert [card.agent for card in page.mine] == ["Kim"]
    assert len(page.waiting) == 1


async def test_who_somebody_is(floor: Floor) -> None:
    await floor.desk.agents.add(name="Kim of lamps", email="KIM@example.com")
    await floor.commands(KIM, "queue")
    await floor.commands(LEE, "away")
    await floor.commands(STRANGER, "queue")
    found = {row.external_id: row for row in await rows(floor.desk, AgentRow)}
    assert set(found) == {"U1", "U2"}
    assert found["U1"].name == "Kim of lamps", "known by e-mail"
    assert found["U2"].status is AgentStatus.AWAY


async def test_two_of_one_name_are_two(floor: Floor) -> None:
    await floor.desk.agents.add(name="lee", external_id="U7")
    await floor.commands(LEE, "queue")
    names = {row.external_id: row.name for row in await rows(floor.desk, AgentRow)}
    assert names == {"U7": "lee", "U2": "Lee (2)"}


@pytest.mark.parametrize("word", ["away", "back"])
async def test_the_console_can_do_the_same(floor: Floor, word: str) -> None:
    status = {"away": AgentStatus.AWAY, "back": AgentStatus.ONLINE}[word]
    row = await floor.desk.agents.set_status("Mo", status)
    assert (row.name, row.status) == ("Mo", status)


async def test_whose_account_was_taken_away_does_nothing_at_the_desk(floor: Floor) -> None:
    users = floor.desk.access.users
    kim, _ = await users.invite(
        by=ADMIN, name="Kim", email="kim@example.com", role=Role.AGENT, team=None
    )
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    await floor.says("are you there?")
    await users.disable(kim.id, by=ADMIN)
    await floor.rest()
    assert (await floor.talk()).owner is Owner.WAITING, "nobody has it"
    heard = floor.heard()
    for attempt in (
        floor.presses(KIM, Button.TAKE_OVER),
        floor.writes(KIM, "it is on its way"),
        floor.commands(KIM, "back"),
    ):
        before = len(floor.whispers(KIM))
        await attempt
        assert "account here was taken away" in floor.whispers(KIM)[before]
    assert (await floor.talk()).owner is Owner.WAITING
    assert floor.heard() == heard
    await users.enable(kim.id, by=ADMIN)
    await floor.presses(KIM, Button.TAKE_OVER)
    assert (await floor.talk()).agent == "Kim"
