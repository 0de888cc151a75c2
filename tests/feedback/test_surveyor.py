"""Questions that come by themselves: when they are due, and only while they are right."""

import asyncio
import re
from datetime import timedelta

from desk.clock import StoppedClock
from desk.errors import ConflictError
from desk.tables.conversation import Owner
from desk.tables.feedback import SurveyState
from desk.tables.outbox import OutboxRow, Policy
from tests.feedback.studio import PUBLIC_URL, Studio

_HOUR = timedelta(hours=1)


async def _planned(studio: Studio, thread: str = "ada", channel: str = "memory") -> None:
    studio.set(after_resolution={"delay": "1h"})
    await studio.hear("Hello", thread, channel=channel)
    await studio.answer(thread=thread)
    await studio.resolve(thread)
    assert not await studio.ask(thread)


async def test_it_is_asked_when_it_is_due(studio: Studio) -> None:
    await _planned(studio)
    studio.clock.advance(_HOUR - timedelta(seconds=1))
    assert await studio.surveyor.step() == 0
    studio.clock.advance(timedelta(seconds=1))
    assert await studio.surveyor.step() == 1
    assert await studio.surveyor.step() == 0
    question = (await studio.said())[-1]
    assert [choice["title"] for choice in question.choices] == ["1", "2", "3", "4", "5"]
    row = await studio.only()
    assert (row.agent, row.message_id, row.surveyed_at) == ("mo", question.id, studio.clock())
    assert (await studio.row()).owner is Owner.CLOSED
    assert len(await studio.world.events("feedback.surveyed")) == 1


async def test_several_processes_ask_once(studio: Studio) -> None:
    await _planned(studio)
    studio.clock.advance(_HOUR)
    await asyncio.gather(*(studio.surveyor.step() for _ in range(5)))
    assert sum("How did we do" in one.text for one in await studio.said()) == 1
    assert len(await studio.world.events("feedback.surveyed")) == 1


async def test_a_conversation_that_went_on_is_not_asked_about(studio: Studio) -> None:
    await _planned(studio)
    await studio.hear("Wait, one more thing")
    studio.clock.advance(_HOUR)
    await studio.surveyor.step()
    row = await studio.only()
    assert (row.state, row.reason, row.surveyed_at) == (SurveyState.WITHHELD, "reopened", None)
    assert not await studio.world.events("feedback.surveyed")
    (withheld,) = await studio.world.events("feedback.withheld")
    assert withheld.data["reason"] == "reopened"


async def test_it_is_not_put_off_for_ever(studio: Studio) -> None:
    await _planned(studio)
    await studio.hear("And here?", "ada@web", channel="webchat")
    first, second = await studio.row(), await studio.row("ada@web")
    await studio.world._update(
        type(second), second.id, contact_id=first.contact_id, owner=Owner.WAITING
    )
    steps = 0
    while (await studio.only()).state is SurveyState.PLANNED:
        studio.clock.advance(_HOUR)
        await studio.surveyor.step()
        steps += 1
    assert 40 < steps < 50, "two days"
    assert (await studio.only()).reason == "talks with a person"


async def test_by_mail_each_score_is_a_link(studio: Studio) -> None:
    await studio.hear("Hello", channel="email")
    await studio.answer()
    await studio.resolve()
    assert not await studio.ask(), "the question comes in a mail of its own"
    await studio.surveyor.step()
    question = (await studio.said())[-1]
    assert question.choices == []
    urls = re.findall(rf"^(\d): {PUBLIC_URL}/f/(\S+)\?score=(\d)$", question.text, re.MULTILINE)
    assert [(label, score) for label, _, score in urls] == [(str(n), str(n)) for n in range(1, 6)]
    assert {studio.links.read(token) for _, token, _ in urls} == {(await studio.only()).id}
    assert "answer STOP" in question.text


async def test_without_buttons_a_number_is_enough(studio: Studio) -> None:
    await _planned(studio, channel="plain")
    studio.clock.advance(_HOUR)
    await studio.surveyor.step()
    question = (await studio.said())[-1]
    assert question.text.endswith("Just answer with a number.")
    assert question.choices == []


async def test_chinese_customers_are_asked_in_chinese(studio: Studio) -> None:
    studio.set(after_resolution={"delay": "1h"})
    await studio.hear("你好，我的订单呢")
    await studio.answer()
    await studio.resolve()
    await studio.ask()
    studio.clock.advance(_HOUR)
    await studio.surveyor.step()
    assert "上次的服务您觉得怎么样" in (await studio.said())[-1].text


async def test_one_that_fails_keeps_nobody_waiting(studio: Studio, clock: StoppedClock) -> None:
    await _planned(studio)
    await _planned(studio, "bob")
    studio.clock.advance(_HOUR)
    failed = 0
    say = studio.talk.say

    async def fails_for_ada(session, conversation, *args, **more):  # type: ignore[no-untyped-def]
        nonlocal failed
        if conversation.thread == "ada":
            failed += 1
            raise ConflictError("broken")
        return await say(session, conversation, *args, **more)

    studio.talk.say = fails_for_ada  # type: ignore[method-assign]
    await studio.surveyor.step()
    ada, bob = await studio.surveys()
    assert failed == 1
    assert (ada.state, bob.state) == (SurveyState.PLANNED, SurveyState.ASKED)
    assert await studio.surveyor.step() == 0, "it is tried again later, not at once"
    studio.talk.say = say  # type: ignore[method-assign]
    clock.advance(timedelta(minutes=10))
    await studio.surveyor.step()
    assert (await studio.surveys())[0].state is SurveyState.ASKED


async def test_only_what_nobody_expects_is_sent_at_most_once(studio: Studio) -> None:
    await _planned(studio)
    studio.clock.advance(_HOUR)
    await studio.surveyor.step()
    policies = {row.message_id: row.policy for row in await studio.world.rows(OutboxRow)}
    assert policies[(await studio.said())[-1].id] is Policy.AT_LEAST_ONCE
