"""Which message a thing that somebody did belongs to: the last one before it, within the goal's time.

Two views. ``SENT``: those to whom it was sent, from the moment when it was. ``DRAWN``: everybody whom the draw gave to
a variant or to the holdout, from the moment when it was due for them; whether it was sent then does not matter, so
both sides are alike in everything but the campaign. That is what a comparison needs.

A person counts once in a run, by their first row: who turned out to be one has two. Contacts are looked up by who they
are now; events keep the id of their day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union,
)

from analytics.campaigns.results_sources import Hits
from analytics.campaigns.results_sql import later
from desk.tables.base import table_of
from desk.tables.campaign import REACHED, CampaignRecipientRow
from desk.tables.contact import ContactRow
from desk.tables.shop import OrderRow, OrderStatus

HOLDOUT, REST = "(holdout)", "(rest)"
"""Beside the variants; no variant can have such a name."""

ONE = table_of(CampaignRecipientRow).alias("one")
_OTHER = table_of(CampaignRecipientRow).alias("other")
_WHO = table_of(ContactRow).alias("who")
_NOW = table_of(ContactRow).alias("who_now")
_DOER = table_of(ContactRow).alias("doer")
_SAME = table_of(ContactRow).alias("same")
_ORDER = table_of(OrderRow)
ARM: ColumnElement[str] = case(
    (ONE.c.rest, REST), (ONE.c.variant != "", ONE.c.variant), else_=HOLDOUT
)


class View(StrEnum):
    """Whose doings count, and from when."""

    SENT = "sent"
    DRAWN = "drawn"
    #: Whatever became of the send: it bounced.
    TRIED = "tried"


@dataclass(frozen=True)
class Window:
    """The runs that are asked about, how long after a message something counts, and from when.

    ``rivals`` are those runs of the campaign to which a thing may belong as well, as they came later.
    """

    runs: Sequence[int]
    rivals: Sequence[int]
    within: timedelta
    view: View

    @property
    def start(self) -> ColumnElement[Any]:
        """The moment from which on somebody's doings count."""
        return ONE.c.due_at if self.view is View.DRAWN else ONE.c.sent_at

    @property
    def counted(self) -> ColumnElement[bool]:
        """Whose doings count."""
        if self.view is View.SENT:
            return and_(ONE.c.sent_at.is_not(None), ONE.c.state.in_(REACHED))
        return self.start.is_not(None)

    def holds(self, at: ColumnElement[Any]) -> ColumnElement[bool]:
        """Say that a time is in time."""
        seconds = int(self.within.total_seconds())
        return and_(self.start <= at, at < later(self.start, seconds))

    def after(self, seconds: int) -> ColumnElement[Any]:
        """Return so long after the moment."""
        return later(self.start, seconds)


def person(contact: Any, otherwise: ColumnElement[Any]) -> ColumnElement[str]:
    """Return the id of who a contact is now; of one who was erased the id that is left."""
    return func.coalesce(contact.c.merged_into, otherwise)


def belonging(window: Window, hits: Hits) -> Subquery:
    """Return hits with the message they belong to: ``id``, ``run_id``, ``person``, ``value``."""
    hit = hits.subquery("hits")
    same = func.coalesce(_DOER.c.merged_into, _DOER.c.id)
    query = (
        select()
        .select_from(hit)
        .join(_DOER, _DOER.c.id == hit.c.contact_id)
        .join(_SAME, or_(_SAME.c.id == same, _SAME.c.merged_into == same))
        .join(ONE, ONE.c.contact_id == _SAME.c.id)
        .outerjoin(_WHO, _WHO.c.id == ONE.c.contact_id)
    )
    return _last(window, query, hit.c.hit, hit.c.at, hit.c.value)


def naming(window: Window, hits: Hits) -> Subquery:
    """Return hits that name their message, with it."""
    hit = hits.subquery("hits")
    query = (
        select()
        .select_from(hit)
        .join(ONE, ONE.c.id == hit.c.recipient_id)
        .outerjoin(_WHO, _WHO.c.id == ONE.c.contact_id)
    )
    return _last(window, query, hit.c.hit, hit.c.at, hit.c.value)


def bought(window: Window) -> Subquery:
    """Return orders that were not cancelled with the message they belong to, and their ``currency``."""
    at = _ORDER.c.placed_at
    query = (
        select(_ORDER.c.currency)
        .select_from(ONE)
        .join(_WHO, _WHO.c.id == ONE.c.contact_id)
        .join(_NOW, _NOW.c.id == person(_WHO, _WHO.c.id))
        .join(_ORDER, _ORDER.c.customer_id == _NOW.c.customer_id)
        .where(_ORDER.c.status != OrderStatus.CANCELLED)
    )
    return _last(window, query, _ORDER.c.number, at, _ORDER.c.total_cents)


def bought_before(window: Window, seconds: int) -> Select[Any]:
    """Return what each person had bought in so long before their first message was due, by its ``id``: ``x``."""
    at = _ORDER.c.placed_at
    bought = and_(
        _ORDER.c.customer_id == _NOW.c.customer_id,
        at >= window.after(-seconds),
        at < window.start,
    )
    return (
        select(ONE.c.id, _ORDER.c.currency, func.sum(_ORDER.c.total_cents).label("x"))
        .select_from(ONE)
        .join(_WHO, _WHO.c.id == ONE.c.contact_id)
        .join(_NOW, _NOW.c.id == person(_WHO, _WHO.c.id))
        .join(_ORDER, bought)
        .where(is_first(window), _ORDER.c.status != OrderStatus.CANCELLED)
        .group_by(ONE.c.id, _ORDER.c.currency)
    )


def is_first(window: Window) -> ColumnElement[bool]:
    """Say that a row counts and is the first of its person: there are as many such rows as there are people."""
    mine = and_(ONE.c.run_id.in_(window.runs), window.counted)
    if len(window.runs) > 1:
        earlier = exists(
            select(_OTHER.c.id).where(
                _OTHER.c.contact_id == ONE.c.contact_id,
                _OTHER.c.id < ONE.c.id,
                _drawn(_OTHER, window),
            )
        )
        mine = and_(mine, ~earlier)
    return and_(mine, ONE.c.id.not_in(_twins(window)))


def first_of(window: Window, who: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the first row of a person: it says what they were drawn for."""
    return (
        select(func.min(_OTHER.c.id))
        .join(_SAME, _SAME.c.id == _OTHER.c.contact_id)
        .where(or_(_SAME.c.id == who, _SAME.c.merged_into == who), _drawn(_OTHER, window))
        .scalar_subquery()
    )


def _drawn(rows: Any, window: Window) -> ColumnElement[bool]:
    return and_(rows.c.run_id.in_(window.runs), rows.c.due_at.is_not(None))


def _twins(window: Window) -> Select[Any]:
    """Return the first rows of contacts who are somebody else who has an earlier row: few, and found from contacts."""
    # Not "is not null", for which SQLite would rather read all contacts than the index.
    is_merged, who = _DOER.c.merged_into > "", _DOER.c.merged_into.label("who")
    merged = select(_DOER.c.id, who).where(is_merged)
    kept = select(_DOER.c.merged_into.label("id"), who).where(is_merged)
    every = union(merged, kept).subquery("every")
    each = (
        select(every.c.who, func.min(_OTHER.c.id).label("id"))
        .join(_OTHER, _OTHER.c.contact_id == every.c.id)
        .where(_drawn(_OTHER, window))
        .group_by(every.c.who, every.c.id)
        .subquery("each_contact")
    )
    place = func.row_number().over(partition_by=each.c.who, order_by=each.c.id)
    placed = select(each.c.id, place.label("place")).subquery("placed")
    return select(placed.c.id).where(placed.c.place > 1)


def _last(
    window: Window,
    query: Select[Any],
    hit: ColumnElement[Any],
    at: ColumnElement[Any],
    value: ColumnElement[Any],
) -> Subquery:
    """Return each hit once: with the last message before it, if that is one of the runs asked about."""
    place = func.row_number().over(
        partition_by=hit, order_by=(window.start.desc(), ONE.c.id.desc())
    )
    found = (
        query.add_columns(
            ONE.c.id,
            ONE.c.run_id,
            person(_WHO, ONE.c.contact_id).label("person"),
            value.label("value"),
            place.label("place"),
        )
        .where(ONE.c.run_id.in_([*window.runs, *window.rivals]), window.counted, window.holds(at))
        .subquery("found")
    )
    return (
        select(*(column for column in found.c if column.key != "place"))
        .where(found.c.place == literal(1), found.c.run_id.in_(window.runs))
        .subquery("belonging")
    )
