"""What the rows know about a conversation and its customer: for the card, the routes and the queue."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk.port import Fact
from desk.agentdesk.queue import Waiting
from desk.agentdesk.rules import DeskRules, Matter
from desk.inbox.collected import collected
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.feedback import FeedbackKind, FeedbackRow
from desk.tables.shop import CustomerRow, OrderRow
from desk.tables.ticket import TicketRow, TicketTopic
from desk.tickets.numbers import ticket_number
from desk.tickets.status import DONE

_MOODS = 10


async def matter(session: AsyncSession, conversation: ConversationRow, rules: DeskRules) -> Matter:
    """Return what a conversation is routed by; a customer's segments count once they proved who they are."""
    customer = await _customer(session, conversation)
    return Matter(
        channel=conversation.channel,
        topic=conversation.topic or conversation.waiting_reason,
        language=conversation.language,
        segments=frozenset({customer.account_type}) if customer else frozenset(),
        team=conversation.team,
    )


async def allowed(
    session: AsyncSession, conversation: ConversationRow, rules: DeskRules
) -> tuple[Fact, ...]:
    """Return the facts that the rules allow on a card, those that are known, in the rules' order."""
    found = []
    for name in rules.facts:
        ask = _FACTS.get(name)
        value = await ask(session, conversation) if ask else None
        if value:
            found.append(Fact(label=_LABELS[name], value=value))
    if "collected" in rules.facts:
        known = collected(conversation.collected or {}, {}, rules.collected)
        said = [(name, known[name]) for name in rules.collected if name in known]
        found += [Fact(label=_slot_label(name), value=str(value)) for name, value in said]
    return tuple(found)


def _slot_label(name: str) -> str:
    return _SLOTS.get(name) or name.replace("_", " ").capitalize()


async def moods(session: AsyncSession, conversation_id: str) -> tuple[float, ...]:
    """Return how the customer has felt lately, the oldest first."""
    rows = await session.scalars(
        select(MessageRow.mood)
        .where(MessageRow.conversation_id == conversation_id, MessageRow.mood.is_not(None))
        .order_by(MessageRow.id.desc())
        .limit(_MOODS)
    )
    return tuple(mood for mood in reversed(rows.all()) if mood is not None)


async def waiting(
    session: AsyncSession,
    conversations: Sequence[ConversationRow],
    rules: DeskRules,
    promised: timedelta,
) -> list[Waiting]:
    """Return those of some conversations that wait, with what their place in the queue depends on."""
    rows = [row for row in conversations if row.waiting_since is not None]
    if not rows:
        return []
    feels = await _last_moods(session, [row.id for row in rows])
    people = {row.contact_id for row in rows}
    important = await _important(session, people, rules)
    upset = await _complaining(session, people)
    return [
        Waiting(
            conversation_id=row.id,
            since=row.waiting_since,
            due_at=row.waiting_since + promised,
            mood=feels.get(row.id),
            vip=row.contact_id in important,
            complaint=row.contact_id in upset,
        )
        for row in rows
        if row.waiting_since is not None
    ]


async def _last_moods(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, float]:
    last = (
        select(func.max(MessageRow.id))
        .where(MessageRow.conversation_id.in_(ids), MessageRow.mood.is_not(None))
        .group_by(MessageRow.conversation_id)
    )
    rows = await session.execute(
        select(MessageRow.conversation_id, MessageRow.mood).where(MessageRow.id.in_(last))
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


async def _important(session: AsyncSession, people: set[str], rules: DeskRules) -> set[str]:
    rows = await session.scalars(
        select(ContactRow.id)
        .join(CustomerRow, CustomerRow.id == ContactRow.customer_id)
        .where(ContactRow.id.in_(people), CustomerRow.account_type.in_(rules.vip))
    )
    return set(rows)


async def _complaining(session: AsyncSession, people: set[str]) -> set[str]:
    rows = await session.scalars(
        select(TicketRow.contact_id).where(
            TicketRow.contact_id.in_(people),
            TicketRow.topic == TicketTopic.COMPLAINT,
            TicketRow.status.not_in(DONE),
        )
    )
    return set(rows)


async def _contact(session: AsyncSession, conversation: ConversationRow) -> ContactRow | None:
    return await session.get(ContactRow, conversation.contact_id)


async def _customer(session: AsyncSession, conversation: ConversationRow) -> CustomerRow | None:
    return await session.scalar(
        select(CustomerRow)
        .join(ContactRow, ContactRow.customer_id == CustomerRow.id)
        .where(ContactRow.id == conversation.contact_id)
    )


async def _who(session: AsyncSession, conversation: ConversationRow) -> str | None:
    customer = await _customer(session, conversation)
    return f"{customer.account_type}, since {customer.created_at:%Y-%m}" if customer else None


async def _email(session: AsyncSession, conversation: ConversationRow) -> str | None:
    contact = await _contact(session, conversation)
    return contact.email if contact else None


async def _phone(session: AsyncSession, conversation: ConversationRow) -> str | None:
    contact = await _contact(session, conversation)
    return contact.phone if contact else None


async def _order(session: AsyncSession, conversation: ConversationRow) -> str | None:
    customer = await _customer(session, conversation)
    if customer is None:
        return None
    order = await session.scalar(
        select(OrderRow)
        .where(OrderRow.customer_id == customer.id)
        .order_by(OrderRow.placed_at.desc())
        .limit(1)
    )
    return f"{order.number}, {order.status.replace('_', ' ')}" if order else None


async def _ticket(session: AsyncSession, conversation: ConversationRow) -> str | None:
    ticket = await session.scalar(
        select(TicketRow)
        .where(TicketRow.contact_id == conversation.contact_id, TicketRow.status.not_in(DONE))
        .order_by(TicketRow.id.desc())
        .limit(1)
    )
    return f"{ticket_number(ticket.id)}, {ticket.status.replace('_', ' ')}" if ticket else None


async def _rating(session: AsyncSession, conversation: ConversationRow) -> str | None:
    score = await session.scalar(
        select(FeedbackRow.score)
        .where(
            FeedbackRow.contact_id == conversation.contact_id,
            FeedbackRow.kind == FeedbackKind.CSAT,
            FeedbackRow.score.is_not(None),
        )
        .order_by(FeedbackRow.answered_at.desc())
        .limit(1)
    )
    return f"{score} of 5" if score else None


async def _value(session: AsyncSession, conversation: ConversationRow) -> str | None:
    rows = await session.execute(
        select(OrderRow.currency, func.sum(OrderRow.total_cents))
        .join(ContactRow, ContactRow.customer_id == OrderRow.customer_id)
        .where(ContactRow.id == conversation.contact_id)
        .group_by(OrderRow.currency)
        .order_by(OrderRow.currency)
    )
    return ", ".join(f"{cents / 100:,.2f} {currency}" for currency, cents in rows) or None


_FACTS: dict[str, Callable[[AsyncSession, ConversationRow], Awaitable[str | None]]] = {
    "customer": _who,
    "email": _email,
    "phone": _phone,
    "order": _order,
    "ticket": _ticket,
    "rating": _rating,
    "value": _value,
}
_SLOTS = {
    "order_number": "About order",
    "about_order": "Complains about order",
    "reason": "What happened",
    "wish": "Wants",
    "title": "Asks for",
    "description": "In their words",
    "priority": "Urgency",
    "contact_proof": "Said to prove who they are",
    "contact": "Wants the answer at",
    "address": "New address",
}
_LABELS = {
    "customer": "Customer",
    "email": "E-mail",
    "phone": "Phone",
    "order": "Last order",
    "ticket": "Open ticket",
    "rating": "Last rating",
    "value": "Bought so far",
}
