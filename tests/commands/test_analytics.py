"""``frontdesk analytics``: the tables are filled, said and kept up to date."""

import json
from pathlib import Path

import pytest

from analytics.warehouse.place import Warehouse
from desk.clock import StoppedClock
from desk.commerce.importing import Importer
from desk.store.database import Database
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the data be in a folder of this test."""
    folder = tmp_path / "data"
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(folder))
    return folder


async def test_a_refresh_says_what_it_read(
    frontdesk: Frontdesk, database: Database, data_dir: Path, clock: StoppedClock
) -> None:
    customer = {"id": "s1", "name": "A.", "created_at": "2026-01-01"}
    shop = Importer(database, clock)
    await shop.rows("customers", [customer])
    result = await frontdesk("analytics", "refresh")
    assert result.exit_code == 0, result.output
    assert "Read everybody: 1 rows" in result.stdout
    with Warehouse(data_dir).reading() as engine:
        assert engine.table("person").to_pyarrow()["person_id"].to_pylist() == ["c:s1"]
    await shop.rows("customers", [customer | {"id": "s2"}])
    data = json.loads((await frontdesk("analytics", "refresh", "--json")).stdout)
    assert (data["full"], data["rows"], data["touched"]) == (False, {"person": 1}, 1)
    # Nobody has bought anything: that is said, and no score is made up.
    assert data["scores"]["left_out"].keys() >= {"value", "forecasts"}
    assert not data["scores"]["people"].keys() - {"potential"}
    result = await frontdesk("analytics", "refresh", "--full")
    assert "Read everybody: 2 rows" in result.stdout


async def test_scores_are_made_once_a_day(
    frontdesk: Frontdesk, database: Database, clock: StoppedClock
) -> None:
    shop = Importer(database, clock)
    people = [{"id": f"s{n}", "name": "A.", "created_at": "2025-01-01"} for n in range(4)]
    await shop.rows("customers", people)
    taken = await shop.rows("orders", [_order(n) for n in range(12)])
    assert not taken.rejected
    first = await frontdesk("analytics", "refresh", "--daily-scores")
    assert "rfm_recency" in first.stdout
    second = await frontdesk("analytics", "refresh", "--daily-scores")
    assert "Read" in second.stdout
    assert "Scored" not in second.stdout
    assert "Scored" in (await frontdesk("analytics", "refresh")).stdout


def _order(number: int) -> dict[str, object]:
    return {
        "number": f"{20_000 + number}",
        "customer_id": f"s{number % 4}",
        "status": "delivered",
        "placed_at": f"2025-{number % 9 + 1:02d}-11",
        "currency": "USD",
        "total": f"{30 + number}.50",
        "email": "a@example.com",
        "ship_name": "A.",
        "ship_address": "1 Street",
        "lines": [
            {"sku": "L1", "name_en": "Lamp", "name_zh": "灯", "quantity": 1, "price": "30.00"}
        ],
    }


@SQLITE_ONLY
async def test_another_file_and_a_backend_that_is_none(
    frontdesk: Frontdesk, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_ANALYTICS_URL", f"duckdb://{tmp_path}/other.duckdb")
    assert (await frontdesk("analytics", "refresh")).exit_code == 0
    assert (tmp_path / "other.duckdb").is_file()
    assert not (data_dir / "analytics.duckdb").exists()
    monkeypatch.setenv("FRONTDESK_ANALYTICS_URL", "nosuch://x")
    assert "FRONTDESK_ANALYTICS_URL: 'nosuch'" in failure(await frontdesk("analytics", "refresh"))


@SQLITE_ONLY
async def test_a_second_refresh_is_told(frontdesk: Frontdesk, data_dir: Path) -> None:
    with Warehouse(data_dir).writing():
        line = failure(await frontdesk("analytics", "refresh"))
    assert "is refreshing analytics; let it end" in line
