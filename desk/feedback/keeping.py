"""Keeping an answer, by whatever way it came, and what a bad one leads to: one place for all ways."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import InvalidError
from desk.feedback import record
from desk.feedback.follow_up import FollowUp
from desk.feedback.kinds import SCALES, best
from desk.feedback.place import is_changeable
from desk.feedback.rules import FeedbackRules
from desk.tables.conversation import ConversationRow
from desk.tables.feedback import FeedbackKind, FeedbackRow
from desk.tickets.service import Ticket, Tickets
from desk.tickets.words import shown_text

type RulesNow = Callable[[], FeedbackRules]


class Alert(Protocol):
    """Where people hear of a low score."""

    async def alert(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        key: str,
        now: datetime,
    ) -> None:
        """Tell whoever looks after the conversation, once for each ``key``; its lock is held."""


class Keeper:
    """Keeps scores and comments inside the caller's transaction, which holds the conversation's lock."""

    def __init__(
        self, clock: Clock, tickets: Tickets, rules: RulesNow, alert: Alert | None = None
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._alert = alert
        self._follow_up = FollowUp(tickets, rules)

    async def score(
        self, session: AsyncSession, talk: ConversationRow, row: FeedbackRow, score: int, key: str
    ) -> bool:
        """Keep a score; False when an older one stands. The same ``key`` has no second effect."""
        check(row.kind, score)
        now = self._clock()
        if row.score_key == key:
            return True
        if not is_changeable(row.answered_at, now):
            return False
        old, row.score, row.score_key, row.answered_at = row.score, score, key, now
        asked = row.surveyed_at is not None
        data = {"score": score, "old": old, "surveyed": asked}
        record.append(session, row, record.SCORED, now, data)
        await self._follow_up.note_change(session, row, old, key)
        if score != old:
            await self._tell(session, talk, row, now)
        return True

    async def follow_up(self, session: AsyncSession, row: FeedbackRow) -> Ticket | None:
        """Return the ticket of a low score, opening it the first time."""
        return await self._follow_up.open(session, row)

    async def comment(self, session: AsyncSession, row: FeedbackRow, text: str, key: str) -> None:
        """Keep words, in the follow-up ticket too if there is one; nothing for empty ones or a ``key`` again."""
        words = shown_text(text)
        if not words or row.comment_key == key:
            return
        row.comment = f"{row.comment}\n{words}" if row.comment else words
        row.comment_key = key
        # What is new has not been read yet.
        row.mood = row.comment_topic = row.read_at = None
        record.append(session, row, record.COMMENTED, self._clock(), {"characters": len(words)})
        await self._follow_up.comment(session, row, words, key)

    async def _tell(
        self, session: AsyncSession, talk: ConversationRow, row: FeedbackRow, now: datetime
    ) -> None:
        rules = self._rules()
        if self._alert is None or not rules.alert or not rules.is_low(row.kind, row.score):
            return
        text = f"A low score: {row.score} of {best(row.kind)} ({row.kind.upper()})."
        key = f"low:{row.id}:{row.score}"
        await self._alert.alert(session, talk, text, key=key, now=now)


def check(kind: FeedbackKind, score: int) -> None:
    """Raise InvalidError unless the score is on the scale."""
    scale = SCALES[kind]
    if score not in scale:
        raise InvalidError(
            f"A score is a whole number from {scale[0]} to {scale[-1]}, not {score}."
        )
