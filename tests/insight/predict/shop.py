"""An invented shop's tables in the engine, for two years: some customers come often, some leave."""

from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from ibis.backends import BaseBackend

from analytics.insight.predict.features import Tables
from analytics.warehouse.tables import SCHEMAS

FIRST = datetime(2025, 1, 1)  # noqa: DTZ001 - the engine's times are UTC without a zone
NOW = FIRST + timedelta(days=720)

type Data = dict[str, list[dict[str, Any]]]


def made(people: int = 300, seed: int = 5) -> Data:
    """Return rows for each table."""
    chance = np.random.default_rng(seed)
    data: Data = {name: [] for name in SCHEMAS}
    for number in range(people):
        person = f"c:{number}"
        start = float(chance.integers(0, 400))
        loyal = bool(chance.random() < 0.5)
        data["person"].append(
            {
                "person_id": person,
                "created_at": FIRST + timedelta(days=start),
                "gender": ["female", "male", None][number % 3],
                "country": "DE" if number % 4 else "FR",
                "born": (FIRST - timedelta(days=365 * int(chance.integers(20, 70)))).date(),
            }
        )
        day = start
        leaves = 2_000.0 if loyal else start + float(chance.exponential(150))
        while day < 720 and day <= leaves:
            _visit(data, chance, person, FIRST + timedelta(days=day))
            day += 1 + float(chance.exponential(25 if loyal else 45))
    return data


def _visit(data: Data, chance: np.random.Generator, person: str, at: datetime) -> None:
    number = f"o{len(data['purchase'])}"
    amount = round(float(chance.gamma(4, 10)), 2)
    purchase = {"order_number": number, "person_id": person, "placed_at": at, "amount": amount}
    data["purchase"].append(purchase | {"status": "shipped", "currency": "EUR"})
    line = {"order_number": number, "position": 1, "quantity": 1, "amount": amount}
    sku = f"s{chance.integers(9)}"
    data["purchase_line"].append(line | {"sku": sku, "category": f"k{chance.integers(3)}"})
    for name in ("page_view", "link_click", "message.received"):
        if chance.random() < 0.6:
            key = f"a{len(data['activity'])}"
            row = {"activity_id": key, "person_id": person, "name": name, "occurred_at": at}
            data["activity"].append(row | {"channel": "web", "item": sku})
    if chance.random() < 0.1:
        ticket = {"ticket_id": len(data["ticket"]), "person_id": person, "created_at": at}
        data["ticket"].append(ticket | {"resolved_at": at + timedelta(days=9)})
        answer = {"feedback_id": len(data["feedback"]), "person_id": person, "kind": "csat"}
        data["feedback"].append(answer | {"score": 4, "mood": 0.5, "answered_at": at})


def tables(engine: BaseBackend, data: Data) -> Tables:
    """Put rows into the engine, in the types of the contract."""
    found = {}
    for name, schema in SCHEMAS.items():
        rows = pa.Table.from_pylist(data[name], schema=_nullable(schema.to_pyarrow()))
        found[name] = engine.create_table(name, rows, overwrite=True)
    return found


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.type) for field in schema])


def engine() -> BaseBackend:
    """Return an engine of its own."""
    return ibis.duckdb.connect()
