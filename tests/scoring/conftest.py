"""A shop of 200 people with a year and a half of orders, in the engine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ibis.backends import BaseBackend

from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS

NOW = datetime(2026, 6, 15, 14, tzinfo=UTC)
DAY = timedelta(days=1)


def put(engine: BaseBackend, table: str, rows: list[dict[str, Any]]) -> None:
    """Add rows to a table of the engine."""
    schema = SCHEMAS[table].to_pyarrow().remove_metadata()
    engine.insert(table, pa.Table.from_pylist(rows, schema=schema))


def person(number: int) -> dict[str, Any]:
    """Return somebody; every tenth told nothing about themselves."""
    told = number % 10
    return {
        "person_id": f"c:{number}",
        "name": f"P{number}",
        "language": "zh" if number % 3 else "en",
        "gender": ("female", "male")[number % 2] if told else None,
        "born": datetime(1950 + number % 50, 3, 1).date() if told else None,  # noqa: DTZ001
        "country": ("DE", "CN", "US")[number % 3] if told else None,
        "created_at": datetime(2025, 1, 1) + number % 90 * DAY,  # noqa: DTZ001 - as in the engine
    }


def orders(number: int, chance: np.random.Generator) -> list[dict[str, Any]]:
    """Let every fourth buy often and much, the others now and then; a third of those stop in the middle."""
    is_keen = number % 4 == 0
    at, gap, spent = 1.0 + number % 60, 12.0 if is_keen else 70.0, 300.0 if is_keen else 40.0
    end = 250 if not is_keen and number % 3 == 0 else 530
    found = []
    while at < end:
        found.append(
            {
                "order_number": f"{number}-{len(found)}",
                "person_id": f"c:{number}",
                "placed_at": datetime(2025, 1, 1) + at * DAY,  # noqa: DTZ001 - as in the engine
                "status": "delivered",
                "amount": float(spent * chance.gamma(4, 0.25)),
                "currency": "USD",
            }
        )
        at += float(chance.exponential(gap)) + 0.5
    return found


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return a shop of 200 people with a year and a half of orders."""
    place, chance = Warehouse(tmp_path), np.random.default_rng(7)
    with place.writing() as engine:
        prepare(engine)
        put(engine, "person", [person(number) for number in range(200)])
        for number in range(200):
            put(engine, "purchase", orders(number, chance))
    return place
