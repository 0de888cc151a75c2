"""Ask once, keep the score, report."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import NotFoundError
from desk.feedback import record as log
from desk.feedback import repository
from desk.feedback.asking import Verdict, When
from desk.feedback.ces import CesReport
from desk.feedback.csat import CsatReport
from desk.feedback.doors import Doors
from desk.feedback.gate import Gate, Wish
from desk.feedback.keeping import Alert, Keeper, RulesNow, check
from desk.feedback.links import SurveyLinks
from desk.feedback.listing import Listed, Listing, Wanted
from desk.feedback.model import Rating, Survey
from desk.feedback.nps import NpsReport
from desk.feedback.place import Rated, comment_place, may_ask, score_place, survey_place
from desk.feedback.reports import Reports
from desk.feedback.rules import FeedbackRules
from desk.feedback.snapshot import snapshot
from desk.store.database import Database
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tickets.service import Tickets

__all__ = ["CsatReport", "Feedback", "Rating"]


class Feedback:
    """What is asked after resolutions, and all that is answered."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tickets: Tickets,
        *,
        rules: RulesNow = FeedbackRules,
        doors: Doors | None = None,
        links: SurveyLinks | None = None,
        alert: Alert | None = None,
    ) -> None:
        """Without ``links`` nobody is asked by them, without ``alert`` nobody is told of low scores."""
        self._database = database
        self._clock = clock
        self._links = links
        self._reports = Reports(database)
        self._listing = Listing(database)
        self.rules = rules
        self.gate = Gate(doors or Doors())
        self.keeper = Keeper(clock, tickets, rules, alert)

    async def survey(self, *, conversation_id: str, key: str) -> bool:
        """Say whether the bot is to ask for a rating now, and note that it was asked: once per resolution.

        The same ``key`` gets the same answer.
        """
        async with self._database.write() as session:
            return await self.survey_in(session, conversation_id=conversation_id, key=key)

    async def survey_in(
        self, session: AsyncSession, *, conversation_id: str, key: str, agent: str | None = None
    ) -> bool:
        """Do what :meth:`survey` does inside the caller's transaction.

        ``agent`` names who has just resolved the conversation, when it was not the bot. A question that is better
        asked later, or in a message of its own, is planned, and the answer is no.
        """
        talk = await _conversation(session, conversation_id)
        earlier = await repository.of_conversation(session, conversation_id)
        known = next((row for row in earlier if row.survey_key == key), None)
        if known is not None:
            return known.surveyed_at is not None and known.planned_at is None
        place = survey_place(talk.resolution, is_closed=talk.owner is Owner.CLOSED)
        if not may_ask(place, _rated(earlier)):
            return False
        now, rules = self._clock(), self.rules()
        wish = self._wish(talk, place, rules, now, asks_itself=agent is None)
        verdict = await self.gate.ask(session, talk, wish, rules, now)
        if verdict.when is When.NEVER:
            data = {"kind": wish.kind, "resolution": place, "reason": verdict.why}
            log.log(session, talk.contact_id, talk.id, log.WITHHELD, now, data)
            return False
        row = await repository.get_or_insert(
            session, await _new(session, talk, place, wish.kind, agent)
        )
        row.survey_key = key
        self._note(session, row, verdict, now)
        return verdict.when is When.NOW

    def _wish(
        self,
        talk: ConversationRow,
        place: int,
        rules: FeedbackRules,
        now: datetime,
        *,
        asks_itself: bool,
    ) -> Wish:
        after = rules.after_resolution
        effort = _share(f"{talk.id}:{place}") < after.effort_share
        by_link = effort or by_links(talk.channel, rules, self._links)
        return Wish(
            kind=FeedbackKind.CES if effort else FeedbackKind.CSAT,
            asks_itself=asks_itself,
            not_before=now + after.delay if after.delay else None,
            by_link=by_link,
        )

    @staticmethod
    def _note(session: AsyncSession, row: FeedbackRow, verdict: Verdict, now: datetime) -> None:
        if verdict.when is When.LATER:
            row.state, row.due_at, row.planned_at = SurveyState.PLANNED, verdict.at, now
            return
        row.state, row.surveyed_at = SurveyState.ASKED, now
        log.append(session, row, log.SURVEYED, now)

    async def awaits_score(self, *, conversation_id: str, since: datetime | None) -> bool:
        """Say whether a rating was asked for after ``since`` and not given yet."""
        async with self._database.read() as session:
            asked = await repository.surveyed_unanswered(session, conversation_id)
        if asked is None or self._clock() - asked > self.rules().answer_within:
            return False
        return since is None or asked > since

    async def record(self, *, conversation_id: str, score: int, key: str) -> Rating:
        """Keep a score of 1 to 5; within 24 hours a later one replaces it.

        A low one opens a follow-up ticket, once.

        Raises:
            InvalidError: the score is not 1 to 5.
        """
        check(FeedbackKind.CSAT, score)
        async with self._database.write() as session:
            talk = await _conversation(session, conversation_id)
            earlier = await repository.of_conversation(session, conversation_id)
            row = next((row for row in earlier if row.score_key == key), None)
            if row is None:
                rated = _rated(row for row in earlier if row.kind is FeedbackKind.CSAT)
                place = score_place(talk.resolution, rated, self._clock())
                new = await _new(session, talk, place, FeedbackKind.CSAT)
                row = await repository.get_or_insert(session, new)
            return await self._rate(session, talk, row, score, key)

    async def rate(self, feedback_id: int, *, score: int, comment: str, key: str) -> Rating:
        """Keep the answer to one question, of whatever kind, with words if there are any.

        Raises:
            InvalidError: the score is not on the scale.
            NotFoundError: there is no such question.
        """
        async with self._database.write() as session:
            row, talk = await _held(session, feedback_id)
            rating = await self._rate(session, talk, row, score, key)
            await self.keeper.comment(session, row, comment, key)
            return rating

    async def _rate(
        self, session: AsyncSession, talk: ConversationRow, row: FeedbackRow, score: int, key: str
    ) -> Rating:
        recorded = await self.keeper.score(session, talk, row, score, key)
        ticket = await self.keeper.follow_up(session, row)
        return Rating(
            score=score if row.score is None else row.score,
            resolution=row.resolution,
            recorded=recorded,
            ticket_number=ticket.number if ticket else None,
        )

    async def survey_of(self, feedback_id: int) -> Survey:
        """Return a question with what was answered so far, or raise NotFoundError."""
        async with self._database.read() as session:
            row = await repository.by_id(session, feedback_id)
            if row is None:
                raise NotFoundError("There is no such question any more.")
            return Survey(
                id=row.id,
                kind=row.kind,
                language=row.language or "en",
                agent=row.agent,
                score=row.score,
                has_comment=bool(row.comment),
                answered_at=row.answered_at,
            )

    async def comment(self, *, conversation_id: str, text: str, key: str) -> None:
        """Keep what the customer wrote about it, in the follow-up ticket too if there is one."""
        async with self._database.write() as session:
            talk = await _conversation(session, conversation_id)
            earlier = await repository.of_conversation(session, conversation_id)
            if not text.strip() or any(row.comment_key == key for row in earlier):
                return
            rated = _rated(row for row in earlier if row.kind is FeedbackKind.CSAT)
            place = comment_place(talk.resolution, rated, self._clock())
            new = await _new(session, talk, place, FeedbackKind.CSAT)
            row = await repository.get_or_insert(session, new)
            await self.keeper.comment(session, row, text, key)

    async def list(self, wanted: Wanted) -> Listed:
        """Return a page of what was asked and answered, the newest first."""
        return await self._listing.page(wanted)

    async def channels(self) -> Sequence[str]:
        """Return the channels by which a list can be narrowed."""
        return await self._listing.channels()

    async def csat(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | None = None,
    ) -> CsatReport:
        """Report satisfaction from the events in ``[since, until)``; a rating that was changed counts once.

        Raises:
            InvalidError: it cannot be grouped ``by`` that.
        """
        return await self._reports.csat(since, until, by)

    async def nps(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | None = None,
    ) -> NpsReport:
        """Report recommendation; otherwise as :meth:`csat`."""
        return await self._reports.nps(since, until, by)

    async def ces(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | None = None,
    ) -> CesReport:
        """Report effort; otherwise as :meth:`csat`."""
        return await self._reports.ces(since, until, by)


def by_links(channel: str, rules: FeedbackRules, links: SurveyLinks | None) -> bool:
    """Say whether customers of a channel answer by links."""
    return links is not None and links.can_be_followed and channel in rules.links


def _share(name: str) -> float:
    """Return a number of 0 to 1 that is always the same for a name, evenly spread over names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


async def _held(session: AsyncSession, feedback_id: int) -> tuple[FeedbackRow, ConversationRow]:
    """Return a question with its conversation, locked first as everywhere."""
    row = await repository.by_id(session, feedback_id)
    if row is None:
        raise NotFoundError("There is no such question any more.")
    talk = await _conversation(session, row.conversation_id)
    await session.refresh(row)
    return row, talk


async def _conversation(session: AsyncSession, conversation_id: str) -> ConversationRow:
    found = await repository.conversation(session, conversation_id)
    if found is None:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return found


def _rated(rows: Iterable[FeedbackRow]) -> list[Rated]:
    return [
        Rated(resolution=row.resolution, surveyed_at=row.surveyed_at, answered_at=row.answered_at)
        for row in rows
        if row.resolution is not None
    ]


async def _new(
    session: AsyncSession,
    talk: ConversationRow,
    resolution: int,
    kind: FeedbackKind,
    agent: str | None = None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "conversation_id": talk.id,
        "contact_id": talk.contact_id,
        "resolution": resolution,
        **await snapshot(session, talk, agent),
    }
