"""``frontdesk shop import orders FILE --new-customers --segments``: from one's own file to segments with names."""

import csv
import json
from pathlib import Path

import ibis
import pytest

from analytics.warehouse.place import Warehouse
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.commands.test_imports_from_files import outcome

_HEAD = (
    "number", "customer_id", "status", "placed_at", "total", "currency", "ship_name", "ship_address", "email", "sku",
    "name_en", "quantity", "price",
)  # fmt: skip


def orders(path: Path, *more: str, only: int | None = None) -> str:
    """Write a shop of two kinds of people: 30 who come every month and spend much, 60 who came once long ago."""
    rows: list[list[str]] = []
    for number in range(30):
        rows += [
            [f"often{number}", f"2025-{month:02}-03", f"{90 + number}.00"]
            for month in range(5, 13)
        ]
    rows += [
        [f"once{number}", f"2024-11-{number % 20 + 1:02}", f"{10 + number % 7}.00"]
        for number in range(60)
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEAD)
        for place, (who, day, money) in enumerate(sorted(rows, key=lambda row: row[1]), start=1):
            told = (who, "Street 1", f"{who}@example.com", "TEA", "Tea", 1, money)
            if only is None or place <= only:
                writer.writerow([place, who, "delivered", day, money, "EUR", *told])
        file.writelines(more)
    return str(path)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the engine's tables with the test."""
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "data"))


async def test_a_file_of_orders_becomes_segments_with_names_and_rules(
    frontdesk: Frontdesk, tmp_path: Path
) -> None:
    path = orders(tmp_path / "orders.csv")
    words = ("shop", "import", "orders", path, "--new-customers", "--segments")
    told = outcome(await frontdesk(*words, "--json"))
    assert (told["created"], told["rejected"]) == (300, [])
    assert told["cleaned"] == {"customer: made from the order": 90}
    found = {one["group"]: one for one in told["segments"]}
    assert {name: one["size"] for name, one in found.items()} == {
        "buys often, here lately": 30,
        "buys seldom, long away": 60,
    }
    for one in told["segments"]:
        assert (one["purity"], one["coverage"]) == (1, 1)
        assert one["words"].startswith("Bought")
    # Again, and as people read it.
    shown = " ".join((await frontdesk(*words)).stdout.split())
    assert "Orders: 300 read, 0 new, 300 updated, 0 rejected." in shown
    assert "buys often, here lately" in shown
    assert "100%" in shown
    again = json.loads((await frontdesk("segments", "suggested", "--json")).stdout)
    assert [one["size"] for one in again["segments"]] == [60, 30]
    assert "Suggested segments" in (await frontdesk("segments", "suggested")).stdout


@SQLITE_ONLY
async def test_other_scores_stay(frontdesk: Frontdesk, tmp_path: Path) -> None:
    def scored() -> dict[str, int]:
        with Warehouse(tmp_path / "data").reading() as engine:
            found = engine.table("score").group_by("name").agg(n=ibis._.count())
            return {row["name"]: row["n"] for row in found.to_pyarrow().to_pylist()}

    path = orders(tmp_path / "orders.csv")
    await frontdesk("shop", "import", "orders", path, "--new-customers")
    await frontdesk("analytics", "refresh")
    before = scored()
    assert {"clv", "alive", "cluster", "rfm"} <= set(before)
    await frontdesk("shop", "import", "orders", path, "--segments")
    assert scored() == before


@SQLITE_ONLY
async def test_rejected_rows_are_said_before_and_by_the_exit_code(
    frontdesk: Frontdesk, tmp_path: Path
) -> None:
    bad = "9999,lost,delivered,2025-01-01,never,EUR,N,S,n@example.com,TEA,Tea,1,1\n"
    path = orders(tmp_path / "orders.csv", bad)
    result = await frontdesk("shop", "import", "orders", path, "--new-customers", "--segments")
    assert result.exit_code == 1
    said = " ".join(result.stdout.split())
    assert "total: 'never' is not an amount" in said
    assert said.index("1 rejected") < said.index("Suggested segments")


@SQLITE_ONLY
async def test_too_few_to_group_is_said_in_a_sentence(
    frontdesk: Frontdesk, tmp_path: Path
) -> None:
    path = orders(tmp_path / "orders.csv", only=2)
    result = await frontdesk("shop", "import", "orders", path, "--new-customers", "--segments")
    assert result.exit_code == 0
    assert "There are no groups to suggest segments for" in " ".join(result.stdout.split())


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("customers", "--segments"), "--segments goes with orders"),
        (("refunds", "--new-customers"), "--new-customers goes with orders"),
        (("orders", "--segments", "--dry-run"), "a dry run keeps nothing that --segments could"),
    ],
)
async def test_what_does_not_go_together_is_one_line(
    frontdesk: Frontdesk, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    kind, *options = words
    path = orders(tmp_path / "orders.csv")
    assert reason in failure(await frontdesk("shop", "import", kind, path, *options))
