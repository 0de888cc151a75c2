"""The tables of the engine: their names, columns and types; what is computed reads these and nothing else.

A person is a customer of the shop or somebody who talked with us; money is in units, times are UTC without a zone.
"""

from collections.abc import Mapping

import ibis

SCHEMAS: Mapping[str, ibis.Schema] = {
    "person": ibis.schema(
        {
            "person_id": "!string",
            "customer_id": "string",
            "contact_id": "string",
            "name": "string",
            "email": "string",
            "phone": "string",
            "language": "string",
            "gender": "string",
            "born": "date",
            "country": "string",
            "city": "string",
            "tier": "string",
            "created_at": "timestamp",
        }
    ),
    "purchase": ibis.schema(
        {
            "order_number": "!string",
            "person_id": "string",
            "placed_at": "timestamp",
            "status": "string",
            "amount": "float64",
            "currency": "string",
        }
    ),
    "purchase_line": ibis.schema(
        {
            "order_number": "string",
            "position": "int64",
            "sku": "string",
            "name": "string",
            "category": "string",
            "quantity": "int64",
            "amount": "float64",
        }
    ),
    "activity": ibis.schema(
        {
            "activity_id": "!string",
            "person_id": "string",
            "name": "string",
            "occurred_at": "timestamp",
            "channel": "string",
            "item": "string",
            "value": "float64",
        }
    ),
    "ticket": ibis.schema(
        {
            "ticket_id": "!int64",
            "person_id": "string",
            "topic": "string",
            "status": "string",
            "priority": "string",
            "created_at": "timestamp",
            "resolved_at": "timestamp",
        }
    ),
    "feedback": ibis.schema(
        {
            "feedback_id": "!int64",
            "person_id": "string",
            "kind": "string",
            "score": "int64",
            "mood": "float64",
            "answered_at": "timestamp",
        }
    ),
    "consent": ibis.schema(
        {
            "person_id": "string",
            "purpose": "string",
            "granted": "boolean",
            "occurred_at": "timestamp",
        }
    ),
    "reach": ibis.schema({"person_id": "string", "channel": "string", "reachable": "boolean"}),
    "tag": ibis.schema({"person_id": "string", "tag": "string"}),
    "score": ibis.schema(
        {
            "person_id": "string",
            "name": "string",
            "value": "float64",
            "word": "string",
            "computed_at": "timestamp",
        }
    ),
    "model": ibis.schema({"name": "!string", "told": "string", "computed_at": "timestamp"}),
}
"""Table by name; ``!`` marks columns that are never empty."""
