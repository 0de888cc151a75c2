"""The one door of all questions: whatever asks, asks here first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts import consents
from desk.feedback import repository
from desk.feedback.asking import Situation, Verdict, verdict
from desk.feedback.doors import Doors
from desk.feedback.rules import FeedbackRules
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.feedback import FeedbackKind

SURVEYS = "survey"
"""The purpose under which it is kept that somebody does not want to be asked."""
PEOPLE = frozenset({Owner.WAITING, Owner.HUMAN})
"""Owners of a conversation in which somebody waits for a person, or talks with one."""
_UNWANTED = (SURVEYS, "marketing")
_IDLE = timedelta(hours=1)
"""Who wrote less than this ago is talking with us: no time for a question about something else."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to ask. ``asks_itself`` is the bot's question, in a turn in which the talk has ended."""

    kind: FeedbackKind
    asks_itself: bool = False
    not_before: datetime | None = None
    by_link: bool = False


class Gate:
    """Looks at what is true about a customer, and says whether to ask."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    async def ask(
        self,
        session: AsyncSession,
        talk: ConversationRow,
        wish: Wish,
        rules: FeedbackRules,
        now: datetime,
    ) -> Verdict:
        """Say whether the customer of a conversation may be asked."""
        heard_at, answered = await repository.last_heard(session, talk.id)
        about_talk = wish.kind is not FeedbackKind.NPS
        unheard = None if wish.asks_itself or (answered and about_talk) else heard_at
        situation = Situation(
            now=now,
            is_wanted=_is_wanted(wish.kind, talk.channel, rules),
            unsubscribed=await is_unsubscribed(session, talk.contact_id),
            obstacle=await self.doors.obstacle(session, talk, heard_at, now),
            asked_at=await repository.asked_at(session, talk.contact_id),
            with_person=talk.owner in PEOPLE
            or await repository.with_person(session, talk.contact_id, talk.id),
            unheard_at=unheard,
            not_before=wish.not_before,
            by_link=wish.by_link,
        )
        quiet = rules.quiet if about_talk else max(rules.quiet, _IDLE)
        return verdict(situation, cool_down=rules.cool_down, quiet=quiet)


async def is_unsubscribed(session: AsyncSession, contact_id: str) -> bool:
    """Say whether a contact has said STOP, to questions or to all that we send unasked."""
    for purpose in _UNWANTED:
        if await consents.said(session, contact_id, purpose) is False:
            return True
    return False


def _is_wanted(kind: FeedbackKind, channel: str, rules: FeedbackRules) -> bool:
    section = rules.nps if kind is FeedbackKind.NPS else rules.after_resolution
    return section.enabled and channel not in rules.silent
