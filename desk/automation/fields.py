"""What conditions can ask about, which events rules can wait for, and what texts can name. Tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desk.tables.conversation import Owner
from desk.tables.sla import ClockKind
from desk.tables.ticket import TicketPriority, TicketStatus, TicketTopic

type Value = str | float | bool | datetime | tuple[str, ...] | None
type Facts = Mapping[str, Value]
"""What is known at one moment, by field. What is not there is empty."""


class Kind(StrEnum):
    """What a field holds, and so what can be asked of it."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    LIST = "list"
    TIME = "time"
    YES = "yes"


class Operator(StrEnum):
    """What can be asked."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    CONTAINS = "contains"
    GREATER = "greater"
    LESS = "less"
    OLDER_THAN = "older_than"
    EMPTY = "empty"


_O = Operator
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: (_O.IS, _O.IS_NOT, _O.IN, _O.CONTAINS, _O.EMPTY),
    Kind.CHOICE: (_O.IS, _O.IS_NOT, _O.IN, _O.EMPTY),
    Kind.NUMBER: (_O.IS, _O.IS_NOT, _O.GREATER, _O.LESS, _O.EMPTY),
    Kind.LIST: (_O.CONTAINS, _O.EMPTY),
    Kind.TIME: (_O.OLDER_THAN, _O.EMPTY),
    Kind.YES: (_O.IS,),
}


@dataclass(frozen=True)
class Field:
    """A field and, for a choice, what it can be."""

    kind: Kind
    choices: tuple[str, ...] = ()


def _choice(of: type[StrEnum]) -> Field:
    return Field(Kind.CHOICE, tuple(of))


_TEXT, _NUMBER, _TIME, _YES = (
    Field(Kind.TEXT),
    Field(Kind.NUMBER),
    Field(Kind.TIME),
    Field(Kind.YES, ("yes", "no")),
)
FIELDS: dict[str, Field] = {
    "ticket.status": _choice(TicketStatus),
    "ticket.priority": _choice(TicketPriority),
    "ticket.topic": _choice(TicketTopic),
    "ticket.assignee": _TEXT,
    "ticket.team": _TEXT,
    "ticket.tags": Field(Kind.LIST),
    "ticket.title": _TEXT,
    "ticket.description": _TEXT,
    "ticket.product": _TEXT,
    "ticket.channel": _TEXT,
    "ticket.language": _TEXT,
    "ticket.region": _TEXT,
    "ticket.segment": _TEXT,
    "ticket.reopened": _NUMBER,
    "ticket.opened_at": _TIME,
    "ticket.updated_at": _TIME,
    "contact.name": _TEXT,
    "contact.email": _TEXT,
    "contact.language": _TEXT,
    "contact.segment": _TEXT,
    "contact.verified": _YES,
    "contact.known_since": _TIME,
    "conversation.channel": _TEXT,
    "conversation.owner": _choice(Owner),
    "conversation.agent": _TEXT,
    "conversation.team": _TEXT,
    "conversation.topic": _TEXT,
    "conversation.language": _TEXT,
    "message.text": _TEXT,
    "message.mood": _NUMBER,
    "feedback.kind": Field(Kind.CHOICE, ("csat", "nps", "ces")),
    "feedback.score": _NUMBER,
    "sla.kind": _choice(ClockKind),
    "event.by": _TEXT,
    "event.author": Field(Kind.CHOICE, ("contact", "agent", "bot", "system")),
    "event.old": _TEXT,
    "event.new": _TEXT,
    "event.public": _YES,
    "shop.open": _YES,
}
ATTRIBUTE = "contact.attribute."
"""Before the key of a note about a contact."""


def field_of(name: str) -> Field | None:
    """Return a field by its name; a contact's attributes are texts."""
    if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE):
        return _TEXT
    return FIELDS.get(name)


EVENTS: tuple[str, ...] = (
    "ticket.opened",
    "ticket.commented",
    "ticket.replied",
    "ticket.status_changed",
    "ticket.priority_changed",
    "ticket.topic_changed",
    "ticket.team_changed",
    "ticket.assigned",
    "ticket.tagged",
    "ticket.reopened",
    "ticket.merged",
    "message.received",
    "conversation.started",
    "conversation.handoff_requested",
    "conversation.handoff_expired",
    "conversation.taken_over",
    "conversation.released",
    "conversation.resolved",
    "conversation.reopened",
    "feedback.scored",
    "feedback.commented",
    "sla.warned",
    "sla.breached",
    "contact.verified",
)
"""Deliveries and the like are not here: what a rule sends comes back as one, long after it is known whose it was."""

WAITS: dict[str, Field] = {
    "status": FIELDS["ticket.status"],
    "priority": FIELDS["ticket.priority"],
    "assignee": _TEXT,
    "team": _TEXT,
}
"""In which states of a ticket a rule can wait; an empty value is nobody."""

VARIABLES: tuple[str, ...] = (
    "ticket.number",
    "ticket.title",
    "ticket.status",
    "ticket.priority",
    "ticket.topic",
    "ticket.assignee",
    "contact.name",
    "conversation.channel",
    "conversation.agent",
    "feedback.score",
    "sla.kind",
)
"""What stands in braces in a text of a rule."""
