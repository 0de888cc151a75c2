"""Queries about offers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.offers.bandit import SIZE, Arms, Floats, packed, unpacked
from analytics.offers.model import Offer, Shown, offer, shown
from desk.errors import NotFoundError
from desk.store.upsert import save
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.offer import OfferArmRow, OfferRow, OfferShownRow
from desk.tables.segment import BELONGS, SegmentMemberRow
from desk.tables.shop import OrderLineRow, OrderRow, OrderStatus, ProductRow


async def offers(session: AsyncSession) -> list[Offer]:
    """Return all offers by their codes."""
    return [offer(row) for row in await session.scalars(select(OfferRow).order_by(OfferRow.code))]


async def stamp(session: AsyncSession) -> tuple[int, int]:
    """Return what is another as soon as an offer was added or changed by somebody."""
    found = await session.execute(
        select(func.count(), func.coalesce(func.sum(OfferRow.edition), 0))
    )
    count, editions = found.one()
    return int(count), int(editions)


async def seen(session: AsyncSession, offer_id: int) -> Offer:
    """Return an offer; raises NotFoundError."""
    found = await session.get(OfferRow, offer_id)
    if found is None:
        raise NotFoundError(f"There is no offer {offer_id}.")
    return offer(found)


async def row(session: AsyncSession, offer_id: int) -> OfferRow:
    """Return an offer's row, locked until the end of the transaction; raises NotFoundError."""
    query = select(OfferRow).where(OfferRow.id == offer_id).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise NotFoundError(f"There is no offer {offer_id}.")
    return found


async def coded(session: AsyncSession, code: str) -> int | None:
    """Return the id of the offer with a code."""
    found: int | None = await session.scalar(select(OfferRow.id).where(OfferRow.code == code))
    return found


async def products(session: AsyncSession) -> dict[str, tuple[str, str, str]]:
    """Return what things are called in English and Chinese, and their category."""
    columns = (ProductRow.sku, ProductRow.name_en, ProductRow.name_zh, ProductRow.category)
    found = await session.execute(select(*columns))
    return {sku: (english, chinese, category or "") for sku, english, chinese, category in found}


# --- people


async def contact_of(session: AsyncSession, conversation_id: str) -> str | None:
    """Return the contact of a conversation: the one that is left after merges."""
    query = (
        select(func.coalesce(ContactRow.merged_into, ContactRow.id))
        .join(ConversationRow, ConversationRow.contact_id == ContactRow.id)
        .where(ConversationRow.id == conversation_id)
    )
    found: str | None = await session.scalar(query)
    return found


async def person_of(session: AsyncSession, contact_id: str) -> str:
    """Return the person that a contact is; raises NotFoundError."""
    known = await session.get(ContactRow, contact_id)
    root = (
        await session.get(ContactRow, known.merged_into) if known and known.merged_into else known
    )
    if root is None:
        raise NotFoundError("there is no such contact")
    return f"c:{root.customer_id}" if root.customer_id else f"p:{root.id}"


async def segments_of(session: AsyncSession, person_id: str) -> frozenset[int]:
    """Return the segments that somebody belongs to."""
    query = select(SegmentMemberRow.segment_id).where(
        SegmentMemberRow.person_id == person_id, BELONGS
    )
    return frozenset(await session.scalars(query))


# --- what was learnt


async def arms(session: AsyncSession, ids: Sequence[int]) -> Arms:
    """Return what was learnt of some offers, in this order."""
    found = Arms.fresh(len(ids))
    place = {one: n for n, one in enumerate(ids)}
    columns = (OfferArmRow.offer_id, OfferArmRow.precision, OfferArmRow.evidence)
    rows = await session.execute(select(*columns).where(OfferArmRow.features == SIZE))
    for offer_id, precision, evidence in rows:
        if offer_id in place:
            n = place[offer_id]
            found.precision[n], found.evidence[n] = unpacked(precision, evidence)
    return found


async def learn(
    session: AsyncSession, offer_id: int, context: Floats, *, clicked: bool
) -> tuple[Floats, Floats]:
    """Add what happened to what is known of an offer, whose row is locked; return its sums."""
    held = await session.get(OfferArmRow, offer_id)
    one = Arms.fresh(1)
    if held is not None and held.features == SIZE:
        one.precision[0], one.evidence[0] = unpacked(held.precision, held.evidence)
    (one.clicked if clicked else one.shown)(0, context)
    values = {"precision": packed(one.precision[0]), "evidence": packed(one.evidence[0])}
    row = {"offer_id": offer_id, "features": SIZE, **values}
    await save(session, OfferArmRow, [row], key=["offer_id"])
    return one.precision[0], one.evidence[0]


# --- what was shown


async def count_shown(session: AsyncSession, offer_id: int, now: datetime) -> bool:
    """Count an offer as shown if it may be shown still; locks it until the end of the transaction."""
    return await _changed(session, offer_id, *_may_be_shown(now), shown=OfferRow.shown + 1)


async def count_clicked(session: AsyncSession, offer_id: int) -> bool:
    """Count a click, whether or not the offer goes on; locks it until the end of the transaction."""
    return await _changed(session, offer_id, clicked=OfferRow.clicked + 1)


async def count_converted(session: AsyncSession, offer_id: int) -> bool:
    """Count a purchase; locks the offer until the end of the transaction."""
    return await _changed(session, offer_id, converted=OfferRow.converted + 1)


def _may_be_shown(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OfferRow.stopped_at.is_(None),
        or_(OfferRow.starts_at.is_(None), OfferRow.starts_at <= now),
        or_(OfferRow.ends_at.is_(None), OfferRow.ends_at > now),
        or_(OfferRow.most_shown.is_(None), OfferRow.shown < OfferRow.most_shown),
        or_(OfferRow.most_taken.is_(None), OfferRow.converted < OfferRow.most_taken),
    )


async def _changed(
    session: AsyncSession, offer_id: int, *conditions: ColumnElement[bool], **values: object
) -> bool:
    statement = update(OfferRow).where(OfferRow.id == offer_id, *conditions).values(**values)
    result = await session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


async def forget_shown(session: AsyncSession, key: str, position: int) -> None:
    """Take back a row of something that could not be shown after all."""
    mine = (OfferShownRow.key == key, OfferShownRow.position == position)
    await session.execute(delete(OfferShownRow).where(*mine))


async def answered(session: AsyncSession, key: str) -> list[OfferShownRow]:
    """Return what a question was answered with, in its order."""
    query = select(OfferShownRow).where(OfferShownRow.key == key).order_by(OfferShownRow.position)
    return list(await session.scalars(query))


async def mark(session: AsyncSession, shown_id: int, what: str, at: datetime) -> bool:
    """Note once that something shown was clicked (``clicked_at``) or bought (``converted_at``)."""
    column = getattr(OfferShownRow, what)
    statement = (
        update(OfferShownRow)
        .where(OfferShownRow.id == shown_id, column.is_(None))
        .values(**{what: at})
        .execution_options(synchronize_session=False)
    )
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1


async def shown_page(
    session: AsyncSession, offer_id: int, *, before: int | None, limit: int
) -> list[Shown]:
    """Return to whom an offer was shown, newest first."""
    query = select(OfferShownRow).where(OfferShownRow.offer_id == offer_id)
    if before is not None:
        query = query.where(OfferShownRow.id < before)
    rows = await session.scalars(query.order_by(OfferShownRow.id.desc()).limit(limit))
    return [shown(one) for one in rows]


async def log_of_firsts(session: AsyncSession, offer_id: int) -> list[tuple[int, float, bool]]:
    """Return each first place since an offer is there: the offer's id, its propensity, whether it was clicked."""
    made = select(OfferRow.created_at).where(OfferRow.id == offer_id).scalar_subquery()
    query = select(
        OfferShownRow.offer_id, OfferShownRow.propensity, OfferShownRow.clicked_at
    ).where(OfferShownRow.position == 1, OfferShownRow.shown_at >= made)
    return [(one, chance, at is not None) for one, chance, at in await session.execute(query)]


async def bought_after(
    session: AsyncSession, since: datetime, window: timedelta
) -> list[tuple[OfferShownRow, str, datetime]]:
    """Return what was shown since then and not converted, with each order of the same thing within ``window``."""
    query = (
        select(OfferShownRow, OrderRow.number, OrderRow.placed_at)
        .join(OfferRow, OfferRow.id == OfferShownRow.offer_id)
        .join(ContactRow, ContactRow.id == OfferShownRow.contact_id)
        .join(OrderRow, OrderRow.customer_id == ContactRow.customer_id)
        .join(OrderLineRow, OrderLineRow.order_number == OrderRow.number)
        .where(
            OrderLineRow.sku == OfferRow.sku,
            OrderRow.status != OrderStatus.CANCELLED,
            OfferShownRow.shown_at >= since,
            OrderRow.placed_at > OfferShownRow.shown_at,
        )
        .order_by(OfferShownRow.id.desc())
    )
    found = await session.execute(query)
    return [(one, number, at) for one, number, at in found if at <= one.shown_at + window]
