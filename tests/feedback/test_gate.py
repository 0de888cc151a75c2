"""The one door: who is asked after a resolution, and who is not."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from desk.contacts import consents
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import Owner
from desk.tables.feedback import FeedbackKind, SurveyState
from tests.feedback.studio import Studio


async def _done(studio: Studio, thread: str = "ada", channel: str = "memory") -> None:
    """Let an agent answer and resolve."""
    await studio.hear("Hello", thread, channel=channel)
    await studio.answer(thread=thread)
    await studio.resolve(thread)


async def _withheld(studio: Studio) -> list[str]:
    return [event.data["reason"] for event in await studio.world.events("feedback.withheld")]


async def test_who_was_answered_is_asked_at_once(studio: Studio) -> None:
    await _done(studio)
    assert await studio.ask()
    row = await studio.only()
    assert (row.state, row.agent, row.owner) == (SurveyState.ASKED, "mo", Owner.HUMAN)
    (event,) = await studio.world.events("feedback.surveyed")
    assert {name: event.data[name] for name in ("kind", "owner", "agent", "channel")} == {
        "kind": "csat",
        "owner": "human",
        "agent": "mo",
        "channel": "memory",
    }
    assert {"team", "topic", "segment", "language"} <= set(event.data)


async def test_a_contact_is_left_alone_for_a_while(studio: Studio) -> None:
    await _done(studio)
    assert await studio.ask()
    await studio.hear("One more thing")
    await studio.answer()
    await studio.resolve()
    assert not await studio.ask()
    assert await _withheld(studio) == ["asked lately"]
    studio.clock.advance(timedelta(days=1))
    assert await studio.ask()


async def test_the_cool_down_is_the_contacts_not_the_conversations(studio: Studio) -> None:
    await _done(studio)
    await _done(studio, "ada@web", "webchat")
    first, second = await studio.row(), await studio.row("ada@web")
    await _same_person(studio, first.contact_id, second.id)
    assert await studio.ask()
    assert not await studio.ask("ada@web")
    assert await _withheld(studio) == ["asked lately"]


async def test_who_has_just_written_is_asked_later(studio: Studio) -> None:
    await studio.hear("Hello")
    await studio.resolve()
    assert not await studio.ask()
    row = await studio.only()
    assert (row.state, row.due_at) == (
        SurveyState.PLANNED,
        studio.clock() + timedelta(minutes=2),
    )
    assert not await studio.ask(), "the same resolution, the same answer"
    studio.clock.advance(timedelta(minutes=2))
    assert await studio.surveyor.step() == 1
    assert (await studio.only()).state is SurveyState.ASKED


async def test_who_talks_with_a_person_elsewhere_is_asked_later(studio: Studio) -> None:
    await _done(studio)
    await studio.hear("And here?", "ada@web", channel="webchat")
    first, second = await studio.row(), await studio.row("ada@web")
    await _same_person(studio, first.contact_id, second.id)
    await studio.world._update(type(second), second.id, owner=Owner.HUMAN, agent="kim")
    assert not await studio.ask()
    studio.clock.advance(timedelta(minutes=30))
    await studio.surveyor.step()
    assert (await studio.only()).state is SurveyState.PLANNED
    await studio.world._update(type(second), second.id, owner=Owner.CLOSED)
    studio.clock.advance(timedelta(minutes=30))
    await studio.surveyor.step()
    assert (await studio.only()).state is SurveyState.ASKED


@pytest.mark.parametrize(
    ("channel", "thread", "why"),
    [
        ("x", "post:1/2", "others would read it"),
        ("x", "dm:2", None),
        ("fax", "1", "the channel is not set up"),
    ],
)
async def test_only_where_it_can_be_delivered(
    studio: Studio, channel: str, thread: str, why: str | None
) -> None:
    await _done(studio, thread, channel)
    assert await studio.ask(thread) is (why is None)
    assert await _withheld(studio) == ([why] if why else [])


async def test_a_window_that_has_closed(studio: Studio) -> None:
    await _done(studio, "w", "windowed")
    studio.clock.advance(timedelta(hours=25))
    assert not await studio.ask("w")
    assert await _withheld(studio) == ["the channel's time to answer is over"]


async def test_a_handle_that_cannot_be_reached(studio: Studio) -> None:
    await _done(studio)
    studio.clock.advance(timedelta(minutes=1))
    async with studio.database.write() as session:
        await session.execute(update(ContactIdentityRow).values(unreachable_at=studio.clock()))
    assert not await studio.ask()
    assert await _withheld(studio) == ["cannot be reached"]


@pytest.mark.parametrize("purpose", ["survey", "marketing"])
async def test_who_said_stop_is_not_asked(studio: Studio, purpose: str) -> None:
    await _done(studio)
    row = await studio.row()
    for granted in (True, False):
        async with studio.database.write() as session:
            await consents.record(
                session,
                contact_id=row.contact_id,
                conversation_id=row.id,
                purpose=purpose,
                granted=granted,
                key=f"k{granted}",
                now=studio.clock(),
            )
    assert not await studio.ask()
    assert await _withheld(studio) == ["unsubscribed"]


async def test_what_is_switched_off(studio: Studio) -> None:
    studio.set(silent=("memory",))
    await _done(studio)
    assert not await studio.ask()
    assert await _withheld(studio) == ["switched off"]


async def test_effort_instead_of_satisfaction(studio: Studio) -> None:
    studio.set(after_resolution={"effort_share": 1})
    await _done(studio)
    assert not await studio.ask()
    await studio.surveyor.step()
    row = await studio.only()
    assert (row.kind, row.state, row.agent) == (FeedbackKind.CES, SurveyState.ASKED, "mo")
    assert "from 1 (very hard) to 7" in (await studio.said())[-1].text
    assert not await studio.ask(), "once per resolution, whatever is asked"


async def test_what_a_person_had_a_hand_in_is_not_the_bots(studio: Studio) -> None:
    await studio.hear("Hello")
    row = await studio.row()
    for owner, name, agent in ((Owner.HUMAN, "taken_over", "mo"), (Owner.BOT, "released", None)):
        async with studio.database.write() as session:
            talk = await session.get_one(type(row), row.id)
            await studio.talk.change_owner(
                session, talk, owner, now=studio.clock(), name=name, agent=agent
            )
    # The bot goes on, says good-bye and asks.
    assert await studio.feedback.survey(conversation_id=row.id, key="bye")
    one = await studio.only()
    assert (one.owner, one.agent) == (Owner.HUMAN, "mo")


async def _same_person(studio: Studio, contact_id: str, conversation_id: str) -> None:
    row = await studio.row()
    await studio.world._update(type(row), conversation_id, contact_id=contact_id)
