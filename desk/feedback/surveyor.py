"""Asks what was planned, when it is due and still right: one question in one transaction."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.conversations import repository as conversations
from desk.conversations.service import Conversations
from desk.dialogue.port import Button
from desk.errors import FrontdeskError
from desk.feedback import phrases, record, repository
from desk.feedback.asking import Verdict, When
from desk.feedback.gate import Gate, Wish
from desk.feedback.hours import Hours
from desk.feedback.keeping import RulesNow
from desk.feedback.kinds import SCALES
from desk.feedback.links import SurveyLinks
from desk.feedback.rules import FeedbackRules
from desk.feedback.service import by_links
from desk.signals import OUTBOX, Signals, conversation_topic
from desk.store.database import Database
from desk.tables.conversation import Author, ConversationRow, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number
from desk.tickets.status import DONE

log = structlog.get_logger()

_POLL = 5.0
_BATCH = 50
_AFTER_TROUBLE = timedelta(minutes=10)


def payload(feedback_id: int, score: int) -> str:
    """Return what a button of a question carries; :mod:`desk.feedback.answers` reads it."""
    return f'/rate{{"survey": {feedback_id}, "score": {score}}}'


class Surveyor:
    """Any number of processes may run it: the row's state and the conversation's lock decide."""

    def __init__(
        self,
        *,
        database: Database,
        conversations: Conversations,
        gate: Gate,
        rules: RulesNow,
        hours: Hours,
        links: SurveyLinks,
        signals: Signals,
        clock: Clock,
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._gate = gate
        self._rules = rules
        self._hours = hours
        self._links = links
        self._signals = signals
        self._clock = clock

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            while await self.step():
                pass
            await asyncio.sleep(_POLL)

    async def step(self) -> int:
        """Look at what is due; return at how much."""
        async with self._database.read() as session:
            due = await repository.due(session, self._clock(), _BATCH)
        for feedback_id in due:
            try:
                await self._one(feedback_id)
            except (
                FrontdeskError,
                SQLAlchemyError,
            ):  # one that fails must not keep others waiting
                log.exception("survey_failed", feedback_id=feedback_id)
                await self._put_off(feedback_id)
        return len(due)

    async def _one(self, feedback_id: int) -> None:
        now, rules = self._clock(), self._rules()
        async with self._database.write() as session:
            found = await repository.by_id(session, feedback_id)
            talk = await conversations.locked(session, found.conversation_id) if found else None
            row = await repository.by_id(session, feedback_id, lock=True)
            if talk is None or row is None or not _is_due(row, now):
                return
            verdict = await self._verdict(session, row, talk, rules, now)
            if verdict.when is When.LATER and verdict.at is not None:
                row.due_at = verdict.at
            elif verdict.when is When.NEVER:
                row.state, row.reason = SurveyState.WITHHELD, verdict.why
                record.append(session, row, record.WITHHELD, now, {"reason": verdict.why})
            else:
                await self._ask(session, row, talk, rules, now)
        await self._signals.publish(conversation_topic(talk.thread), "message")
        await self._signals.publish(OUTBOX)

    async def _verdict(
        self,
        session: AsyncSession,
        row: FeedbackRow,
        talk: ConversationRow,
        rules: FeedbackRules,
        now: datetime,
    ) -> Verdict:
        not_before = None
        if row.kind is FeedbackKind.NPS:
            not_before = self._hours.next_allowed(now, talk.language, rules.nps)
        stale = await self._stale(session, row, talk, rules, now)
        if stale:
            return Verdict(when=When.NEVER, why=stale)
        wish = Wish(kind=row.kind, not_before=not_before)
        verdict = await self._gate.ask(session, talk, wish, rules, now)
        given_up = (row.planned_at or now) + rules.give_up_after
        if verdict.when is When.LATER and (verdict.at or now) > given_up:
            return Verdict(when=When.NEVER, why=verdict.why)
        return verdict

    @staticmethod
    async def _stale(
        session: AsyncSession,
        row: FeedbackRow,
        talk: ConversationRow,
        rules: FeedbackRules,
        now: datetime,
    ) -> str | None:
        """Return why the question is not right any more."""
        if row.kind is FeedbackKind.NPS:
            asked = await repository.asked_at(session, talk.contact_id, FeedbackKind.NPS)
            return "asked already" if asked and now < asked + rules.nps.every else None
        if row.ticket_id is None:
            is_over = talk.owner is Owner.CLOSED and talk.resolution == row.resolution
            return None if is_over else "reopened"
        ticket = await session.get_one(TicketRow, row.ticket_id)
        asked = await repository.asked_at(session, talk.contact_id)
        # Who was asked since then has rated all of it.
        if asked and row.planned_at and asked > row.planned_at:
            return "asked already"
        return None if ticket.status in DONE else "reopened"

    async def _ask(
        self,
        session: AsyncSession,
        row: FeedbackRow,
        talk: ConversationRow,
        rules: FeedbackRules,
        now: datetime,
    ) -> None:
        row.state, row.surveyed_at, row.language = SurveyState.ASKED, now, talk.language
        row.contact_id = talk.contact_id
        buttons: tuple[Button, ...] = ()
        if by_links(talk.channel, rules, self._links):
            until = now + rules.answer_within
            urls = {score: self._links.url(row.id, until, score) for score in SCALES[row.kind]}
            text = phrases.by_link(row.kind, talk.language, urls, ticket=_ticket(row))
        else:
            if self._gate.doors.shows_buttons(talk.channel):
                buttons = buttons_of(row)
            text = phrases.by_message(
                row.kind, talk.language, buttons=bool(buttons), ticket=_ticket(row)
            )
        row.message_id = await self._conversations.say(
            session, talk, text, author=Author.SYSTEM, now=now, buttons=buttons
        )
        if row.kind is FeedbackKind.NPS:
            await repository.send_once(session, row.message_id)
        record.append(session, row, record.SURVEYED, now)
        log.info("survey_asked", feedback_id=row.id, kind=row.kind, conversation_id=talk.id)

    async def _put_off(self, feedback_id: int) -> None:
        async with self._database.write() as session:
            row = await repository.by_id(session, feedback_id, lock=True)
            if row is not None and row.state is SurveyState.PLANNED:
                row.due_at = self._clock() + _AFTER_TROUBLE


def buttons_of(row: FeedbackRow) -> tuple[Button, ...]:
    """Return a button for each score of a question."""
    return tuple(
        Button(title=str(score), payload=payload(row.id, score)) for score in SCALES[row.kind]
    )


def _ticket(row: FeedbackRow) -> str | None:
    return None if row.ticket_id is None else ticket_number(row.ticket_id)


def _is_due(row: FeedbackRow, now: datetime) -> bool:
    return row.state is SurveyState.PLANNED and row.due_at is not None and row.due_at <= now
