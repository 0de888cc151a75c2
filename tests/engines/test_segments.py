"""A rule finds the people whom a plain reading of it finds, whatever the engine."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import ibis
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from analytics.segments.compile import members
from analytics.segments.leaves import FIELDS, KINDS
from analytics.segments.rule import questions, read
from analytics.warehouse.tables import SCHEMAS
from bench.segments import BY_HAND, TEN
from tests.engines.conftest import put
from tests.engines.crowd import fill
from tests.segments.oracle import who
from tests.segments.people import NOW, World, world
from tests.segments.rules import PINNED

_TEXT = {"kind": "person", "op": "known"}
_MORE: list[dict[str, Any]] = [
    *(_TEXT | {"field": field} for field in FIELDS),
    {"kind": "person", "field": "email", "op": "contains", "value": "EXAMPLE"},
    {"kind": "person", "field": "name", "op": "is", "value": "a. b."},
    {"kind": "score", "name": "rfm", "words": ["champions", "lost"]},
    {"kind": "score", "name": "rfm_money", "op": "exactly", "value": 3},
    {"kind": "tag", "values": ["vip", "tier=gold"]},
    {"kind": "consent", "purpose": "marketing", "granted": False},
    {"kind": "reach", "channel": "telegram"},
    {"kind": "purchase", "measure": "max", "op": "at_most", "value": 10, "sku": "a-1"},
]
SEED = 2


def _tables(engine: BaseBackend, rows: World) -> dict[str, Table]:
    found = {}
    for name, schema in SCHEMAS.items():
        plain = ibis.schema({column: kind(nullable=True) for column, kind in schema.items()})
        found[name] = put(
            engine, name, pa.Table.from_pylist(rows.get(name, []), plain.to_pyarrow())
        )
    return found


def test_every_question_and_every_border(engine: BaseBackend) -> None:
    tables = _tables(engine, world(SEED))
    rules = [{"where": where} for where in (*PINNED, *_MORE)]
    asked = {leaf.kind for rule in rules for leaf in questions(read(rule).where)}
    assert asked == set(KINDS), "no kind of question is left out"
    sizes = []
    for rule in rules:
        found = members(read(rule), tables, NOW).to_pyarrow()["person_id"].to_pylist()
        assert len(found) == len(set(found)), rule
        assert set(found) == who(rule, world(SEED)), rule
        sizes.append(len(found))
    people = len(world(SEED)["person"])
    assert sum(0 < size < people for size in sizes) >= len(sizes) - 6, "rules that tell nothing"


def test_ten_filters(engine: BaseBackend) -> None:
    with duckdb.connect() as by_hand:
        tables = {name: put(engine, name, rows) for name, rows in fill(by_hand).items()}
        wanted = {row[0] for row in by_hand.execute(BY_HAND).fetchall()}
    found = members(read(TEN), tables, datetime(2026, 1, 1, tzinfo=UTC)).to_pyarrow()
    assert set(found["person_id"].to_pylist()) == wanted
    assert 15 < len(wanted) < 500
