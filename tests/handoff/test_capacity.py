"""How many conversations an agent has at once: who has enough is asked, and a second press goes over it."""

from datetime import timedelta

import pytest

from desk.agentdesk.port import Button
from desk.errors import ConflictError
from desk.handoff.capacity import FullError
from desk.tables.conversation import Owner
from tests.handoff.floor import KIM, LEE, Floor
from tests.talk import events


async def _hire(floor: Floor, name: str = "Kim", external_id: str = "U1", most: int = 1) -> None:
    await floor.desk.agents.add(name=name, external_id=external_id, capacity=most)


async def test_who_has_enough_is_asked_and_a_second_press_goes_over_it(floor: Floor) -> None:
    await _hire(floor)
    for customer in ("ada", "bob"):
        await floor.says("human", customer)
    await floor.presses(KIM, Button.TAKE_OVER, "ada")
    await floor.presses(KIM, Button.TAKE_OVER, "bob")
    assert (await floor.talk("bob")).owner is Owner.WAITING
    assert floor.whispers() == [
        "You have 1 conversation, of 1 at most. To take this one all the same, press once more within five minutes."
    ]
    (refused,) = await events(floor.desk, "conversation.take_over_refused")
    assert refused.data["agent"] == "Kim"
    assert refused.data["has"] == refused.data["most"] == 1

    # Another one is not meant by it, nor is the same after a while.
    await floor.says("human", "cyd")
    await floor.presses(KIM, Button.TAKE_OVER, "cyd")
    assert (await floor.talk("cyd")).owner is Owner.WAITING
    floor.clock.advance(timedelta(minutes=5))
    await floor.presses(KIM, Button.TAKE_OVER, "bob")
    assert (await floor.talk("bob")).owner is Owner.WAITING
    await floor.presses(KIM, Button.TAKE_OVER, "bob")
    assert (await floor.talk("bob")).agent == "Kim"
    assert "of 1 at most" in await floor.commands(KIM, "mine")


async def test_the_console_asks_in_the_same_way(floor: Floor) -> None:
    await _hire(floor)
    for customer in ("ada", "bob"):
        await floor.says("human", customer)
    first, second = [(await floor.talk(customer)).id for customer in ("ada", "bob")]
    await floor.desk.handoff.take_over(first, agent="Kim")
    with pytest.raises(FullError, match="press once more"):
        await floor.desk.handoff.take_over(second, agent="Kim")
    # At the desk the same agent's second press is meant, too.
    await floor.presses(KIM, Button.TAKE_OVER, "bob")
    assert (await floor.talk("bob")).agent == "Kim"


async def test_nobody_is_given_more_than_they_want(floor: Floor) -> None:
    await _hire(floor, "Lee", "U2")
    for customer in ("ada", "bob"):
        await floor.says("human", customer)
    await floor.presses(LEE, Button.TAKE_OVER, "ada")
    await floor.presses(KIM, Button.TAKE_OVER, "bob")
    await floor.presses(KIM, Button.TRANSFER, "bob", to="U2")
    assert (await floor.talk("bob")).agent == "Kim"
    assert floor.whispers()[-1] == "Lee has 1 conversation, of 1 at most; nothing was done"
    talk = await floor.talk("bob")
    with pytest.raises(ConflictError, match="of 1 at most"):
        await floor.desk.handoff.transfer(talk.id, by="Kim", agent="Lee")


async def test_the_next_of_the_queue_comes_to_whoever_has_room(floor: Floor) -> None:
    await _hire(floor)
    assert await floor.commands(KIM, "next") == "Nobody waits for you."
    await floor.says("human", "ada")
    floor.clock.advance(timedelta(minutes=2))
    await floor.says("human", "bob")
    said = await floor.commands(KIM, "next")
    assert said.startswith("You have Customer")
    assert "waits 2 min" in said
    assert (await floor.talk("ada")).agent == "Kim"
    assert "finish one first" in await floor.commands(KIM, "next")
    assert (await floor.talk("bob")).owner is Owner.WAITING
    assert (await floor.talk("bob")).owner is Owner.WAITING
    assert "You have Customer" in await floor.commands(LEE, "next")
