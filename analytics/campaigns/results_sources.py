"""What people did, from wherever it is kept, each as rows of ``hit``, ``contact_id``, ``at`` and ``value``.

Each is read by the index over names and times of the event log, so that it costs what happened, not how many were
written to. Some name the message they belong to (``recipient_id``); of everything else that is found out later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from analytics.campaigns.results_sql import from_ms
from analytics.reports.business import ms
from analytics.reports.span import Kind
from desk.tables.base import table_of
from desk.tables.behaviour import BehaviourRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.event import EventRow
from desk.tables.metrics import MetricGroupRow, MetricSpanRow
from desk.tables.suppression import SuppressionReason
from desk.tables.ticket import TicketTopic

type Hits = Select[*tuple[Any, ...]]

_EVENT = table_of(EventRow)
_DONE = table_of(BehaviourRow)
_CONTACT = table_of(ContactRow)
_SPAN = table_of(MetricSpanRow)
_GROUP = table_of(MetricGroupRow)
_TALK = table_of(ConversationRow)
_MS = 60_000.0
_SAID_STOP = (
    SuppressionReason.STOPPED,
    SuppressionReason.UNSUBSCRIBED,
    SuppressionReason.BY_AGENT,
)


@dataclass(frozen=True)
class Stretch:
    """The time in which something can have happened after a send."""

    since: datetime
    until: datetime


def _data(name: str) -> ColumnElement[str]:
    """Return a value of an event, as text, in words that both databases read."""
    return type_coerce(_EVENT.c.data, String).op("->>")(name)


def _events(
    names: Sequence[str],
    when: Stretch,
    *only: ColumnElement[bool],
    recipient: ColumnElement[Any] | None = None,
) -> Hits:
    return select(
        ("e:" + cast(_EVENT.c.id, String)).label("hit"),
        _EVENT.c.contact_id.label("contact_id"),
        _EVENT.c.occurred_at.label("at"),
        literal(1.0, Float()).label("value"),
        (cast(null(), BigInteger()) if recipient is None else recipient).label("recipient_id"),
    ).where(
        _EVENT.c.name.in_(names),
        _EVENT.c.occurred_at >= when.since,
        _EVENT.c.occurred_at < when.until,
        *only,
    )


def of_message(name: str, when: Stretch) -> Hits:
    """Events that name the message they are about: ``campaign.clicked`` (by people alone), ``campaign.replied``."""
    return _events([name], when, recipient=cast(_data("recipient_id"), BigInteger()))


def opt_outs(when: Stretch, purpose: str) -> Hits:
    """Words against messages, and consent for the campaign's purpose that was withdrawn."""
    said_stop = and_(
        _EVENT.c.name == "contact.opted_out",
        _data("reason").in_([one.value for one in _SAID_STOP]),
    )
    withdrew = and_(_EVENT.c.name == "consent.withdrawn", _data("purpose") == purpose)
    names = ["contact.opted_out", "consent.withdrawn"]
    return _events(names, when, or_(said_stop, withdrew))


def complaints(when: Stretch) -> Hits:
    """Reports of spam, and complaints that became a ticket."""
    spam = and_(
        _EVENT.c.name == "contact.opted_out",
        _data("reason") == SuppressionReason.COMPLAINED.value,
    )
    ticket = and_(_EVENT.c.name == "ticket.opened", _data("topic") == TicketTopic.COMPLAINT.value)
    return _events(["contact.opted_out", "ticket.opened"], when, or_(spam, ticket))


def named(name: str, when: Stretch) -> Hits:
    """Whatever has a name: events of the desk, and what was imported of contacts and customers."""
    return (
        union_all(
            _events([name], when), _done(_DONE.c.contact_id, name, when), _customers(name, when)
        )
        .subquery("named")
        .select()
    )


def _done(whose: ColumnElement[Any], name: str, when: Stretch) -> Hits:
    return select(
        ("b:" + cast(_DONE.c.id, String)).label("hit"),
        whose.label("contact_id"),
        _DONE.c.occurred_at.label("at"),
        literal(1.0, Float()).label("value"),
        cast(null(), BigInteger()).label("recipient_id"),
    ).where(
        _DONE.c.name == name,
        _DONE.c.occurred_at >= when.since,
        _DONE.c.occurred_at < when.until,
        whose.is_not(None),
    )


def _customers(name: str, when: Stretch) -> Hits:
    its = and_(_CONTACT.c.customer_id == _DONE.c.customer_id, _CONTACT.c.merged_into.is_(None))
    return _done(_CONTACT.c.id, name, when).join_from(_DONE, _CONTACT, its)


def handoffs(when: Stretch) -> Hits:
    """Conversations that were handed to people."""
    return _spans(Kind.HANDOFF, when, literal(1.0, Float()))


def handling(when: Stretch) -> Hits:
    """Time that people spent with conversations, in minutes; it counts where it began."""
    return _spans(Kind.HANDLING, when, _SPAN.c.lasted / _MS)


def _spans(kind: Kind, when: Stretch, value: ColumnElement[Any]) -> Hits:
    at = from_ms(_SPAN.c.started)
    return (
        select(
            ("s:" + cast(_SPAN.c.id, String)).label("hit"),
            _TALK.c.contact_id.label("contact_id"),
            at.label("at"),
            value.label("value"),
            cast(null(), BigInteger()).label("recipient_id"),
        )
        .join(_GROUP, _GROUP.c.id == _SPAN.c.group_id)
        .join(_TALK, _TALK.c.id == func.substr(_SPAN.c.subject, 3))
        .where(
            _GROUP.c.kind == kind.value,
            _SPAN.c.subject.like("c:%"),
            # Rounded to either side: each window is exact, this only keeps away what is far from all of them.
            _SPAN.c.ended >= ms(when.since) - 1,
            _SPAN.c.started <= ms(when.until) + 1,
        )
    )
