"""Whom to write to, learnt from campaigns of the past, and told honestly when there is nothing to learn."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ibis.backends import BaseBackend
from sqlalchemy import insert, update

from analytics.campaigns.ranking import RESPONSE, UPLIFT
from analytics.campaigns.ranking_learn import computed, known
from analytics.campaigns.ranking_past import SCHEMA, past
from analytics.insight import quality
from analytics.insight.quality import ChanceQuality
from analytics.insight.scoring.everybody import score_everybody
from analytics.warehouse.place import Warehouse
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from desk.errors import InvalidError
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow, RecipientState
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow
from tests.campaigns.people import campaign, contact, people
from tests.conftest import NOON
from tests.scoring.conftest import put

NOW = datetime(2026, 6, 15, 14, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 4, 1)  # noqa: DTZ001 - as in the engine
PEOPLE = 600
SENDS = [START + n * 10 * DAY + 9 * HOUR for n in range(4)]


async def _recipients(database: Database) -> None:
    """Let a run go out four weeks ago, whose people ended in all ways, and one whose answers are not in yet."""
    await people(database, 60)
    old = await campaign(database, 60, name="Old")
    new = await campaign(database, 60, name="New")
    at = NOON - 28 * DAY
    ends = {0: RecipientState.HOLDOUT, 1: RecipientState.SKIPPED, 2: RecipientState.FAILED}
    async with database.write() as session:
        for run, days in ((old, 28), (new, 6)):
            due = NOON - days * DAY
            await session.execute(
                update(CampaignRunRow).where(CampaignRunRow.id == run).values(due_at=due)
            )
            rows = update(CampaignRecipientRow).where(CampaignRecipientRow.run_id == run)
            await session.execute(
                rows.values(state=RecipientState.SENT, not_before=due, sent_at=due + HOUR)
            )
        one = update(CampaignRecipientRow).where(CampaignRecipientRow.run_id == old)
        for n, state in ends.items():
            whose = one.where(CampaignRecipientRow.contact_id == contact(n))
            await session.execute(whose.values(state=state, sent_at=None, due_at=at + 2 * HOUR))
        await session.execute(
            insert(CustomerRow).values(
                id="77", name="C. 3", account_type="regular", created_at=NOON
            )
        )
        three = update(ContactRow).where(ContactRow.id == contact(3))
        await session.execute(three.values(customer_id="77"))
        four = update(ContactRow).where(ContactRow.id == contact(4))
        await session.execute(four.values(merged_into=contact(5)))


async def test_what_is_learnt_from(database: Database) -> None:
    await _recipients(database)
    found = (await past(database, NOON)).to_pylist()
    by_person: dict[str, list[tuple[Any, ...]]] = {}
    for row in found:
        told = (row["at"], row["treated"], row["reached"])
        by_person.setdefault(row["person_id"], []).append(told)
    sent = (NOON - 28 * DAY).replace(tzinfo=None)
    expected = {f"p:{contact(n)}": [(sent + HOUR, 1, 1)] for n in range(60)}
    expected[f"p:{contact(0)}"] = [(sent + 2 * HOUR, 0, 0)]
    expected[f"p:{contact(2)}"] = [(sent + 2 * HOUR, 1, 0)]
    del expected[f"p:{contact(1)}"], expected[f"p:{contact(3)}"], expected[f"p:{contact(4)}"]
    expected["c:77"] = [(sent + HOUR, 1, 1)]
    expected[f"p:{contact(5)}"] = [(sent + HOUR, 1, 1)] * 2  # they are one person by now
    assert by_person == expected
    assert len(await past(database, NOON - 25 * DAY)) == 0


def _sent(chance: np.random.Generator, *, sends: list[datetime] = SENDS) -> pa.Table:
    """Write to everybody on four days, but for a half who are left out."""
    rows = []
    for at in sends:
        for n, out in enumerate(chance.random(PEOPLE) < 0.5):
            reached = 0 if out else 1
            rows.append({"person_id": f"c:{n}", "at": at, "treated": reached, "reached": reached})
    return pa.Table.from_pylist(rows, SCHEMA)


def _shop(engine: BaseBackend, sent: pa.Table, chance: np.random.Generator, *, real: bool) -> None:
    """Let Germans buy because they are written to, and Chinese without it; the English click.

    Where it is not ``real`` it is all by chance.
    """
    prepare(engine)
    countries = ("DE", "CN", "GB")
    person = [
        {"person_id": f"c:{n}", "country": countries[n % 3], "created_at": START - 90 * DAY}
        for n in range(PEOPLE)
    ]
    orders, clicks = [], []
    for number, row in enumerate(sent.to_pylist()):
        of = countries[int(row["person_id"][2:]) % 3] if real else "?"
        buys = {"DE": 0.05 + 0.4 * row["treated"], "CN": 0.25, "GB": 0.05}.get(of, 0.2)
        if chance.random() < buys:
            placed = row["at"] + 2 * DAY
            orders.append(
                {
                    "order_number": f"{number}",
                    "person_id": row["person_id"],
                    "placed_at": placed,
                    "status": "delivered",
                    "amount": 10.0,
                    "currency": "USD",
                }
            )
        if row["treated"] and chance.random() < {"GB": 0.6}.get(of, 0.1):
            clicks.append(
                {
                    "activity_id": f"{number}",
                    "person_id": row["person_id"],
                    "name": "campaign.clicked",
                    "occurred_at": row["at"] + HOUR,
                }
            )
    for table, rows in (("person", person), ("purchase", orders), ("activity", clicks)):
        put(engine, table, rows)


def _world(tmp_path: Path, *, real: bool) -> tuple[Warehouse, pa.Table]:
    place, chance = Warehouse(tmp_path), np.random.default_rng(5)
    sent = _sent(chance)
    with place.writing() as engine:
        _shop(engine, sent, chance, real=real)
    return place, sent


def test_who_answers_and_whom_it_changes(tmp_path: Path) -> None:
    place, sent = _world(tmp_path, real=True)
    done = score_everybody(place, NOW, computed=computed(sent))
    assert done.left_out == {}
    assert done.people == {RESPONSE: PEOPLE, UPLIFT: PEOPLE}
    with place.reading() as engine:
        scores = engine.table("score").to_pyarrow().to_pylist()
        model = {
            row["name"]: row["told"] for row in engine.table("model").to_pyarrow().to_pylist()
        }
    means: dict[tuple[str, str], list[float]] = {}
    for row in scores:
        country = ("DE", "CN", "GB")[int(row["person_id"][2:]) % 3]
        means.setdefault((row["name"], country), []).append(row["value"])
    mean = {key: float(np.mean(values)) for key, values in means.items()}
    # The truth: 0.4 more by being written to for Germans, nothing for the others.
    assert mean[UPLIFT, "DE"] == pytest.approx(0.4, abs=0.12)
    assert mean[UPLIFT, "CN"] == pytest.approx(0.0, abs=0.12)
    assert mean[UPLIFT, "GB"] == pytest.approx(0.0, abs=0.12)
    # 1 - 0.4 x 0.95 click or buy; 1 - 0.9 x 0.55; 1 - 0.9 x 0.75.
    assert mean[RESPONSE, "GB"] == pytest.approx(0.62, abs=0.12)
    assert mean[RESPONSE, "DE"] == pytest.approx(0.505, abs=0.12)
    assert mean[RESPONSE, "CN"] == pytest.approx(0.325, abs=0.12)
    assert UPLIFT in model
    assert '"qini"' in model[UPLIFT]
    # Pages of models go by what they know.
    assert RESPONSE not in quality.read(model)
    assert not isinstance(quality.read(model).get(UPLIFT), ChanceQuality)


def test_what_is_no_better_than_chance_is_not_kept(tmp_path: Path) -> None:
    place, sent = _world(tmp_path, real=False)
    done = score_everybody(place, NOW, computed=computed(sent))
    assert done.people == {}
    assert done.left_out.keys() == {RESPONSE, UPLIFT}
    for why in done.left_out.values():
        assert "no better than chance" in why


def _tables(engine: BaseBackend) -> dict[str, ibis.Table]:
    return {name: engine.table(name) for name in SCHEMAS}


def test_only_what_was_known_before_is_known(tmp_path: Path) -> None:
    """By hand: an order of the day before counts as known, one of the same day and later ones as answers."""
    place = Warehouse(tmp_path)
    days = SENDS[:3]
    orders = {"a": -12 * HOUR, "b": 3 * HOUR, "c": 7 * DAY - HOUR, "d": 7 * DAY, "e": -HOUR}
    rows = [
        {"person_id": f"c:{name}", "at": at, "treated": 1, "reached": int(name != "a")}
        for at in days
        for name in orders
    ]
    with place.writing() as engine:
        prepare(engine)
        people_ = [{"person_id": f"c:{one}", "created_at": START - DAY} for one in orders]
        put(engine, "person", people_)
        bought = [
            {
                "order_number": name,
                "person_id": f"c:{name}",
                "placed_at": days[1] + after,
                "status": "delivered",
                "amount": 1.0,
            }
            for name, after in orders.items()
        ]
        put(engine, "purchase", bought)
        held = known(_tables(engine), pa.Table.from_pylist(rows, SCHEMA)).to_pyarrow().to_pylist()
    second = {
        row["person_id"]: (row["orders"], row["bought"], row["reached"])
        for row in held
        if row["at_"] == days[1] - 9 * HOUR
    }
    assert second == {
        "c:a": (1.0, 0.0, 0),
        "c:b": (0.0, 1.0, 1),
        "c:c": (0.0, 1.0, 1),
        "c:d": (0.0, 0.0, 1),
        "c:e": (0.0, 0.0, 1),  # of the same day, before the send: neither
    }
    assert len(held) == 15


@pytest.mark.parametrize(
    ("sends", "treated", "missing"),
    [
        (
            SENDS[:2],
            1,
            "it takes campaigns of 3 days whose 7 days of answers are over; there are 2",
        ),
        (SENDS[:4], 1, "of 0 people who were left out (holdout) in past campaigns 0 bought"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, sends: list[datetime], treated: int, missing: str
) -> None:
    place, chance = Warehouse(tmp_path), np.random.default_rng(5)
    sent = _sent(chance, sends=sends)
    sent = sent.filter(pc.equal(sent["treated"], treated))
    with place.writing() as engine:
        _shop(engine, sent, chance, real=True)
    only = {UPLIFT: computed(sent)[UPLIFT]}
    assert missing in score_everybody(place, NOW, computed=only).left_out[UPLIFT]


def test_before_the_first_campaign_nothing_is_computed() -> None:
    assert computed(SCHEMA.empty_table()) == {}
    with pytest.raises(InvalidError, match="there are 0"):
        known({}, SCHEMA.empty_table())
