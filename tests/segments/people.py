"""A small random world of people, with empty cells and values that lie on borders, in rows and in an engine."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from analytics.warehouse.tables import SCHEMAS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = NOW.replace(tzinfo=None)
PEOPLE = 40

type Row = dict[str, Any]
type World = Mapping[str, list[Row]]

BIRTHS = (
    None,
    date(2000, 2, 29),
    date(1996, 3, 1),
    date(1996, 3, 2),
    date(2006, 2, 28),
    date(1950, 1, 1),
)
AGES = (0, 1, 7, 30, 30.5, 31, 90, 365)
"""In days: several events lie to the microsecond on the edge of a window."""


@cache
def world(seed: int) -> World:
    """Return rows by table."""
    random = Random(seed)
    ids = [f"c:{n}" if n % 3 else f"p:{n}" for n in range(PEOPLE)]
    # Some rows are about people who are not there, or about nobody.
    whose = [*ids, *ids, None, "c:gone"]

    def when() -> datetime:
        return (
            AT - timedelta(days=random.choice(AGES)) + timedelta(days=random.choice((0, 0, 0, 2)))
        )

    def some(most: int) -> range:
        return range(random.randint(0, most))

    orders = [
        {
            "order_number": f"o{n}",
            "person_id": random.choice(whose),
            "placed_at": when(),
            "status": random.choice(("delivered", "shipped", "cancelled", None)),
            "amount": random.choice((0.1, 0.2, 0.3, 10.0, 25.0)),
            "currency": "EUR",
        }
        for n in some(90)
    ]
    return {
        "person": [_person(random, one, when) for one in ids],
        "purchase": orders,
        "purchase_line": [
            {
                "order_number": order["order_number"],
                "position": place,
                "sku": random.choice(("a-1", "b-2")),
                "name": "thing",
                "category": random.choice(("tea", "cups", None)),
                "quantity": 1,
                "amount": random.choice((5.0, 0.1, 10.0)),
            }
            for order in orders
            for place in some(3)
        ],
        "activity": [
            {
                "activity_id": f"a{n}",
                "person_id": random.choice(whose),
                "name": random.choice(("page_view", "email_open", "message.received")),
                "occurred_at": when(),
                "channel": random.choice(("email", "web", None)),
                "item": random.choice(("a-1", None)),
                "value": random.choice((1.0, 2.5, -1.0, None)),
            }
            for n in some(150)
        ],
        "ticket": [
            {
                "ticket_id": n,
                "person_id": random.choice(whose),
                "topic": random.choice(("refund", "complaint")),
                "status": random.choice(("new", "resolved", "closed", None)),
                "priority": random.choice(("low", "urgent")),
                "created_at": when(),
                "resolved_at": None,
            }
            for n in some(60)
        ],
        "feedback": [
            {
                "feedback_id": n,
                "person_id": random.choice(whose),
                "kind": random.choice(("csat", "nps")),
                "score": random.choice((1, 3, 5, None)),
                "mood": None,
                # Many at once: then the later number is the last.
                "answered_at": random.choice(
                    (AT - timedelta(days=7), AT - timedelta(days=1), None)
                ),
            }
            for n in range(160)
        ],
        "consent": [
            {"person_id": one, "purpose": purpose, "granted": granted, "occurred_at": when()}
            for one in (*ids, None)
            for purpose in ("marketing", "survey")
            if (granted := random.choice((True, False, None))) is not None
        ],
        "reach": [
            {"person_id": one, "channel": channel, "reachable": reachable}
            for one in (*ids, None)
            for channel in ("email", "telegram")
            if (reachable := random.choice((True, False, None))) is not None
        ],
        "tag": [
            {"person_id": random.choice(whose), "tag": random.choice(("vip", "tier=gold", "new"))}
            for _ in some(60)
        ],
        "score": [
            {"person_id": one, "name": name, "value": value, "word": word, "computed_at": AT}
            for one in (*ids, None)
            for name, value, word in (
                ("churn", random.choice((0.0, 0.25, 0.5, 1.0, None)), None),
                ("rfm_money", float(random.randint(1, 5)), None),
                ("rfm", None, random.choice(("champions", "lost", None))),
            )
            if random.random() < 0.8
        ],
    }


def _person(random: Random, one: str, when: Any) -> Row:
    return {
        "person_id": one,
        "customer_id": one[2:] if one.startswith("c:") else None,
        "contact_id": random.choice((f"k{one[2:]}", None)),
        "name": random.choice(("A. B.", "a. c.", "", None)),
        "email": random.choice((f"{one[2:]}@Example.com", None)),
        "phone": random.choice(("+1 555 0101", None)),
        "language": random.choice(("en", "zh", None)),
        "gender": random.choice(("female", "male", "other", None)),
        "born": random.choice(BIRTHS),
        "country": random.choice(("DE", "CN", "de", None)),
        "city": random.choice(("Berlin", "", None)),
        "tier": random.choice(("gold", "plain", None)),
        "created_at": random.choice((when(), None)),
    }


def fill(engine: BaseBackend, rows: World) -> dict[str, Table]:
    """Make the tables of an engine and return them."""
    for name, schema in SCHEMAS.items():
        # No column is empty in the schema that the rows are read by: rows here may be about nobody.
        plain = ibis.schema({column: kind(nullable=True) for column, kind in schema.items()})
        table = pa.Table.from_pylist(rows.get(name, []), schema=plain.to_pyarrow())
        engine.create_table(name, table, schema=plain, overwrite=True)
    return {name: engine.table(name) for name in SCHEMAS}
