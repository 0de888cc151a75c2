"""Who may not be written to, and why: one list of conditions, which counts the audience and fences every send.

Each is a condition on the columns of whoever is asked about, so that the database decides in the statement itself:
what was withdrawn before that statement is obeyed, whatever an earlier look has seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    null,
    or_,
    select,
)

from desk.contacts.suppressions import consented, suppressed
from desk.tables.base import UtcDateTime, table_of
from desk.tables.campaign import REACHED, CampaignRecipientRow, RecipientState
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow
from desk.tables.ticket import TicketRow, TicketStatus, TicketTopic

SERVICE = "service"
"""The purpose of what people need to know, such as a recall: it needs no consent."""
BAD_RATING = 2
"""Out of five; as bad or worse is no moment for advertising."""
RATING_FRESH = timedelta(days=14)

_HANDLE = table_of(ContactIdentityRow).alias("g_handle")
_TALK = table_of(ConversationRow).alias("g_talk")
_TICKET = table_of(TicketRow).alias("g_ticket")
_RATING = table_of(FeedbackRow).alias("g_rating")
_OTHER = table_of(CampaignRecipientRow).alias("g_other")
_SETTLED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
_COUNTED = (*REACHED, RecipientState.SENDING, RecipientState.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Who:
    """The columns of whoever is asked about."""

    contact_id: ColumnElement[str]
    channel: ColumnElement[str]
    account: ColumnElement[str]
    address: ColumnElement[str]


@dataclass(frozen=True)
class Guard:
    """``stops`` is true where nothing may be sent, for the reason ``name``."""

    name: str
    stops: Callable[[Who], ColumnElement[bool]]


def moment(name: str) -> Any:
    """Return a parameter that is a time."""
    return bindparam(name, type_=UtcDateTime())


def _unreachable(who: Who) -> ColumnElement[bool]:
    return exists(
        select(_HANDLE.c.id).where(
            _HANDLE.c.channel == who.channel,
            _HANDLE.c.account == who.account,
            _HANDLE.c.external_id == who.address,
            _HANDLE.c.unreachable_at.is_not(None),
        )
    )


def _without_consent(who: Who) -> ColumnElement[bool]:
    purpose: Any = bindparam("purpose", type_=String())
    return and_(purpose != SERVICE, ~consented(who.contact_id, purpose))


def _with_a_person(who: Who) -> ColumnElement[bool]:
    return exists(
        select(_TALK.c.id).where(
            _TALK.c.contact_id == who.contact_id,
            _TALK.c.owner.in_((Owner.WAITING, Owner.HUMAN)),
        )
    )


def _complains(who: Who) -> ColumnElement[bool]:
    return exists(
        select(_TICKET.c.id).where(
            _TICKET.c.contact_id == who.contact_id,
            # Not by the index of topics: that would be a look at everybody's complaints for each person.
            func.coalesce(_TICKET.c.topic, "") == TicketTopic.COMPLAINT,
            _TICKET.c.status.not_in(_SETTLED),
        )
    )


def _rated_badly(who: Who) -> ColumnElement[bool]:
    return exists(
        select(_RATING.c.id).where(
            _RATING.c.contact_id == who.contact_id,
            _RATING.c.kind == FeedbackKind.CSAT,
            _RATING.c.score <= BAD_RATING,
            _RATING.c.answered_at > moment("rated_after"),
        )
    )


def _over_budget(who: Who) -> ColumnElement[bool]:
    """Count what was handed over lately, by every campaign."""
    sent = (
        select(func.count())
        .select_from(_OTHER)
        .where(
            _OTHER.c.contact_id == who.contact_id,
            _OTHER.c.sent_at > moment("budget_after"),
            _OTHER.c.state.in_(_COUNTED),
        )
    )
    most: Any = bindparam("budget", type_=Integer())
    return and_(most.is_not(None), sent.scalar_subquery() >= func.coalesce(most, 0))


GUARDS = (
    Guard("unreachable", _unreachable),
    Guard("suppressed", lambda who: suppressed(who.contact_id, who.channel)),
    Guard("no_consent", _without_consent),
    Guard("with_a_person", _with_a_person),
    Guard("complaint", _complains),
    Guard("bad_rating", _rated_badly),
    Guard("over_budget", _over_budget),
)
"""In the order in which reasons are told: the first that holds is the reason."""


def why_not(who: Who) -> ColumnElement[Any]:
    """Return the first reason why nothing may be sent, null where there is none."""
    return case(*((guard.stops(who), guard.name) for guard in GUARDS), else_=null())


def any_stops(who: Who) -> ColumnElement[bool]:
    """Return the condition that some guard stops a send."""
    return or_(*(guard.stops(who) for guard in GUARDS))
