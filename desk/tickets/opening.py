"""A new ticket, with what is known about its customer at that moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.numbers import normalise_order_number
from desk.errors import NotFoundError
from desk.tables.ticket import URGENCY, TicketRow
from desk.tickets import history, repository
from desk.tickets.change import BY_RULE
from desk.tickets.model import EntryAuthor, TicketPriority, TicketStatus, TicketTopic
from desk.tickets.regions import region_of
from desk.tickets.topics import VAGUE
from desk.tickets.words import one_line, shown_text


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A ticket to be opened; ``key`` names the effect that opens it."""

    key: str
    conversation_id: str
    topic: TicketTopic
    title: str
    description: str
    priority: TicketPriority
    contact_detail: str | None
    order_number: str | None
    product: str | None
    author: EntryAuthor
    follows: int | None = None
    caused_by: tuple[int, ...] = ()


async def open_row(session: AsyncSession, draft: Draft, now: datetime) -> TicketRow:
    """Open a ticket unless its key has one already; return the ticket of the key.

    Raises:
        NotFoundError: there is no such conversation.
    """
    customer = await customer_of(session, draft.conversation_id)
    # Looked for first: a refused insert would use up a number on PostgreSQL.
    row, is_new = await repository.by_key(session, draft.key), False
    if row is None:
        order = normalise_order_number(draft.order_number) if draft.order_number else None
        known = await _known(session, customer, order)
        sold = known.pop("product")
        row, is_new = await repository.insert(
            session,
            {
                "key": draft.key,
                "contact_id": customer.contact.id,
                "conversation_id": draft.conversation_id,
                "status": TicketStatus.NEW,
                "priority": draft.priority,
                "urgency": URGENCY[draft.priority],
                "topic": draft.topic,
                "topic_by": None if draft.topic in VAGUE else BY_RULE,
                # Too long or empty is no reason to lose a customer's words.
                "title": one_line(draft.title, longest=200) or draft.topic.replace("_", " "),
                "description": shown_text(draft.description),
                "contact_detail": one_line(draft.contact_detail or "", longest=254) or None,
                "order_number": order,
                "product": one_line(draft.product or "", longest=64) or sold,
                "follows": draft.follows,
                "created_at": now,
                "updated_at": now,
                **known,
            },
        )
    if is_new:
        history.opened(session, row, draft.author, now, draft.caused_by)
    await session.flush()
    return row


async def customer_of(session: AsyncSession, conversation_id: str) -> repository.Customer:
    """Return whose conversation it is, which stays so until the transaction ends; NotFoundError if there is none."""
    customer = await repository.customer_of(session, conversation_id)
    if customer is None:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return customer


async def _known(
    session: AsyncSession, customer: repository.Customer, order: str | None
) -> dict[str, str | None]:
    contact = customer.contact
    segment, phone = (
        await repository.shop_facts(session, contact.customer_id)
        if contact.customer_id
        else (None, None)
    )
    return {
        "channel": customer.channel,
        "language": customer.language,
        "region": region_of(contact.phone or phone),
        "segment": segment,
        "product": await repository.product_of(session, order) if order else None,
    }
