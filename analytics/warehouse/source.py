"""What the operational database is asked for each table of the engine, as statements; nothing is computed in Python.

``people`` narrows a statement to some people by their contacts and customers; without it everybody is read.
"""

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Float,
    String,
    and_,
    case,
    cast,
    func,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from analytics.warehouse.persons import contact_of, customers, strangers
from analytics.warehouse.whose import Column, People, Query, named, of_contact, text, units
from desk.tables.automation import ContactAttributeRow
from desk.tables.behaviour import BehaviourRow
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import ConversationRow, MessageRow
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackRow, SurveyState
from desk.tables.shop import OrderLineRow, OrderRow, ProductRow
from desk.tables.ticket import TicketRow

# --- what they bought


def _purchases(people: People | None) -> Query:
    query = select(
        OrderRow.number.label("order_number"),
        ("c:" + OrderRow.customer_id).label("person_id"),
        OrderRow.placed_at,
        text(OrderRow.status).label("status"),
        units(OrderRow.total_cents, OrderRow.currency).label("amount"),
        OrderRow.currency,
    )
    return query if people is None else query.where(OrderRow.customer_id.in_(people.customers))


def _lines(people: People | None) -> Query:
    paid = cast(OrderLineRow.price_cents, Float) * OrderLineRow.quantity
    query = (
        select(
            OrderLineRow.order_number,
            OrderLineRow.position,
            OrderLineRow.sku,
            OrderLineRow.name_en.label("name"),
            ProductRow.category,
            OrderLineRow.quantity,
            units(paid, OrderRow.currency).label("amount"),
        )
        .join(OrderRow, OrderRow.number == OrderLineRow.order_number)
        .outerjoin(ProductRow, ProductRow.sku == OrderLineRow.sku)
    )
    return query if people is None else query.where(OrderRow.customer_id.in_(people.customers))


# --- what was between them and the desk


def _tickets(people: People | None) -> Query:
    return of_contact(
        TicketRow.contact_id,
        people,
        ticket_id=TicketRow.id,
        topic=text(TicketRow.topic),
        status=text(TicketRow.status),
        priority=text(TicketRow.priority),
        created_at=TicketRow.created_at,
        resolved_at=TicketRow.resolved_at,
    ).where(TicketRow.merged_into.is_(None))


def _feedback(people: People | None) -> Query:
    asked = or_(FeedbackRow.state.is_(None), FeedbackRow.state == SurveyState.ASKED)
    return of_contact(
        FeedbackRow.contact_id,
        people,
        feedback_id=FeedbackRow.id,
        kind=text(FeedbackRow.kind),
        score=FeedbackRow.score,
        mood=FeedbackRow.mood,
        answered_at=FeedbackRow.answered_at,
    ).where(asked)


def _consents(people: People | None) -> Query:
    """The newest statement of a person for each purpose."""
    said = of_contact(
        ConsentRow.contact_id,
        people,
        purpose=ConsentRow.purpose,
        granted=ConsentRow.granted,
        occurred_at=ConsentRow.said_at,
        id=ConsentRow.id,
    ).subquery()
    place = func.row_number().over(
        partition_by=(said.c.person_id, said.c.purpose), order_by=said.c.id.desc()
    )
    placed = select(said, place.label("place")).subquery()
    names = ("person_id", "purpose", "granted", "occurred_at")
    return select(*(placed.c[name] for name in names)).where(placed.c.place == 1)


def _reach(people: People | None) -> Query:
    """A person is reached on a channel by any handle there that works."""
    works = case((ContactIdentityRow.unreachable_at.is_(None), 1), else_=0)
    handles = of_contact(
        ContactIdentityRow.contact_id, people, channel=ContactIdentityRow.channel, works=works
    ).subquery()
    return select(
        handles.c.person_id, handles.c.channel, func.max(handles.c.works).label("reachable")
    ).group_by(handles.c.person_id, handles.c.channel)


def _tags(people: People | None, dialect: str) -> Query:
    """Tags of a person's tickets, and what is known of their contacts as ``key=value``."""
    known = of_contact(
        ContactAttributeRow.contact_id,
        people,
        tag=ContactAttributeRow.key + "=" + ContactAttributeRow.value,
    )
    each = func.json_each if dialect == "sqlite" else func.jsonb_array_elements_text
    tag = each(TicketRow.tags).table_valued("value", name="tags")
    given = of_contact(TicketRow.contact_id, people, tag=tag.c.value).join(tag, true())
    both = union_all(known, given).subquery()
    return select(both.c.person_id, both.c.tag).distinct()


# --- what they did


def desk_events(people: People | None, after: int | None = None) -> Query:
    """Events of the desk, those with a higher number only; the item of a message that we sent is who wrote it."""
    query = of_contact(
        EventRow.contact_id,
        people,
        activity_id="e:" + cast(EventRow.id, String),
        name=EventRow.name,
        occurred_at=EventRow.occurred_at,
        channel=ConversationRow.channel,
        item=cast(MessageRow.author, String),
        value=null(),
    ).outerjoin(ConversationRow, ConversationRow.id == EventRow.conversation_id)
    # Said so that both databases read it: values beside the statement go to the driver as they are.
    written = type_coerce(EventRow.data, String).op("->>")("message_id")
    number = cast(written, BigInteger)
    query = query.outerjoin(
        MessageRow, and_(EventRow.name == "message.sent", MessageRow.id == number)
    )
    # Who comes into a segment has done nothing; counted, each refresh would lead to the next.
    query = query.where(EventRow.name.not_like("segment.%"))
    return query if after is None else query.where(EventRow.id > after)


def contact_behaviour(people: People | None, after: int | None = None) -> Query:
    """Imported behaviour of contacts."""
    query = of_contact(BehaviourRow.contact_id, people, **_DONE)
    return query if after is None else query.where(BehaviourRow.id > after)


def customer_behaviour(people: People | None, after: int | None = None) -> Query:
    """Imported behaviour of customers."""
    query = select(("c:" + BehaviourRow.customer_id).label("person_id"), *named(_DONE)).where(
        BehaviourRow.customer_id.is_not(None)
    )
    if people is not None:
        query = query.where(BehaviourRow.customer_id.in_(people.customers))
    return query if after is None else query.where(BehaviourRow.id > after)


_DONE: dict[str, Column] = {
    "activity_id": "b:" + BehaviourRow.key,
    "name": BehaviourRow.name,
    "occurred_at": BehaviourRow.occurred_at,
    "channel": BehaviourRow.channel,
    "item": BehaviourRow.item,
    "value": BehaviourRow.value,
}

type Ask = Callable[[People | None], Query]


def facts(dialect: str) -> tuple[tuple[str, Ask], ...]:
    """Return what is read for the tables that are read whole for a person who changed."""
    return (
        ("person", customers),
        ("person", strangers),
        ("contact_of", contact_of),
        ("purchase", _purchases),
        ("purchase_line", _lines),
        ("ticket", _tickets),
        ("feedback", _feedback),
        ("consent", _consents),
        ("reach", _reach),
        ("tag", lambda people: _tags(people, dialect)),
    )


HISTORY = (
    (desk_events, EventRow),
    (contact_behaviour, BehaviourRow),
    (customer_behaviour, BehaviourRow),
)
"""What is read for ``activity``, and by whose number it grows."""
