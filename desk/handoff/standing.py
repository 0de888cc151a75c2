"""What the rows know about a customer that may call a person: one look at every turn, so without the ORM."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.handoff.triggers import Standing
from desk.store import core
from desk.tables.base import table_of
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow
from desk.tables.ticket import TicketRow, TicketTopic
from desk.tickets.status import DONE

_CONTACT, _CUSTOMER, _TICKET = (table_of(row) for row in (ContactRow, CustomerRow, TicketRow))
_IS_CONTACT = _CONTACT.c.id == bindparam("contact_id")
_SEGMENT = (
    select(_CUSTOMER.c.account_type)
    .join(_CONTACT, _CONTACT.c.customer_id == _CUSTOMER.c.id)
    .where(_IS_CONTACT)
    .scalar_subquery()
)
_OLDEST_COMPLAINT = (
    select(func.min(_TICKET.c.created_at))
    .where(
        _TICKET.c.contact_id == bindparam("contact_id"),
        _TICKET.c.topic == TicketTopic.COMPLAINT,
        _TICKET.c.status.not_in(DONE),
    )
    .scalar_subquery()
)
_STANDING = select(_SEGMENT, _OLDEST_COMPLAINT)


async def standing(
    session: AsyncSession,
    *,
    contact_id: str,
    channel: str,
    language: str,
    vip: Collection[str],
    now: datetime,
) -> Standing:
    """Return a customer's standing; the segment counts once they proved who they are."""
    row = await core.fetch_one(session, _STANDING, {"contact_id": contact_id})
    segment, since = (row[0], row[1]) if row else (None, None)
    return Standing(
        channel=channel,
        language=language,
        segment=segment,
        vip=segment in vip,
        complaint_age=now - since if since else None,
    )
