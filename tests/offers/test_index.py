"""The index of everybody: what was bought, seen and said, in one file that is replaced as a whole."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pytest
from ibis.backends import BaseBackend

from analytics.offers import behaviour, build, index
from analytics.warehouse.store import prepare
from tests.offers.conftest import AT, PEOPLE, tables
from tests.scoring.conftest import put


def order(
    number: str, person: str, sku: str, days: int, **more: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an order of one thing."""
    purchase = {
        "order_number": number,
        "person_id": person,
        "placed_at": AT - timedelta(days=days),
        "status": "delivered",
        "amount": 1.0,
        "currency": "USD",
    } | more
    line = {"order_number": number, "position": 1, "sku": sku, "name": sku.title(), "quantity": 1}
    return purchase, line | {"amount": 1.0, "category": None}


def activity(number: int, person: str, name: str, item: str | None) -> dict[str, Any]:
    """Return something that somebody did."""
    at = AT - timedelta(hours=number)
    return {
        "activity_id": f"a{number}",
        "person_id": person,
        "name": name,
        "occurred_at": at,
        "item": item,
    }


def test_what_is_known_of_each_person(engine: BaseBackend, tmp_path: Path) -> None:
    orders = [
        order("x1", "c:neu", "kettle", 9),
        order("x2", "c:neu", "lamp", 3),
        order("x3", "c:neu", "kettle", 1),
        order("x4", "c:neu", "tray", 2, status="cancelled"),
        order("x5", "c:neu", "bulb", -1),
    ]
    put(engine, "purchase", [purchase for purchase, _ in orders])
    put(engine, "purchase_line", [line for _, line in orders])
    put(
        engine,
        "activity",
        [
            activity(1, "c:neu", "page_view", "shade"),
            activity(2, "p:客", "like", "candle"),
            activity(3, "p:客", "page_view", "/about-us"),
            activity(4, "p:客", "page_view", None),
        ],
    )
    ticket = {"ticket_id": 1, "person_id": "p:words", "topic": "order_change", "created_at": AT}
    put(engine, "ticket", [ticket, ticket | {"ticket_id": 2, "topic": "refund"}])
    built = build.build(tables(engine), AT, tmp_path / "of" / index.FILE)
    found = index.read(tmp_path / "of" / index.FILE)
    assert (built.people, built.items, built.collaborative) == (PEOPLE + 3, 8, True)
    assert len(found) == built.people

    somebody = found.of("c:neu")
    assert [found.items[n] for n in somebody.bought] == ["kettle", "lamp"]  # newest first
    assert [found.items[n] for n in somebody.seen] == ["shade"]
    assert somebody.purchases == 2
    guest = found.of("p:客")
    assert [found.items[n] for n in guest.seen] == ["candle"]
    assert guest.bought == ()
    assert sorted(found.of("p:words").words.split()) == ["change", "order", "refund"]
    for nobody in ("", "c:", "c:nobody", "zzz"):
        stranger = found.of(nobody)
        assert (stranger.bought, stranger.seen, stranger.words) == ((), (), "")
        assert not stranger.factors.any()


def test_everybody_is_found_and_likes_what_those_like_them_bought(
    engine: BaseBackend, tmp_path: Path
) -> None:
    build.build(tables(engine), AT, tmp_path / index.FILE)
    found = index.read(tmp_path / index.FILE)
    tea = np.array([found.categories[n] == "kitchen" for n in range(len(found.items))])
    for number in range(PEOPLE):
        known = found.of(f"c:{number}")
        assert len(known.bought) == 2
        scores = found.factors @ known.factors
        mine = tea if number % 2 == 0 else ~tea
        assert scores[mine].mean() > scores[~mine].mean() + 0.2
    counts = dict.fromkeys(found.items, 0)
    for row in behaviour.deeds(tables(engine), AT).to_pylist():
        counts[row["item"]] += 1
    expected = np.array([counts[item] for item in found.items]) / max(counts.values())
    assert np.allclose(found.popularity, expected)


def test_an_opened_index_stays_as_it_was_when_it_is_replaced(
    engine: BaseBackend, tmp_path: Path
) -> None:
    path = tmp_path / index.FILE
    build.build(tables(engine), AT, path)
    before = index.read(path)
    purchase, line = order("y1", "c:0", "candle", 1)
    put(engine, "purchase", [purchase])
    put(engine, "purchase_line", [line])
    build.build(tables(engine), AT, path)
    assert len(before.of("c:0").bought) == 2
    assert index.read(path).items[index.read(path).of("c:0").bought[0]] == "candle"


@pytest.mark.parametrize("kept", [0, 3])
def test_with_too_little_there_are_no_factors(tmp_path: Path, kept: int) -> None:

    engine = ibis.duckdb.connect()
    prepare(engine)
    orders = [order(f"o{n}", f"c:{n}", "kettle", 1) for n in range(kept)]
    if orders:
        put(engine, "purchase", [purchase for purchase, _ in orders])
        put(engine, "purchase_line", [line for _, line in orders])
    built = build.build(tables(engine), AT, tmp_path / index.FILE)
    found = index.read(tmp_path / index.FILE)
    engine.disconnect()
    assert (built.people, built.collaborative) == (kept, False)
    assert found.factors.shape[1] == 0
    assert len(found.of("c:0").bought) == min(kept, 1)


def test_before_the_first_build_there_is_nobody(tmp_path: Path) -> None:
    found = index.read(tmp_path / "nothing.arrow")
    assert (len(found), found.items) == (0, ())
    assert found.of("c:0").bought == ()
