"""What other programs can be told, and the shape of each message. Ids, states and figures; words only by request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from desk.errors import InvalidError
from desk.tables.event import EventRow
from desk.tickets.numbers import ticket_number

_TEXT = {"type": ["string", "null"]}
_COUNT = {"type": ["integer", "null"]}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "agent": _TEXT | {"description": "the name of the agent it belongs to"},
    "assignee": _TEXT | {"description": "the name of the agent who looks after the ticket"},
    "attachments": _COUNT | {"description": "how many files came with it"},
    "author": _TEXT | {"description": "contact, bot, agent, campaign or system"},
    "by": _TEXT | {"description": "who did it; empty when it was a rule or the clock"},
    "channel": _TEXT | {"description": "where the customer writes"},
    "characters": _COUNT | {"description": "how long the text is"},
    "clock": _TEXT | {"description": "first_response, next_response or resolution"},
    "contact_id": _TEXT | {"description": "the customer"},
    "conversation_id": _TEXT | {"description": "the conversation"},
    "due_at": _TEXT | {"description": "the time that was promised, in UTC"},
    "feedback_id": _COUNT | {"description": "the rating"},
    "first": {"type": ["boolean", "null"], "description": "whether it is the first of its ticket"},
    "into": _TEXT | {"description": "the ticket that goes on, such as T-000123"},
    "kind": _TEXT | {"description": "csat, nps or ces"},
    "language": _TEXT | {"description": "the customer's, such as en"},
    "message_id": _COUNT | {"description": "the message"},
    "new": _TEXT | {"description": "what it became"},
    "offer_id": _COUNT | {"description": "the offer"},
    "old": _TEXT | {"description": "what it was"},
    "other_id": _TEXT | {"description": "the contact that became part of it, or left it"},
    "outcome": _TEXT
    | {"description": "how it ended: solved, follow_up, unsolved, silent or spam"},
    "owner": _TEXT | {"description": "bot, waiting, human or closed"},
    "position": _COUNT | {"description": "its place among those shown, from 1"},
    "policy": _TEXT | {"description": "the promise's name"},
    "previous": _TEXT | {"description": "the owner before"},
    "priority": _TEXT | {"description": "low, normal, high or urgent"},
    "public": {"type": ["boolean", "null"], "description": "whether the customer sees it"},
    "reason": _TEXT | {"description": "why"},
    "resolution": _COUNT | {"description": "how often the conversation was resolved by then"},
    "score": _COUNT | {"description": "the rating's value"},
    "segment": _TEXT | {"description": "the customer's segment"},
    "shown_id": _COUNT | {"description": "the offer shown to this customer this time"},
    "status": _TEXT | {"description": "where the ticket is; of an agent online, away or offline"},
    "team": _TEXT | {"description": "whose matter it is"},
    "text": _TEXT | {"description": "what was said, only where the webhook asks for it"},
    "ticket": _TEXT | {"description": "the ticket, such as T-000123"},
    "topic": _TEXT | {"description": "what it is about"},
    "undone": {"type": ["boolean", "null"], "description": "whether it was taken back"},
    "webhook_id": _TEXT | {"description": "the webhook"},
}
"""Every field of every message, by name: the same name means the same everywhere."""

_WHO = ("contact_id", "conversation_id")
_MOVE = (*_WHO, "previous", "owner", "agent", "reason", "by", "resolution")
_TICKET = (
    *_WHO,
    *("ticket", "topic", "priority", "status", "assignee", "team", "channel", "segment"),
    *("by", "reason"),
)
_CHANGE = (*_TICKET, "old", "new")
_RATING = (
    *_WHO,
    *("feedback_id", "kind", "resolution", "owner", "agent", "team", "channel", "topic"),
    *("segment", "language"),
)
_CLOCK = (*_TICKET, "clock", "due_at", "policy")
_SENT = (*_WHO, "message_id", "author", "text")
_OFFER = (*_WHO, "offer_id", "shown_id", "position", "reason")
_MERGE = ("contact_id", "other_id", "undone")

KINDS: Mapping[str, tuple[str, ...]] = {
    "conversation.started": (*_WHO, "channel"),
    "conversation.handoff_requested": _MOVE,
    "conversation.handoff_expired": _MOVE,
    "conversation.taken_over": _MOVE,
    "conversation.transferred": _MOVE,
    "conversation.released": _MOVE,
    "conversation.resolved": (*_MOVE, "outcome", "topic"),
    "conversation.reopened": _MOVE,
    "message.received": (*_WHO, "message_id", "owner", "characters", "attachments", "text"),
    "message.sent": _SENT,
    "message.failed": _SENT,
    "message.dead_lettered": _SENT,
    "ticket.opened": _TICKET,
    "ticket.commented": (*_TICKET, "author", "public"),
    "ticket.replied": (*_TICKET, "first"),
    "ticket.status_changed": _CHANGE,
    "ticket.priority_changed": _CHANGE,
    "ticket.topic_changed": _CHANGE,
    "ticket.assigned": _CHANGE,
    "ticket.reopened": (*_TICKET, "old"),
    "ticket.merged": (*_TICKET, "into"),
    "sla.warned": _CLOCK,
    "sla.breached": _CLOCK,
    "sla.met": _CLOCK,
    "feedback.surveyed": _RATING,
    "feedback.scored": (*_RATING, "score"),
    "feedback.commented": _RATING,
    "offer.shown": _OFFER,
    "offer.clicked": _OFFER,
    "offer.converted": _OFFER,
    "contact.merged": _MERGE,
    "contact.split": _MERGE,
    "agent.status_changed": ("agent", "status"),
    "webhook.switched_off": ("webhook_id", "reason"),
}
"""The kinds of events that can be subscribed to, and the fields of their data; ``noun.*`` stands for all of a noun."""

TESTED = "webhook.tested"
"""The kind of a message that somebody sends to try a webhook; nobody subscribes to it."""

_TICKETS = {"ticket": "ticket_id", "into": "into"}
_SAME_AS = {"reason": "why", "clock": "kind"}
"""Names that some events have for a field of ours."""


@dataclass(frozen=True)
class Wish:
    """The kinds that somebody wants to be told of: names, ``noun.*`` or ``*``."""

    kinds: tuple[str, ...]

    def fits(self, kind: str) -> bool:
        """Say whether an event is wanted."""
        if kind not in KINDS:
            return False
        return not {kind, f"{kind.partition('.')[0]}.*", "*"}.isdisjoint(self.kinds)


def wish(kinds: Iterable[str]) -> Wish:
    """Return what is wanted.

    Raises:
        InvalidError: nothing is, or there is no such kind; the message names the kinds of that noun.
    """
    found = tuple(dict.fromkeys(kind.strip() for kind in kinds if kind.strip()))
    if not found:
        raise InvalidError(f"name at least one kind of event, such as {next(iter(KINDS))}")
    nouns = {kind.partition(".")[0] for kind in KINDS}
    for kind in found:
        if kind not in {*KINDS, "*", *(f"{noun}.*" for noun in nouns)}:
            noun = kind.partition(".")[0]
            near = [one for one in KINDS if one.startswith(f"{noun}.")] or sorted(nouns)
            raise InvalidError(f"there is no event {kind[:64]!r}; there are: {', '.join(near)}")
    return Wish(found)


def data_of(event: EventRow) -> dict[str, Any]:
    """Return what is told of an event: the fields of its kind and nothing else."""
    about = event.data | {
        "contact_id": event.contact_id,
        "conversation_id": event.conversation_id,
    }
    return {name: _field(name, about) for name in KINDS[event.name] if name != "text"}


def _field(name: str, about: Mapping[str, Any]) -> Any:
    if name in _TICKETS:
        number = about.get(_TICKETS[name])
        return ticket_number(number) if isinstance(number, int) else number
    value = about.get(name)
    return about.get(_SAME_AS.get(name, name)) if value is None else value


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind's data; ``text`` may be left out."""
    names = KINDS[kind]
    return {
        "type": "object",
        "properties": {name: dict(FIELDS[name]) for name in names},
        "required": [name for name in names if name != "text"],
        "additionalProperties": False,
    }
