"""Tickets that are settled apart from their conversation are rated, too: once each time, and never twice over."""

from datetime import timedelta

from desk.tables.conversation import Owner
from desk.tables.feedback import FeedbackRow, SurveyState
from desk.tables.ticket import TicketStatus
from desk.tickets.service import Ticket
from tests.feedback.studio import Studio

_SOON = timedelta(minutes=5)


async def _ticket(studio: Studio, key: str = "k", text: str = "It came broken") -> Ticket:
    await studio.hear(text)
    await studio.answer("I have opened a ticket.")
    row = await studio.row()
    return await studio.tickets.open(
        key=key, conversation_id=row.id, topic="complaint", title="Broken", description=text
    )


async def _settle(studio: Studio, ticket: Ticket, by: str = "Kim") -> None:
    await studio.tickets.set(number=ticket.number, status=TicketStatus.RESOLVED, by=by)
    await studio.settled.step()
    studio.clock.advance(_SOON)
    await studio.surveyor.step()


async def test_who_settles_a_ticket_is_rated(studio: Studio) -> None:
    ticket = await _ticket(studio)
    await _settle(studio, ticket)
    question = (await studio.said())[-1]
    assert f"your ticket {ticket.number}" in question.text
    assert [choice["title"] for choice in question.choices] == ["1", "2", "3", "4", "5"]
    row = await studio.only()
    assert (row.agent, row.owner, row.resolution) == ("Kim", Owner.HUMAN, None)
    assert row.state is SurveyState.ASKED

    await studio.hear("2")
    assert (await studio.only()).score == 2
    (scored,) = await studio.world.events("feedback.scored")
    assert (scored.data["agent"], scored.data["surveyed"]) == ("Kim", True)
    (low,) = studio.alerts.told
    assert "2 of 5" in low[1]
    report = await studio.feedback.csat(by="agent")
    assert report.groups["Kim"].answered == 1


async def test_by_mail_the_links_are_about_the_ticket(studio: Studio) -> None:
    await studio.hear("It came broken", channel="email")
    await studio.answer()
    row = await studio.row()
    ticket = await studio.tickets.open(
        key="k",
        conversation_id=row.id,
        topic="complaint",
        title="Broken",
        description="It came broken",
    )
    await _settle(studio, ticket)
    question = (await studio.said())[-1].text
    assert ticket.number in question
    assert "/f/" in question


async def test_a_ticket_reopened_at_once_is_not_asked_about(studio: Studio) -> None:
    ticket = await _ticket(studio)
    await studio.tickets.set(number=ticket.number, status="resolved", by="Kim")
    await studio.settled.step()
    await studio.tickets.set(number=ticket.number, status="open", by="Kim")
    studio.clock.advance(_SOON)
    await studio.surveyor.step()
    row = await studio.only()
    assert (row.state, row.reason) == (SurveyState.WITHHELD, "reopened")


async def test_each_resolution_is_one_question_after_the_cool_down(studio: Studio) -> None:
    ticket = await _ticket(studio)
    await _settle(studio, ticket)
    await studio.tickets.set(number=ticket.number, status="open", by="Kim")
    await _settle(studio, ticket)
    assert [row.state for row in await studio.surveys()] == [
        SurveyState.ASKED,
        SurveyState.WITHHELD,
    ]
    assert (await studio.surveys())[1].reason == "asked lately"
    await studio.tickets.set(number=ticket.number, status="open", by="Kim")
    studio.clock.advance(timedelta(days=2))
    await _settle(studio, ticket)
    assert (await studio.surveys())[2].state is SurveyState.ASKED


async def test_one_question_for_a_conversation_and_its_ticket(studio: Studio) -> None:
    """Even without a cool-down: the conversation's end is asked about after the ticket was settled."""
    studio.set(cool_down="0s")
    ticket = await _ticket(studio)
    await studio.tickets.set(number=ticket.number, status="resolved", by="Kim")
    await studio.settled.step()
    studio.clock.advance(timedelta(seconds=1))
    await studio.resolve(agent="Kim")
    assert await studio.ask(agent="Kim")
    studio.clock.advance(_SOON)
    await studio.surveyor.step()
    assert {row.ticket_id is None: row.state for row in await studio.surveys()} == {
        True: SurveyState.ASKED,
        False: SurveyState.WITHHELD,
    }


async def test_settled_with_its_conversation_or_by_the_customer_is_no_occasion(
    studio: Studio,
) -> None:
    ticket = await _ticket(studio, key="handoff:1")
    row = await studio.row()
    async with studio.database.write() as session:
        await studio.tickets.settle_in(
            session, conversation_id=row.id, status=TicketStatus.RESOLVED, by="Kim"
        )
    await studio.settled.step()
    assert (await studio.tickets.get(number=ticket.number)).status is TicketStatus.RESOLVED
    assert not await studio.world.rows(FeedbackRow)
