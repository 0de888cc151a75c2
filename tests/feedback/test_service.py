"""Feedback: asked once, kept once, reported from events."""

import asyncio
from datetime import timedelta

import pytest

from desk.clock import StoppedClock
from desk.errors import InvalidError, NotFoundError
from desk.feedback.rules import FeedbackRules
from desk.feedback.service import Feedback
from desk.store.database import Database
from desk.tables.feedback import FeedbackRow
from desk.tables.ticket import TicketRow
from desk.tickets.service import Tickets
from tests.world import Talk, World

_DAY = timedelta(hours=24)


@pytest.fixture
def tickets(database: Database, clock: StoppedClock) -> Tickets:
    return Tickets(database, clock)


@pytest.fixture
def feedback(database: Database, clock: StoppedClock, tickets: Tickets) -> Feedback:
    patient = FeedbackRules(cool_down=timedelta())
    return Feedback(database, clock, tickets, rules=lambda: patient)


async def _resolved(world: World, *, agent: str | None = None) -> Talk:
    talk = await world.talk()
    await world.resolve(talk, agent=agent)
    return talk


async def test_the_question_is_asked_once_per_resolution(feedback: Feedback, world: World) -> None:
    talk = await _resolved(world)
    assert await feedback.survey(conversation_id=talk.id, key="s1")
    assert await feedback.survey(conversation_id=talk.id, key="s1")
    assert not await feedback.survey(conversation_id=talk.id, key="s2")
    await world.reopen(talk)
    await world.resolve(talk)
    assert await feedback.survey(conversation_id=talk.id, key="s3")
    events = await world.events("feedback.surveyed")
    assert [event.data["resolution"] for event in events] == [1, 2]


async def test_a_score_is_awaited_from_the_question_to_the_answer(
    feedback: Feedback, world: World, clock: StoppedClock
) -> None:
    talk = await _resolved(world)
    assert not await feedback.awaits_score(conversation_id=talk.id, since=None)
    before = clock()
    clock.advance(timedelta(minutes=1))
    await feedback.survey(conversation_id=talk.id, key="s1")
    assert await feedback.awaits_score(conversation_id=talk.id, since=None)
    assert await feedback.awaits_score(conversation_id=talk.id, since=before)
    assert not await feedback.awaits_score(conversation_id=talk.id, since=clock()), "talked on"
    await feedback.record(conversation_id=talk.id, score=5, key="r1")
    assert not await feedback.awaits_score(conversation_id=talk.id, since=before)


async def test_a_bot_that_asks_and_resolves_in_one_turn_asks_once(
    feedback: Feedback, world: World
) -> None:
    talk = await world.talk()
    for turn in range(1, 4):
        assert await feedback.survey(conversation_id=talk.id, key=f"s{turn}")
        await world.resolve(talk)
        assert not await feedback.survey(conversation_id=talk.id, key=f"again{turn}")
        await world.reopen(talk)
        rating = await feedback.record(conversation_id=talk.id, score=4, key=f"r{turn}")
        assert (rating.resolution, rating.recorded) == (turn, True)
    report = await feedback.csat()
    assert (report.surveyed, report.answered, report.response_rate) == (3, 3, 1.0)


async def test_an_agent_who_resolves_is_remembered(
    feedback: Feedback, world: World, database: Database
) -> None:
    talk = await _resolved(world)
    async with database.write() as session:
        assert await feedback.survey_in(session, conversation_id=talk.id, key="s1", agent="mo")
    await world.reopen(talk)
    await feedback.record(conversation_id=talk.id, score=4, key="r1")
    report = await feedback.csat(by="agent")
    assert report.groups["mo"].answered == 1
    assert list((await feedback.csat(by="owner")).groups) == ["human"]


async def test_asking_at_once_asks_once(feedback: Feedback, world: World) -> None:
    talk = await _resolved(world)
    asking = [feedback.survey(conversation_id=talk.id, key=f"s{n}") for n in range(6)]
    assert sorted(await asyncio.gather(*asking)) == [False] * 5 + [True]
    assert len(await world.events("feedback.surveyed")) == 1


async def test_who_has_rated_before_the_first_resolution_is_not_asked(
    feedback: Feedback, world: World
) -> None:
    talk = await world.talk()
    rating = await feedback.record(conversation_id=talk.id, score=5, key="r1")
    assert rating.resolution == 0
    assert not await feedback.survey(conversation_id=talk.id, key="s1")
    await world.resolve(talk)
    assert not await feedback.survey(conversation_id=talk.id, key="s2")


async def test_a_score_is_kept_once_for_each_key(feedback: Feedback, world: World) -> None:
    talk = await _resolved(world)
    await feedback.survey(conversation_id=talk.id, key="s1")
    given = [feedback.record(conversation_id=talk.id, score=5, key="r1") for _ in range(6)]
    found = await asyncio.gather(*given)
    assert all(one == found[0] for one in found)
    assert found[0].recorded
    [event] = await world.events("feedback.scored")
    assert (event.data["score"], event.data["surveyed"]) == (5, True)
    assert len(await world.rows(FeedbackRow)) == 1


async def test_a_later_score_replaces_it_for_a_day(
    feedback: Feedback, world: World, clock: StoppedClock
) -> None:
    talk = await _resolved(world)
    await feedback.record(conversation_id=talk.id, score=5, key="r1")
    clock.advance(_DAY - timedelta(seconds=1))
    changed = await feedback.record(conversation_id=talk.id, score=3, key="r2")
    assert (changed.score, changed.resolution, changed.recorded) == (3, 1, True)
    report = await feedback.csat()
    assert (report.answered, report.mean) == (1, 3.0)
    clock.advance(_DAY)
    later = await feedback.record(conversation_id=talk.id, score=1, key="r3")
    assert (later.resolution, later.recorded) == (2, True)
    clock.advance(_DAY)
    stands = await feedback.record(conversation_id=talk.id, score=5, key="r4")
    assert (stands.score, stands.resolution, stands.recorded) == (1, 2, False)
    assert (await feedback.csat()).distribution == {1: 1, 2: 0, 3: 1, 4: 0, 5: 0}


@pytest.mark.parametrize("score", [0, 6, -1, 100])
async def test_a_score_is_1_to_5(feedback: Feedback, world: World, score: int) -> None:
    talk = await _resolved(world)
    with pytest.raises(InvalidError, match="from 1 to 5"):
        await feedback.record(conversation_id=talk.id, score=score, key="r1")
    assert await world.rows(FeedbackRow) == []


async def test_a_low_score_opens_one_ticket(
    feedback: Feedback, tickets: Tickets, world: World
) -> None:
    talk = await _resolved(world)
    first = await feedback.record(conversation_id=talk.id, score=2, key="r1")
    again = await feedback.record(conversation_id=talk.id, score=2, key="r1")
    lower = await feedback.record(conversation_id=talk.id, score=1, key="r2")
    assert first.ticket_number is not None
    assert first.ticket_number == again.ticket_number == lower.ticket_number
    [row] = await world.rows(TicketRow)
    assert (row.topic, row.priority, row.title) == ("feedback", "high", "Follow up: rated 2 of 5")
    better = await feedback.record(conversation_id=talk.id, score=5, key="r3")
    assert better.ticket_number is None
    notes = [
        entry for entry in (await tickets.get(number=first.ticket_number)).entries if entry.text
    ]
    assert [(note.text, note.public) for note in notes] == [
        ("The customer changed the score from 2 to 1.", False),
        ("The customer changed the score from 1 to 5.", False),
    ]


@pytest.mark.parametrize("score", [3, 4, 5])
async def test_a_better_score_opens_none(feedback: Feedback, world: World, score: int) -> None:
    talk = await _resolved(world)
    rating = await feedback.record(conversation_id=talk.id, score=score, key="r1")
    assert rating.ticket_number is None
    assert await world.rows(TicketRow) == []


async def test_low_scores_at_once_open_one_ticket(feedback: Feedback, world: World) -> None:
    talk = await _resolved(world)
    given = [feedback.record(conversation_id=talk.id, score=1, key=f"r{n}") for n in range(6)]
    numbers = {rating.ticket_number for rating in await asyncio.gather(*given)}
    assert len(numbers) == 1
    assert len(await world.rows(TicketRow)) == 1


async def test_a_comment_is_kept_and_reaches_the_follow_up(
    feedback: Feedback, tickets: Tickets, world: World
) -> None:
    talk = await _resolved(world)
    rating = await feedback.record(conversation_id=talk.id, score=1, key="r1")
    for key, text in (
        ("c1", "Too slow"),
        ("c1", "Too slow"),
        ("c2", "and rude\x00"),
        ("c3", "  "),
    ):
        await feedback.comment(conversation_id=talk.id, text=text, key=key)
    [row] = await world.rows(FeedbackRow)
    assert row.comment == "Too slow\nand rude"
    assert rating.ticket_number is not None
    ticket = await tickets.get(number=rating.ticket_number)
    assert [entry.text for entry in ticket.entries if entry.text] == ["Too slow", "and rude"]
    events = await world.events("feedback.commented")
    assert len(events) == 2
    assert all("Too slow" not in str(event.data) for event in events)


async def test_a_comment_without_a_score_is_kept(feedback: Feedback, world: World) -> None:
    talk = await world.talk()
    await feedback.comment(conversation_id=talk.id, text="Nice shop", key="c1")
    [row] = await world.rows(FeedbackRow)
    assert (row.comment, row.score, row.answered_at) == ("Nice shop", None, None)
    assert await world.rows(TicketRow) == []
    assert (await feedback.csat()).answered == 0


async def test_the_report(feedback: Feedback, world: World, clock: StoppedClock) -> None:
    for turn, (score, agent) in enumerate(((5, None), (4, "mo"), (2, "mo"), (None, None))):
        talk = await _resolved(world, agent=agent)
        await feedback.survey(conversation_id=talk.id, key=f"s{turn}")
        if score is not None:
            await feedback.record(conversation_id=talk.id, score=score, key=f"r{turn}")
        clock.advance(_DAY)
    report = await feedback.csat(by="owner")
    assert (report.surveyed, report.answered) == (4, 3)
    assert report.csat == pytest.approx(2 / 3)
    assert report.response_rate == 0.75
    assert report.mean == pytest.approx(11 / 3)
    assert {name: group.answered for name, group in report.groups.items()} == {
        "bot": 1,
        "human": 2,
    }
    assert list((await feedback.csat(by="agent")).groups) == ["mo", "none"]
    assert list((await feedback.csat(by="channel")).groups) == ["webchat"]
    assert list((await feedback.csat(by="language")).groups) == ["en"]
    start = clock() - 4 * _DAY
    second = await feedback.csat(since=start + _DAY, until=start + 2 * _DAY)
    assert (second.surveyed, second.answered, second.mean) == (1, 1, 4.0)
    nothing = await feedback.csat(since=clock())
    assert (nothing.surveyed, nothing.csat, nothing.response_rate) == (0, None, None)
    with pytest.raises(InvalidError, match="none of: owner"):
        await feedback.csat(by="weather")


async def test_the_report_is_computed_from_events_alone(
    feedback: Feedback, world: World, database: Database
) -> None:
    talk = await _resolved(world)
    await feedback.survey(conversation_id=talk.id, key="s1")
    await feedback.record(conversation_id=talk.id, score=5, key="r1")
    before = await feedback.csat(by="owner")
    async with database.write() as session:
        for row in await world.rows(FeedbackRow):
            await session.delete(row)
    assert await world.rows(FeedbackRow) == []
    assert await feedback.csat(by="owner") == before


async def test_an_unknown_conversation_is_an_error(feedback: Feedback) -> None:
    for call in (
        feedback.survey(conversation_id="none", key="k"),
        feedback.record(conversation_id="none", score=5, key="k"),
        feedback.comment(conversation_id="none", text="x", key="k"),
    ):
        with pytest.raises(NotFoundError):
            await call
