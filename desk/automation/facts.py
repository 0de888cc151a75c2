"""What is known about an event and whom it concerns, by field.

What the event itself says of its ticket counts more than what the ticket is by now, so that a rule sees the moment at
which something happened, and a dry run the past. What events do not record is as it is today.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.automation.fields import ATTRIBUTE, Facts, Value
from desk.tables.automation import ContactAttributeRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.event import EventRow
from desk.tables.shop import CustomerRow
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number

type IsOpen = Callable[[datetime], bool]

_SNAPSHOT = ("topic", "priority", "status", "assignee", "team", "channel", "segment")
_OF_EVENT = ("by", "author", "old", "new", "public")
_OF_FEEDBACK = ("kind", "score")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom something concerns."""

    ticket: TicketRow | None = None
    conversation: ConversationRow | None = None
    contact: ContactRow | None = None
    segment: str | None = None
    attributes: Mapping[str, str] | None = None
    message: MessageRow | None = None

    @property
    def key(self) -> str:
        """Whose runs go one after the other."""
        if self.conversation is not None:
            return self.conversation.id
        if self.contact is not None:
            return self.contact.id
        return "nobody"


async def subject_of(session: AsyncSession, event: EventRow) -> Subject:
    """Return whom an event concerns, as they are now."""
    ticket = await _ticket(session, event)
    message_id = event.data.get("message_id")
    with_text = event.name == "message.received" and isinstance(message_id, int)
    return await subject(
        session,
        ticket=ticket,
        conversation_id=event.conversation_id or (ticket.conversation_id if ticket else None),
        contact_id=event.contact_id,
        message_id=message_id if with_text else None,
    )


async def subject(
    session: AsyncSession,
    *,
    ticket: TicketRow | None = None,
    conversation_id: str | None = None,
    contact_id: str | None = None,
    message_id: int | None = None,
) -> Subject:
    """Return somebody with all that rules may ask about."""
    talk = await session.get(ConversationRow, conversation_id) if conversation_id else None
    # The conversation knows whose it is by now, whoever they were before a merge.
    holder = talk.contact_id if talk else contact_id
    contact = await session.get(ContactRow, holder) if holder else None
    customer = (
        await session.get(CustomerRow, contact.customer_id)
        if contact and contact.customer_id
        else None
    )
    return Subject(
        ticket=ticket,
        conversation=talk,
        contact=contact,
        segment=customer.account_type if customer else None,
        attributes=await attributes(session, contact.id) if contact else None,
        message=await session.get(MessageRow, message_id) if message_id else None,
    )


async def attributes(session: AsyncSession, contact_id: str) -> dict[str, str]:
    """Return what was noted about a contact, by key."""
    rows = await session.scalars(
        select(ContactAttributeRow)
        .where(ContactAttributeRow.contact_id == contact_id)
        .order_by(ContactAttributeRow.key)
    )
    return {row.key: row.value for row in rows}


async def _ticket(session: AsyncSession, event: EventRow) -> TicketRow | None:
    number = event.data.get("ticket_id")
    return await session.get(TicketRow, number) if isinstance(number, int) else None


def facts(about: Subject, *, event: str = "", data: Mapping[str, Any], is_open: bool) -> Facts:
    """Return what is known; ``data`` is what the event says."""
    known: dict[str, Value] = {
        **_ticket_facts(about.ticket),
        **_conversation_facts(about.conversation),
        **_contact_facts(about),
        "shop.open": is_open,
    }
    if about.message is not None:
        known |= {"message.text": about.message.text, "message.mood": about.message.mood}
    known |= {f"event.{name}": _plain(data[name]) for name in _OF_EVENT if name in data}
    if event.startswith(("ticket.", "sla.")):
        known |= {f"ticket.{name}": _plain(data[name]) for name in _SNAPSHOT if name in data}
    if event.startswith("feedback."):
        known |= {f"feedback.{name}": _plain(data[name]) for name in _OF_FEEDBACK if name in data}
    if event.startswith("sla."):
        known["sla.kind"] = _plain(data.get("kind"))
    return known


def _ticket_facts(row: TicketRow | None) -> dict[str, Value]:
    if row is None:
        return {}
    return {
        "ticket.number": ticket_number(row.id),
        "ticket.status": row.status.value,
        "ticket.priority": row.priority.value,
        "ticket.topic": row.topic.value,
        "ticket.assignee": row.assignee,
        "ticket.team": row.team,
        "ticket.tags": tuple(row.tags or ()),
        "ticket.title": row.title,
        "ticket.description": row.description,
        "ticket.product": row.product,
        "ticket.channel": row.channel,
        "ticket.language": row.language,
        "ticket.region": row.region,
        "ticket.segment": row.segment,
        "ticket.reopened": float(row.reopened),
        "ticket.opened_at": row.created_at,
        "ticket.updated_at": row.updated_at,
    }


def _conversation_facts(row: ConversationRow | None) -> dict[str, Value]:
    if row is None:
        return {}
    return {
        "conversation.channel": row.channel,
        "conversation.owner": row.owner.value,
        "conversation.agent": row.agent,
        "conversation.team": row.team,
        "conversation.topic": row.topic,
        "conversation.language": row.language,
    }


def _contact_facts(about: Subject) -> dict[str, Value]:
    row = about.contact
    if row is None:
        return {}
    notes = {f"{ATTRIBUTE}{key}": value for key, value in (about.attributes or {}).items()}
    return {
        "contact.name": row.name,
        "contact.email": row.email,
        "contact.language": row.language,
        "contact.segment": about.segment,
        "contact.verified": row.verified_at is not None,
        "contact.known_since": row.created_at,
        **notes,
    }


def _plain(value: Any) -> Value:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    return value if isinstance(value, str) else None
