"""STOP, obeyed before anybody else hears it: inside the transaction that receives the message."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts import consents
from desk.contacts.opting_phrases import Phrase, say
from desk.contacts.stop_words import Ask, Stop, is_start, understood
from desk.contacts.suppressing import Suppressions, Word
from desk.conversations import repository
from desk.conversations.surveys import Answers, Taken, Words
from desk.dialogue.port import Button
from desk.tables.consent import ConsentRow
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow, Owner
from desk.tables.suppression import SuppressionReason, SuppressionRow

log = structlog.get_logger()

PURPOSES = ("marketing", "newsletter")
"""What is withdrawn by STOP. Questions how it went are sent to nobody who has withdrawn the first."""
YES, NO = '/opt_out{"stop": "yes"}', '/opt_out{"stop": "no"}'
"""What the buttons below the question mean, whoever asked it."""
_SAYS_YES = re.compile(r"\W*(?:yes|yep|yeah|sure|ok(?:ay)?|是的?|对|好的?|嗯)\W*", re.IGNORECASE)
_SAYS_NO = re.compile(r"\W*(?:no|nope|keep(?: on)?|不是?|不用|不要停|继续)\W*", re.IGNORECASE)
_PEOPLE = frozenset({Owner.WAITING, Owner.HUMAN})
_WORD = 20
_TOLD_AGAIN_AFTER = timedelta(days=1)

type CampaignOf = Callable[[AsyncSession, str], Awaitable[int | None]]
"""Return the campaign whose message was the last in a conversation, if it was one's."""


async def no_campaign(_: AsyncSession, __: str) -> None:
    """Nobody sends campaigns."""


class OptingOut:
    """See :class:`desk.conversations.surveys.Answers`. What is nothing to us goes on to ``answers``.

    A bare "stop" below a question of the desk's is the answer to that question.
    """

    def __init__(
        self,
        suppressions: Suppressions,
        answers: Answers,
        *,
        campaign_of: CampaignOf = no_campaign,
    ) -> None:
        self._suppressions = suppressions
        self._answers = answers
        self._campaign_of = campaign_of

    async def take(
        self, session: AsyncSession, conversation: ConversationRow, words: Words, now: datetime
    ) -> Taken | None:
        """Obey, or ask back; None for all that is about something else."""
        payload = words.payload or await self._answered(session, conversation, words.text)
        if payload in (YES, NO):
            if payload == YES:
                return await self._stop(session, conversation, words.key, now)
            return _said(Phrase.KEPT, conversation)
        meant = None if words.payload else understood(words.text, words.language)
        if not isinstance(meant, Stop) or meant.bare:
            taken = await self._answers.take(session, conversation, words, now)
            if taken is not None or words.payload:
                return taken
        if isinstance(meant, Stop):
            if meant.as_answer and not await _below_a_campaign(session, conversation.id):
                return None
            _keep_language(conversation, words)
            return await self._stop(session, conversation, words.key, now)
        if isinstance(meant, Ask):
            return None if conversation.owner in _PEOPLE else _asked(conversation)
        if is_start(words.text):
            _keep_language(conversation, words)
            return await self._start(session, conversation, words.key, now)
        return None

    async def replied(self, session: AsyncSession, taken: Taken, message_id: int) -> None:
        """Hand on what was said to a question."""
        if taken.survey is not None:
            await self._answers.replied(session, taken, message_id)

    async def rates(
        self, session: AsyncSession, conversation: ConversationRow, words: Words
    ) -> bool:
        """Leave it to those who ask how it went."""
        return await self._answers.rates(session, conversation, words)

    async def _stop(
        self, session: AsyncSession, talk: ConversationRow, key: str, now: datetime
    ) -> Taken:
        campaign_id = await self._campaign_of(session, talk.id)
        told = await stop(
            session, self._suppressions, talk, key=key, now=now, campaign_id=campaign_id
        )
        return _said(Phrase.STOPPED, talk) if told else Taken(text="", goes_on=False)

    async def _start(
        self, session: AsyncSession, talk: ConversationRow, key: str, now: datetime
    ) -> Taken | None:
        contact_id = talk.contact_id
        lifted = await self._suppressions.lift_in(
            session, contact_id, channel=None, by="contact", now=now, conversation_id=talk.id
        )
        if not lifted and await consents.said(session, contact_id, PURPOSES[0]) is not False:
            return None  # "start" may mean anything to somebody who never stopped
        await grant(session, contact_id, key=key, now=now, conversation_id=talk.id)
        log.info("contact_opted_in", contact_id=contact_id)
        return _said(Phrase.BACK, talk)

    @staticmethod
    async def _answered(session: AsyncSession, talk: ConversationRow, text: str) -> str | None:
        """Return what a plain yes or no below our question means."""
        payload = (_SAYS_YES.fullmatch(text) and YES) or (_SAYS_NO.fullmatch(text) and NO)
        if not payload:
            return None
        latest = await repository.recent_choices(session, talk.id, 1)
        asked = any(choice.get("payload") == YES for choice in (latest[0] if latest else []))
        return payload if asked else None


def _keep_language(talk: ConversationRow, words: Words) -> None:
    """Let STOP tell no language: all the world writes it."""
    if words.language and words.text.isascii() and len(words.text) <= _WORD:
        talk.language = words.language


async def stop(
    session: AsyncSession,
    suppressions: Suppressions,
    talk: ConversationRow,
    *,
    key: str,
    now: datetime,
    campaign_id: int | None,
) -> bool:
    """Withdraw and suppress everything of whoever talks there; say whether to confirm it."""
    withdrawn = await withdraw(session, talk.contact_id, key=key, now=now, conversation_id=talk.id)
    word = Word(
        contact_id=talk.contact_id,
        reason=SuppressionReason.STOPPED,
        by="contact",
        conversation_id=talk.id,
        campaign_id=campaign_id,
    )
    new = await suppressions.add_in(session, word, now, said_on=talk.channel, purposes=withdrawn)
    told = await _tell(session, talk.contact_id, now)
    log.info("contact_opted_out", contact_id=talk.contact_id, new=new, told=told)
    return told


async def withdraw(
    session: AsyncSession,
    contact_id: str,
    *,
    key: str,
    now: datetime,
    conversation_id: str | None = None,
) -> list[str]:
    """Withdraw what STOP withdraws; return what was not withdrawn already."""
    new = [
        purpose
        for purpose in PURPOSES
        if await consents.said(session, contact_id, purpose) is not False
    ]
    await _say(session, contact_id, new, False, f"{key}:stop", now, conversation_id)
    return new


async def grant(
    session: AsyncSession,
    contact_id: str,
    *,
    key: str,
    now: datetime,
    conversation_id: str | None = None,
) -> None:
    """Grant the first purpose, on the contact's own word, and what STOP had withdrawn with it."""
    back = [
        purpose
        for purpose in PURPOSES
        if purpose == PURPOSES[0] or await _stopped(session, contact_id, purpose)
    ]
    await _say(session, contact_id, back, True, f"{key}:start", now, conversation_id)


async def _stopped(session: AsyncSession, contact_id: str, purpose: str) -> bool:
    """Say whether STOP was the last word about a purpose, and not a choice of this one alone."""
    key = await session.scalar(
        select(ConsentRow.key)
        .where(ConsentRow.contact_id == contact_id, ConsentRow.purpose == purpose)
        .order_by(ConsentRow.id.desc())
        .limit(1)
    )
    return key is not None and key.endswith(f":stop:{purpose}")


async def _say(
    session: AsyncSession,
    contact_id: str,
    purposes: list[str] | tuple[str, ...],
    granted: bool,
    key: str,
    now: datetime,
    conversation_id: str | None,
) -> None:
    for purpose in purposes:
        await consents.record(
            session,
            contact_id=contact_id,
            conversation_id=conversation_id,
            purpose=purpose,
            granted=granted,
            key=f"{key}:{purpose}",
            now=now,
        )


async def _tell(session: AsyncSession, contact_id: str, now: datetime) -> bool:
    """Say whether to confirm, and remember it; the next STOP within a day is obeyed in silence."""
    mine = (SuppressionRow.contact_id == contact_id) & SuppressionRow.lifted_at.is_(None)
    last = await session.scalar(
        select(SuppressionRow.told_at)
        .where(mine, SuppressionRow.told_at.is_not(None))
        .order_by(SuppressionRow.told_at.desc())
        .limit(1)
    )
    if last is not None and now - last < _TOLD_AGAIN_AFTER:
        return False
    await session.execute(
        update(SuppressionRow)
        .where(mine)
        .values(told_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


async def _below_a_campaign(session: AsyncSession, conversation_id: str) -> bool:
    author = await session.scalar(
        select(MessageRow.author)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.direction == Direction.OUTBOUND,
        )
        .order_by(MessageRow.id.desc())
        .limit(1)
    )
    return author is Author.CAMPAIGN


def _said(phrase: Phrase, talk: ConversationRow) -> Taken:
    return Taken(text=say(phrase, talk.language), goes_on=False)


def _asked(talk: ConversationRow) -> Taken:
    buttons = (
        Button(title=say(Phrase.YES, talk.language), payload=YES),
        Button(title=say(Phrase.NO, talk.language), payload=NO),
    )
    return Taken(text=say(Phrase.ASK, talk.language), buttons=buttons)
