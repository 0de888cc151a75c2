"""Answers to questions of the desk's: taken without opening a closed conversation again, and without the bot."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts import consents
from desk.conversations.surveys import Taken, Words
from desk.feedback import phrases, repository
from desk.feedback.gate import PEOPLE, SURVEYS
from desk.feedback.keeping import Keeper, RulesNow
from desk.feedback.kinds import SCALES
from desk.feedback.phrases import Phrase
from desk.feedback.place import is_changeable
from desk.feedback.surveyor import buttons_of
from desk.feedback.words import heard, is_new_matter, is_stop
from desk.tables.conversation import Author, ConversationRow, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow
from desk.tickets.words import shown_text

log = structlog.get_logger()

_PRESSED = re.compile(r'/rate\{"survey": (\d{1,18}), "score": (\d{1,2})\}')
_PRESSED_AFTER_RESOLVING = re.compile(r'/give_feedback\{"score": "([1-5])"\}')
_COMMENT_WITHIN = timedelta(minutes=15)
_LONGEST_COMMENT = 2_000
_MOST_MISSES = 1


class Answers:
    """See :class:`desk.conversations.surveys.Answers`.

    A number may mean anything. It is an answer only while nothing else was said to the customer after the question,
    or after what was said to an earlier answer; then the newest question is meant whose scale it fits.
    """

    def __init__(self, keeper: Keeper, rules: RulesNow) -> None:
        self._keeper = keeper
        self._rules = rules

    async def take(
        self, session: AsyncSession, conversation: ConversationRow, words: Words, now: datetime
    ) -> Taken | None:
        """Keep what is an answer."""
        if words.files:
            return None
        pressed = _PRESSED.fullmatch(words.payload or "")
        if pressed:
            return await self._press(session, conversation, pressed, words.key, now)
        if conversation.owner in PEOPLE:
            return None
        if not await repository.has_asked(session, conversation.id):
            return None
        asked = await _in_focus(session, conversation)
        if not asked or (words.payload and not _PRESSED_AFTER_RESOLVING.fullmatch(words.payload)):
            return None
        return await self._hear(session, conversation, asked, words, now)

    async def replied(self, session: AsyncSession, taken: Taken, message_id: int) -> None:
        """Remember what was said last about the question."""
        row = await repository.by_id(session, taken.survey) if taken.survey else None
        if row is not None:
            row.message_id = message_id if taken.goes_on else None

    async def rates(
        self, session: AsyncSession, conversation: ConversationRow, words: Words
    ) -> bool:
        """Say whether the bot's own question is answered: opening for that is no new matter."""
        if _PRESSED_AFTER_RESOLVING.fullmatch(words.payload or ""):
            return True
        found = heard(words.text, FeedbackKind.CSAT)
        if found is None or found.value is None:
            return False
        return await repository.surveyed_unanswered(session, conversation.id) is not None

    async def _press(
        self,
        session: AsyncSession,
        talk: ConversationRow,
        pressed: re.Match[str],
        key: str,
        now: datetime,
    ) -> Taken | None:
        row = await repository.by_id(session, int(pressed[1]))
        if row is None or row.conversation_id != talk.id:
            return None
        return await self._score(session, talk, row, int(pressed[2]), None, key, now)

    async def _hear(
        self,
        session: AsyncSession,
        talk: ConversationRow,
        asked: Sequence[FeedbackRow],
        said: Words,
        now: datetime,
    ) -> Taken | None:
        focus, text = asked[0], said.text
        if is_stop(text):
            return await self._stop(session, talk, focus, said.key, now)
        for row in asked:
            found = heard(text, row.kind) if self._is_open(row, now) else None
            if found is not None and found.value is not None:
                value, comment = found.value, found.comment
                return await self._score(session, talk, row, value, comment, said.key, now)
        if _is_comment(focus, text, now):
            await self._keeper.comment(session, focus, text, said.key)
            return _taken(talk, focus, Phrase.NOTED, goes_on=False)
        return self._miss(talk, focus, text, now)

    async def _score(
        self,
        session: AsyncSession,
        talk: ConversationRow,
        row: FeedbackRow,
        score: int,
        comment: str | None,
        key: str,
        now: datetime,
    ) -> Taken:
        if not self._is_open(row, now):
            if row.score is None:
                return _taken(talk, row, Phrase.TOO_LATE, goes_on=False)
            return _taken(talk, row, Phrase.STANDS, goes_on=False, score=row.score)
        await self._keeper.score(session, talk, row, score, key)
        await self._keeper.follow_up(session, row)
        log.info("survey_answered", feedback_id=row.id, kind=row.kind)
        if comment:
            await self._keeper.comment(session, row, comment, key)
        if comment or talk.owner in PEOPLE:
            return _taken(talk, row, Phrase.NOTED, goes_on=False)
        low = self._rules().is_low(row.kind, score)
        return _taken(talk, row, Phrase.SORRY if low else Phrase.THANKS)

    async def _stop(
        self,
        session: AsyncSession,
        talk: ConversationRow,
        row: FeedbackRow,
        key: str,
        now: datetime,
    ) -> Taken:
        await consents.record(
            session,
            contact_id=talk.contact_id,
            conversation_id=talk.id,
            purpose=SURVEYS,
            granted=False,
            key=f"{key}:stop",
            now=now,
        )
        return _taken(talk, row, Phrase.STOPPED, goes_on=False)

    def _miss(
        self, talk: ConversationRow, row: FeedbackRow, text: str, now: datetime
    ) -> Taken | None:
        """Ask again, once, for a number that is on the scale."""
        found = heard(text, row.kind)
        if found is None or row.misses >= _MOST_MISSES or not self._is_open(row, now):
            return None
        row.misses += 1
        scale = SCALES[row.kind]
        text = phrases.say(Phrase.OFF_SCALE, talk.language, first=scale[0], last=scale[-1])
        return Taken(survey=row.id, text=text, buttons=buttons_of(row))

    def _is_open(self, row: FeedbackRow, now: datetime) -> bool:
        if row.score is not None:
            return is_changeable(row.answered_at, now)
        return row.surveyed_at is not None and now - row.surveyed_at <= self._rules().answer_within


async def _in_focus(session: AsyncSession, talk: ConversationRow) -> Sequence[FeedbackRow]:
    """Return what was asked, the newest first, if the last message to the customer was about that."""
    last = await repository.last_said(session, talk.id)
    asked = await repository.asked_in(session, talk.id)
    if last is None:
        return []
    if any(row.message_id == last.id for row in asked):
        return sorted(asked, key=lambda row: row.message_id != last.id)
    # Who resolves a conversation asks with a message of their own.
    asks = last.author == Author.SYSTEM and any(
        _PRESSED_AFTER_RESOLVING.fullmatch(choice.get("payload") or "") for choice in last.choices
    )
    if not asks or talk.owner is not Owner.CLOSED:
        return []
    newest = [row for row in asked if row.kind is FeedbackKind.CSAT][:1]
    for row in newest:
        row.message_id = last.id
    return [*newest, *(row for row in asked if row not in newest)]


def _is_comment(row: FeedbackRow, text: str, now: datetime) -> bool:
    fresh = row.answered_at is not None and now - row.answered_at <= _COMMENT_WITHIN
    plain = shown_text(text)
    return fresh and 0 < len(plain) <= _LONGEST_COMMENT and not is_new_matter(plain)


def _taken(
    talk: ConversationRow, row: FeedbackRow, phrase: Phrase, *, goes_on: bool = True, **values: int
) -> Taken:
    text = phrases.say(phrase, talk.language, **values)
    return Taken(survey=row.id, text=text, goes_on=goes_on)
