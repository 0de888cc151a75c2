"""Answers after the end: understood without opening the conversation again, and nothing else is taken for one."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from desk.handoff.moves import _SCORES
from desk.message import Attachment
from desk.tables.consent import ConsentRow
from desk.tables.conversation import Author, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tables.ticket import TicketRow
from tests.feedback.studio import Studio

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def _nps(studio: Studio, thread: str = "ada", *, resolve: bool = True) -> FeedbackRow:
    """Ask whether somebody recommends us, now."""
    studio.set(nps={"enabled": True}, cool_down="0s")
    if resolve:
        await studio.hear("Hello", thread)
        await studio.answer(thread=thread)
        await studio.resolve(thread)
    studio.clock.advance(2 * _HOUR)
    assert await studio.plan.step() == 1
    studio.clock.advance(_DAY)  # some time of it is within the hours
    while (await studio.surveys())[-1].state is SurveyState.PLANNED:
        studio.clock.advance(_HOUR)
        await studio.surveyor.step()
    return (await studio.surveys())[-1]


@pytest.mark.parametrize(
    ("text", "score"), [("4", 4), ("very good", 5), ("很好", 5), ("5 stars!", 5), ("四", 4)]
)
async def test_a_score_in_words_stays_closed(studio: Studio, text: str, score: int) -> None:
    await studio.resolved_and_asked_later()
    assert await studio.hear(text) is None
    row, talk = await studio.only(), await studio.row()
    assert (row.score, talk.owner, talk.resolution) == (score, Owner.CLOSED, 1)
    assert (
        "Thank you" in (await studio.said())[-1].text or "感谢" in (await studio.said())[-1].text
    )
    (event,) = await studio.world.events("feedback.scored")
    assert (event.data["score"], event.data["surveyed"], event.data["agent"]) == (
        score,
        True,
        "mo",
    )
    assert not await studio.world.events("conversation.reopened")


async def test_a_button(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    choice = (await studio.said())[-1].choices[3]["id"]
    assert await studio.hear("", choice=choice) is None
    assert (await studio.only()).score == 4
    assert (await studio.row()).owner is Owner.CLOSED


async def test_what_is_no_rating_goes_the_normal_way(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    received = await studio.hear("Where is my order 10023?")
    assert received is not None
    assert received.owner is Owner.BOT
    assert (await studio.only()).score is None
    later = await studio.hear("good")
    assert later is None, "nothing else was said to them since"


async def test_a_number_after_other_words_of_ours_is_no_rating(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("Where is my order 10023?")
    await studio.answer("Which one, 1 or 2?")
    received = await studio.hear("2")
    assert received is not None
    assert (await studio.only()).score is None


async def test_a_file_is_no_rating(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    file = Attachment(name="4.png", content_type="image/png", content=b"x")
    assert await studio.hear("4", attachments=(file,)) is not None


@pytest.mark.parametrize("text", ["0", "9", "10", "7/10", "⭐⭐⭐⭐⭐⭐"])
async def test_a_number_off_the_scale_is_asked_for_again_once(studio: Studio, text: str) -> None:
    await studio.resolved_and_asked_later()
    assert await studio.hear(text) is None
    again = (await studio.said())[-1]
    assert "from 1 to 5" in again.text
    assert len(again.choices) == 5
    assert (await studio.only()).score is None
    assert await studio.hear(text) is not None, "the second time it is somebody else's"


async def test_after_a_miss_the_right_number_counts(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("10")
    assert await studio.hear("5") is None
    assert (await studio.only()).score == 5


async def test_ten_of_ten_is_the_best(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("10/10")
    assert (await studio.only()).score == 5


async def test_a_score_twice_is_one_answer(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("4")
    await studio.hear("2")
    assert (await studio.only()).score == 2
    report = await studio.feedback.csat()
    assert (report.answered, report.mean, report.response_rate) == (1, 2.0, 1.0)


async def test_a_late_button_is_told_so(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    choice = (await studio.said())[-1].choices[3]["id"]
    studio.clock.advance(timedelta(days=15))
    assert await studio.hear("", choice=choice) is None
    assert (await studio.only()).score is None
    assert "closed" in (await studio.said())[-1].text


async def test_a_late_word_is_no_rating(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    studio.clock.advance(timedelta(days=15))
    assert await studio.hear("very good") is not None


async def test_a_button_pressed_again_after_a_day_changes_nothing(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    one, *_, five = (choice["id"] for choice in (await studio.said())[-1].choices)
    await studio.hear("", choice=five)
    studio.clock.advance(_DAY)
    await studio.hear("", choice=one)
    assert (await studio.only()).score == 5
    assert "rating of 5 stands" in (await studio.said())[-1].text


async def test_a_button_while_a_person_is_there_counts_and_changes_nothing_else(
    studio: Studio,
) -> None:
    await studio.resolved_and_asked_later()
    choice = (await studio.said())[-1].choices[4]["id"]
    row = await studio.row()
    await studio.world._update(type(row), row.id, owner=Owner.HUMAN, agent="kim")
    await studio.answer("How many do you need?")
    assert await studio.hear("4") is not None, "a number is for the person"
    assert await studio.hear("", choice=choice) is None
    assert (await studio.only()).score == 5
    assert (await studio.row()).owner is Owner.HUMAN


async def test_why_is_a_comment(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("2")
    assert "What went wrong?" in (await studio.said())[-1].text
    assert await studio.hear("It took far too long") is None
    row = await studio.only()
    assert (row.score, row.comment, row.read_at) == (2, "It took far too long", None)
    assert (await studio.row()).owner is Owner.CLOSED
    (ticket,) = await studio.world.rows(TicketRow)
    assert ticket.title == "Follow up: rated 2 of 5"
    assert await studio.hear("And another thing") is not None, "one comment, then it is over"


@pytest.mark.parametrize("text", ["Where is my order?", "I need a human", "10023"])
async def test_a_new_matter_after_the_rating_is_no_comment(studio: Studio, text: str) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("4")
    received = await studio.hear(text)
    assert received is not None
    assert (await studio.only()).comment is None


async def test_what_comes_much_later_is_no_comment(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("4")
    studio.clock.advance(timedelta(minutes=16))
    assert await studio.hear("It took far too long") is not None


async def test_score_and_comment_at_once(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("4/5, a bit slow")
    row = await studio.only()
    assert (row.score, row.comment) == (4, "4/5, a bit slow")


async def test_stop_is_kept_and_obeyed(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    assert await studio.hear("STOP") is None
    assert (await studio.row()).owner is Owner.CLOSED
    (consent,) = await studio.world.rows(ConsentRow)
    assert (consent.purpose, consent.granted) == ("survey", False)
    await studio.hear("Hello again")
    await studio.answer()
    await studio.resolve()
    studio.clock.advance(timedelta(days=3))
    assert not await studio.ask()
    (withheld,) = await studio.world.events("feedback.withheld")
    assert withheld.data["reason"] == "unsubscribed"


async def test_the_question_of_who_resolves_is_answered_without_reopening(studio: Studio) -> None:
    """The agent's desk asks in words of its own, with the buttons of the bot."""
    await studio.hear("Hello")
    await studio.answer()
    await studio.resolve()
    assert await studio.ask()
    row = await studio.row()
    async with studio.database.write() as session:
        talk = await session.get_one(type(row), row.id)
        await studio.talk.say(
            session,
            talk,
            "How did it go?",
            author=Author.SYSTEM,
            now=studio.clock(),
            buttons=_SCORES,
        )
    assert await studio.hear("4") is None
    assert ((await studio.only()).score, (await studio.row()).owner) == (4, Owner.CLOSED)
    assert await studio.hear("Mo was friendly") is None
    assert (await studio.only()).comment == "Mo was friendly"


async def test_the_bots_own_question_is_the_bots(studio: Studio) -> None:
    await studio.hear("bye")
    row = await studio.row()
    assert await studio.feedback.survey(conversation_id=row.id, key="bye")
    async with studio.database.write() as session:
        talk = await session.get_one(type(row), row.id)
        await studio.talk.say(
            session, talk, "How did I do?", author=Author.BOT, now=studio.clock(), buttons=_SCORES
        )
    await studio.resolve(agent=None)
    received = await studio.hear("4")
    assert received is not None
    assert received.payload == '/give_feedback{"score": "4"}'
    (event,) = await studio.world.events("conversation.reopened")
    assert event.data["reason"] == "rating", "this is no new matter"


async def test_what_opens_it_for_something_else_is_no_rating(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("Where is my order?")
    (event,) = await studio.world.events("conversation.reopened")
    assert event.data["reason"] is None


@pytest.mark.parametrize("closed", [True, False])
async def test_a_recommendation(studio: Studio, closed: bool) -> None:
    await studio.hear("Hello")
    await studio.answer()
    if closed:
        await studio.resolve()
    row = await _nps(studio, resolve=False)
    assert await studio.hear("9") is None
    asked = (await studio.surveys())[-1]
    assert (asked.id, asked.kind, asked.score) == (row.id, FeedbackKind.NPS, 9)
    assert (await studio.row()).owner is (Owner.CLOSED if closed else Owner.BOT)
    assert await studio.world.rows(TicketRow) == []


async def test_a_detractor_is_somebodys_work(studio: Studio) -> None:
    row = await _nps(studio)
    await studio.hear("3, never again")
    (ticket,) = await studio.world.rows(TicketRow)
    assert ticket.title == "Follow up: rated 3 of 10"
    assert studio.alerts.told == [(f"low:{row.id}:3", "A low score: 3 of 10 (NPS).")]


async def test_of_two_open_questions_the_newest_that_fits_is_meant(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await _nps(studio, resolve=False)
    assert await studio.hear("very good") is None, "only satisfaction is answered so"
    csat, nps = await studio.surveys()
    assert (csat.score, nps.score) == (5, None)
    assert await studio.hear("9") is None
    csat, nps = await studio.surveys()
    assert (csat.score, nps.score) == (5, 9)


async def test_the_newest_wins_where_both_fit(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    await _nps(studio, resolve=False)
    await studio.hear("4")
    csat, nps = await studio.surveys()
    assert (csat.score, nps.score) == (None, 4)


async def test_a_low_score_is_told_once_for_each_score(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    for text in ("2", "2", "1", "5"):
        await studio.hear(text)
    row = await studio.only()
    assert [key for key, _ in studio.alerts.told] == [
        f"low:{row.id}:2",
        f"low:{row.id}:1",
    ]


async def test_a_question_that_is_gone_is_nobodys(studio: Studio) -> None:
    await studio.resolved_and_asked_later()
    choice = (await studio.said())[-1].choices[3]["id"]
    async with studio.database.write() as session:
        await session.execute(delete(FeedbackRow))
    assert await studio.hear("", choice=choice) is not None
