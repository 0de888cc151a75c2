"""Plans who is asked whether they recommend us: a sample of those who talked with us, once in a period each."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.contacts import consents
from desk.feedback import repository
from desk.feedback.asking import When
from desk.feedback.gate import Gate, Wish
from desk.feedback.hours import Hours
from desk.feedback.keeping import RulesNow
from desk.feedback.rules import FeedbackRules, OnSchedule
from desk.feedback.snapshot import about
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.conversation import ConversationRow
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState

log = structlog.get_logger()

_PAUSE = 3_600.0
_PAGE = 200
_MOST_TALKS = 5
"""Conversations of a contact that are tried, the latest first."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody of the sample; ``why`` is what keeps them from being asked in this period, if anything does."""

    contact_id: str
    conversation_id: str | None
    due_at: datetime | None
    why: str = ""


class NpsPlan:
    """Plans rows; :class:`desk.feedback.surveyor.Surveyor` asks when they are due. Planning twice is harmless."""

    def __init__(
        self, *, database: Database, gate: Gate, rules: RulesNow, hours: Hours, clock: Clock
    ) -> None:
        self._database = database
        self._gate = gate
        self._rules = rules
        self._hours = hours
        self._clock = clock

    async def run(self) -> None:
        """Plan for ever, once an hour."""
        while True:
            await self.step()
            await asyncio.sleep(_PAUSE)

    async def step(self) -> int:
        """Plan what this period still lacks, if the rules want it at all; return how many questions."""
        if not self._rules().nps.enabled:
            return 0
        planned = 0
        async for page in self._pages():
            for contact_id in page:
                async with self._database.write() as session:
                    planned += await self._plan(session, contact_id)
        log.info("nps_planned", count=planned)
        return planned

    async def candidates(self) -> list[Candidate]:
        """Return the sample of this period as it would be planned now; nothing is written."""
        found = []
        async for page in self._pages():
            async with self._database.read() as session:
                found += [await self._candidate(session, contact_id) for contact_id in page]
        return found

    async def _pages(self) -> AsyncIterator[Sequence[str]]:
        """Yield the contacts of the sample who talked with us lately."""
        rules, now, after = self._rules().nps, self._clock(), ""
        period = self._hours.period(now, rules.every)
        while True:
            query = (
                select(ConversationRow.contact_id)
                .where(
                    ConversationRow.contact_id > after,
                    ConversationRow.updated_at >= now - rules.active,
                )
                .group_by(ConversationRow.contact_id)
                .order_by(ConversationRow.contact_id)
                .limit(_PAGE)
            )
            async with self._database.read() as session:
                page = (await session.scalars(query)).all()
            if not page:
                return
            yield [one for one in page if in_sample(one, period, rules.share)]
            after = page[-1]

    async def _plan(self, session: AsyncSession, contact_id: str) -> bool:
        one = await self._candidate(session, contact_id)
        if one.conversation_id is None or one.why:
            return False
        talk = await session.get_one(ConversationRow, one.conversation_id)
        row = {
            "kind": FeedbackKind.NPS,
            "occasion": self._occasion(contact_id),
            "conversation_id": talk.id,
            "contact_id": contact_id,
            "state": SurveyState.PLANNED,
            "due_at": one.due_at,
            "planned_at": self._clock(),
            **await about(session, talk),
        }
        return await insert_new(session, FeedbackRow, row, unique=("occasion",))

    async def _candidate(self, session: AsyncSession, contact_id: str) -> Candidate:
        rules, now = self._rules(), self._clock()
        why = await self._obstacle(session, contact_id, rules.nps, now)
        talks = () if why else await _talks(session, contact_id)
        for talk in talks:
            due_at = self._hours.next_allowed(now, talk.language, rules.nps)
            why = await self._forbids(session, talk, rules, now)
            if not why:
                return Candidate(contact_id=contact_id, conversation_id=talk.id, due_at=due_at)
        return Candidate(contact_id=contact_id, conversation_id=None, due_at=None, why=why)

    async def _forbids(
        self, session: AsyncSession, talk: ConversationRow, rules: FeedbackRules, now: datetime
    ) -> str:
        verdict = await self._gate.ask(session, talk, Wish(kind=FeedbackKind.NPS), rules, now)
        return verdict.why if verdict.when is When.NEVER else ""

    async def _obstacle(
        self, session: AsyncSession, contact_id: str, rules: OnSchedule, now: datetime
    ) -> str:
        occasion = FeedbackRow.occasion == self._occasion(contact_id)
        if await session.scalar(select(FeedbackRow.id).where(occasion)) is not None:
            return "planned already"
        asked = await repository.asked_at(session, contact_id, FeedbackKind.NPS)
        if asked is not None and now < asked + rules.every:
            return "asked already"
        agreed = not rules.consent or await consents.said(session, contact_id, rules.consent)
        return "" if agreed else "has not agreed"

    def _occasion(self, contact_id: str) -> str:
        period = self._hours.period(self._clock(), self._rules().nps.every)
        return f"nps:{period.isoformat()}:{contact_id}"


def in_sample(contact_id: str, period: date, share: float) -> bool:
    """Say whether a contact belongs to the sample of a period; asked again, the answer is the same."""
    digest = hashlib.sha256(f"{period.isoformat()}:{contact_id}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48 < share


async def _talks(session: AsyncSession, contact_id: str) -> Sequence[ConversationRow]:
    rows = await session.scalars(
        select(ConversationRow)
        .where(ConversationRow.contact_id == contact_id)
        .order_by(ConversationRow.updated_at.desc())
        .limit(_MOST_TALKS)
    )
    return rows.all()
