"""Whether anything may be sent unasked, in SQL: asked in the very statement that fences a send.

Replies, and what belongs to an order or a ticket, are no concern of these lists.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactRow
from desk.tables.suppression import SuppressionRow

type Column = ColumnElement[Any] | Any


def suppressed(
    contact_id: Column, channel: Column, digest: Column | None = None
) -> ColumnElement[bool]:
    """Say in SQL that nothing may be sent to a contact on a channel; with ``digest`` to that address of anybody's.

    For any WHERE. Who was merged since is who they are now.
    """
    row, who = aliased(SuppressionRow), aliased(ContactRow)
    covers = and_(row.lifted_at.is_(None), or_(row.channel.is_(None), row.channel == channel))
    by_contact = exists(
        select(1)
        .select_from(who)
        .join(row, row.contact_id == func.coalesce(who.merged_into, who.id))
        .where(who.id == contact_id, covers)
        .correlate_except(row, who)
    )
    if digest is None:
        return by_contact
    by_address = exists(select(1).where(row.digest == digest, covers).correlate_except(row))
    return or_(by_contact, by_address)


def consented(contact_id: Column, purpose: Column) -> ColumnElement[bool]:
    """Say in SQL that the newest thing a contact said to a purpose is yes; who never said anything did not."""
    said, who = aliased(ConsentRow), aliased(ContactRow)
    newest = (
        select(said.granted)
        .select_from(who)
        .join(said, said.contact_id == func.coalesce(who.merged_into, who.id))
        .where(who.id == contact_id, said.purpose == purpose)
        .order_by(said.id.desc())
        .limit(1)
        .correlate_except(said, who)
        .scalar_subquery()
    )
    return func.coalesce(newest, false())
