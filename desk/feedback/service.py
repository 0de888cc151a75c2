"""Ask once, keep the score, report."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.errors import InvalidError, NotFoundError
from desk.events import Event
from desk.feedback import repository
from desk.feedback.csat import SCORES, Answer, CsatReport, report
from desk.feedback.follow_up import FollowUp
from desk.feedback.model import Rating
from desk.feedback.place import (
    Rated,
    comment_place,
    is_changeable,
    may_ask,
    score_place,
    survey_place,
)
from desk.feedback.repository import COMMENTED, SCORED, SURVEYED
from desk.store.database import Database
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.feedback import FeedbackRow
from desk.tickets.service import Tickets
from desk.tickets.words import shown_text

__all__ = ["CsatReport", "Feedback", "Rating"]

_GROUPINGS = ("owner", "agent", "channel", "language")


class Feedback:
    """Ratings of resolved conversations."""

    def __init__(self, database: Database, clock: Clock, tickets: Tickets) -> None:
        self._database = database
        self._clock = clock
        self._follow_up = FollowUp(tickets)

    async def survey(self, *, conversation_id: str, key: str) -> bool:
        """Say whether to ask for a rating now, and note that it was asked: once per resolution.

        The same ``key`` gets the same answer.
        """
        async with self._database.write() as session:
            return await self.survey_in(session, conversation_id=conversation_id, key=key)

    async def survey_in(
        self, session: AsyncSession, *, conversation_id: str, key: str, agent: str | None = None
    ) -> bool:
        """Do what :meth:`survey` does inside the caller's transaction.

        ``agent`` names who has just resolved the conversation, when it was not the bot.
        """
        talk = await _conversation(session, conversation_id)
        earlier = await repository.of_conversation(session, conversation_id)
        if any(row.survey_key == key for row in earlier):
            return True
        place = survey_place(talk.resolution, is_closed=talk.owner is Owner.CLOSED)
        if not may_ask(place, _rated(earlier)):
            return False
        row = await repository.get_or_insert(session, _new(talk, place, agent))
        row.survey_key, row.surveyed_at = key, self._clock()
        _append(session, talk, row, SURVEYED, row.surveyed_at, {})
        return True

    async def awaits_score(self, *, conversation_id: str, since: datetime | None) -> bool:
        """Say whether a rating was asked for after ``since`` and not given yet."""
        async with self._database.read() as session:
            asked = await repository.surveyed_unanswered(session, conversation_id)
        return asked is not None and (since is None or asked > since)

    async def record(self, *, conversation_id: str, score: int, key: str) -> Rating:
        """Keep a score of 1 to 5; within 24 hours a later one replaces it.

        A 1 or 2 opens a follow-up ticket, once.

        Raises:
            InvalidError: the score is not 1 to 5.
        """
        if score not in SCORES:
            raise InvalidError(f"A score is a whole number from 1 to 5, not {score}.")
        async with self._database.write() as session:
            talk = await _conversation(session, conversation_id)
            earlier = await repository.of_conversation(session, conversation_id)
            row = next((row for row in earlier if row.score_key == key), None)
            if row is None:
                place = score_place(talk.resolution, _rated(earlier), self._clock())
                row = await repository.get_or_insert(session, _new(talk, place))
                await self._score(session, talk, row, score, key)
            kept = score if row.score is None else row.score
            ticket = await self._follow_up.open(session, row)
            return Rating(
                score=kept,
                resolution=row.resolution,
                recorded=row.score_key == key,
                ticket_number=ticket.number if ticket else None,
            )

    async def comment(self, *, conversation_id: str, text: str, key: str) -> None:
        """Keep what the customer wrote about it, in the follow-up ticket too if there is one."""
        words = shown_text(text)
        if not words:
            return
        async with self._database.write() as session:
            talk = await _conversation(session, conversation_id)
            earlier = await repository.of_conversation(session, conversation_id)
            if any(row.comment_key == key for row in earlier):
                return
            now = self._clock()
            place = comment_place(talk.resolution, _rated(earlier), now)
            row = await repository.get_or_insert(session, _new(talk, place))
            row.comment = f"{row.comment}\n{words}" if row.comment else words
            row.comment_key = key
            _append(session, talk, row, COMMENTED, now, {})
            await self._follow_up.comment(session, row, words, key)

    async def csat(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | None = None,
    ) -> CsatReport:
        """Report satisfaction from the events in ``[since, until)``.

        ``by`` groups by owner, agent, channel or language. A rating that was changed counts once, with its last score.

        Raises:
            InvalidError: ``by`` is none of these.
        """
        if by is not None and by not in _GROUPINGS:
            raise InvalidError(f"{by!r} is none of: {', '.join(_GROUPINGS)}.")
        answers: dict[int, Answer] = {}
        async with self._database.read() as session:
            async for name, data in repository.stream_events(session, since, until):
                rating = data["feedback_id"]
                answers[rating] = _fold(answers.get(rating), name, data, by)
        return report(answers.values(), grouped=by is not None)

    async def _score(
        self, session: AsyncSession, talk: ConversationRow, row: FeedbackRow, score: int, key: str
    ) -> None:
        now = self._clock()
        if not is_changeable(row.answered_at, now):
            return
        old, row.score, row.score_key, row.answered_at = row.score, score, key, now
        asked = row.surveyed_at is not None
        _append(session, talk, row, SCORED, now, {"score": score, "surveyed": asked})
        await self._follow_up.note_change(session, row, old, key)


async def _conversation(session: AsyncSession, conversation_id: str) -> ConversationRow:
    found = await repository.conversation(session, conversation_id)
    if found is None:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return found


def _rated(rows: Sequence[FeedbackRow]) -> list[Rated]:
    return [
        Rated(resolution=row.resolution, surveyed_at=row.surveyed_at, answered_at=row.answered_at)
        for row in rows
    ]


def _new(talk: ConversationRow, resolution: int, agent: str | None = None) -> dict[str, Any]:
    agent = agent or talk.agent
    by_human = talk.owner is Owner.HUMAN or agent is not None
    return {
        "conversation_id": talk.id,
        "contact_id": talk.contact_id,
        "resolution": resolution,
        "owner": Owner.HUMAN if by_human else Owner.BOT,
        "agent": agent,
    }


def _append(
    session: AsyncSession,
    talk: ConversationRow,
    row: FeedbackRow,
    name: str,
    now: datetime,
    data: Mapping[str, Any],
) -> None:
    known = {
        "feedback_id": row.id,
        "resolution": row.resolution,
        "owner": row.owner.value,
        "agent": row.agent,
        "channel": talk.channel,
        "language": talk.language,
    }
    events.append(
        session,
        Event(
            name=name,
            occurred_at=now,
            contact_id=talk.contact_id,
            conversation_id=talk.id,
            data={**known, **data},
        ),
    )


def _fold(before: Answer | None, name: str, data: Mapping[str, Any], by: str | None) -> Answer:
    return Answer(
        asked=name == SURVEYED or (before is not None and before.asked),
        score=data.get("score"),
        group=str(data.get(by) or "none") if by else None,
    )
