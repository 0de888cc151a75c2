"""``frontdesk analyze recommend``: on worlds whose best way is known, and on files that cannot be used."""

import csv
import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import ndcg_score
from typer.testing import CliRunner

from analytics.analyses import recommend
from analytics.analyses.recommend import Asked, RecommendReport
from app.cli import app
from desk.errors import InvalidError
from tests.analyses.running import run

NAMES = ("who", "what", "about", "pieces", "day")
PEOPLE, ITEMS, TASTES = 120, 40, 4
type Line = tuple[str, str, str, int, str]


def write(path: Path, rows: Iterable[Line], names: Iterable[str] = NAMES) -> Path:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(names)
        out.writerows(rows)
    return path


def tastes(seed: int = 0, told: bool = True) -> list[Line]:
    """People of four tastes, who take each thing of theirs once, in any order; texts may tell the taste."""
    chance, rows = np.random.default_rng(seed), []
    for person in range(PEOPLE):
        mine = [item for item in range(ITEMS) if item % TASTES == person % TASTES]
        for n, item in enumerate(chance.permutation(mine)[:8].tolist()):
            at = date(2026, 1, 1) + timedelta(days=10 * n + person % 10)
            about = f"taste {'abcd'[item % TASTES] * 3} 第{item % TASTES}类" if told else "thing"
            rows.append((f"p{person}", f"i{item}", about, 1 + n % 3, at.isoformat()))
    return rows


def by_name(found: RecommendReport) -> dict[str, recommend.Way]:
    """Return the ways by their names."""
    return {way.name: way for way in found.ways}


def test_tastes_are_found_by_all_but_popularity(tmp_path: Path) -> None:
    asked = Asked(user="who", item="what", text="about", value="pieces", time="day")
    found = recommend.report(write(tmp_path / "rows.csv", tastes()), asked)
    ways = by_name(found)
    assert set(ways) == {"popularity", "co-occurrence", "TF-IDF", "ALS"}
    for name in ("co-occurrence", "TF-IDF", "ALS"):
        assert ways[name].ndcg > 1.5 * ways["popularity"].ndcg
        assert ways[name].over_low > 0
    assert found.is_better
    assert found.winner != "popularity"
    assert (found.rows, found.people, found.items, found.by_time) == (960, 120, 40, True)
    assert found.learnt_from + found.tried == 960
    assert ways["popularity"].over == ways["popularity"].over_low == 0.0
    # The best that is possible with so many new things for each in ten places.
    assert ways["TF-IDF"].precision <= 0.3


def test_where_all_take_anything_popularity_is_not_beaten(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    rows = [
        (
            f"p{chance.integers(600)}",
            f"i{min(chance.geometric(0.08), 39)}",
            "",
            1,
            f"{2026 + n // 9000}-01-{1 + n // 80:02d}",
        )
        for n in range(2400)
    ]
    found = recommend.report(
        write(tmp_path / "rows.csv", rows), Asked(user="who", item="what", time="day")
    )
    assert not found.is_better
    assert found.left_out == {"TF-IDF": "no --text is named"}
    answer = CliRunner().invoke(
        app,
        ["analyze", "recommend", str(tmp_path / "rows.csv"), "--user", "who", "--item", "what"],
    )
    assert "No way is surely better than what is popular" in answer.stderr


def test_figures_by_hand_and_by_scikit_learn(tmp_path: Path) -> None:
    """Ten rows, of which the last two are tried: a is new to p2 (second by popularity), c to p3 (not ranked first)."""
    rows = [
        ("p1", "a"), ("p1", "b"), ("p2", "b"), ("p3", "b"), ("p3", "a"), ("p1", "c"), ("p4", "d"), ("p4", "a"),
        ("p2", "a"), ("p3", "d"),
    ]  # fmt: skip
    path = write(tmp_path / "rows.csv", [(*row, "", 1, "") for row in rows])
    found = recommend.report(path, Asked(user="who", item="what"))
    # Popularity: a 3, b 3, c 1, d 1. p2 has b, so a comes first; p3 has a and b, so c comes first and d second.
    p2 = ndcg_score([[1, 0, 0, 0]], [[3, -9, 1.0, 0.9]], k=10)
    p3 = ndcg_score([[0, 0, 0, 1]], [[-9, -9, 1.0, 0.9]], k=10)
    popular = by_name(found)["popularity"]
    assert (found.learnt_from, found.tried, found.people_tried) == (8, 2, 2)
    assert popular.ndcg == pytest.approx((p2 + p3) / 2)
    assert popular.ndcg == pytest.approx((1 + 1 / np.log2(3)) / 2)
    assert popular.map == pytest.approx((1 + 1 / 2) / 2)
    assert popular.precision == pytest.approx(0.1)
    # Co-occurrence for p3: c was taken by p1 with both of theirs (1/3 each), d by p4 with a alone (1/3).
    assert by_name(found)["co-occurrence"].map == pytest.approx((1 + 1 / 2) / 2)
    assert "ALS" in found.left_out


def test_newcomers_and_new_items_are_counted_and_not_tried(tmp_path: Path) -> None:
    rows = [("p1", "a"), ("p2", "a"), ("p2", "b"), ("p1", "c")] * 4
    later = [("p1", "b"), ("new", "a"), ("p1", "never"), ("p2", "a")]
    path = write(tmp_path / "rows.csv", [(*row, "", 1, "") for row in rows + later])
    found = recommend.report(path, Asked(user="who", item="what"))
    assert (found.newcomers, found.unreachable, found.people_tried) == (1, 1, 1)


def test_nothing_of_the_later_part_is_learnt(tmp_path: Path) -> None:
    early = [row for row in tastes() if row[4] < "2026-03-01"]
    late = [row for row in tastes() if row[4] >= "2026-03-01"]
    late = late[: len(early) // 4]
    asked = Asked(user="who", item="what", text="about")
    one = recommend.report(write(tmp_path / "one.csv", early + late), asked)
    # Other people who take other things later change neither what is learnt nor what others get.
    others = [(f"x{n}", "i0", "taste zzz", 9, row[4]) for n, row in enumerate(late)]
    two = recommend.report(write(tmp_path / "two.csv", early + late[:-1] + others[-1:]), asked)
    assert one.learnt_from == two.learnt_from
    assert two.newcomers == 1
    assert abs(one.ways[0].ndcg - two.ways[0].ndcg) < 0.02


WRONG: list[tuple[list[Line], dict[str, Any], str]] = [
    (tastes(), {"user": "whom"}, "did you mean 'who'"),
    (tastes(), {"value": "about"}, "numbers are needed"),
    (tastes(), {"time": "about"}, "no date"),
    ([("p", "i", "", 0, "2026-01-01")] * 5, {"value": "pieces"}, "above 0"),
    ([("p", "i", "", 1, "2026-01-01")] * 50, {"time": "day"}, "of one time"),
    ([("p", "i", "", 1, "2026-01-01")], {}, "too few"),
    ([("p", f"i{n}", "", 1, "") for n in range(10)], {}, "nobody of the earlier part"),
]


@pytest.mark.parametrize(("rows", "columns", "what"), WRONG)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, rows: list[Line], columns: dict[str, Any], what: str
) -> None:
    path = write(tmp_path / "rows.csv", rows)
    with pytest.raises(InvalidError, match=what):
        recommend.report(path, Asked(**({"user": "who", "item": "what"} | columns)))


def test_the_command_prints_tables_json_and_a_chart(tmp_path: Path) -> None:
    path, chart = write(tmp_path / "rows.csv", tastes()), tmp_path / "out.svg"
    given = ["analyze", "recommend", str(path), "--user", "who", "--item", "what", "--time", "day"]
    shown = CliRunner().invoke(app, [*given, "--chart", str(chart)])
    assert shown.exit_code == 0, shown.output
    assert "co-occurrence" in shown.stdout
    assert "Not tried: TF-IDF" in shown.stdout
    assert "nDCG@10" in chart.read_text(encoding="utf-8")
    found = json.loads(CliRunner().invoke(app, [*given, "--text", "about", "--json"]).stdout)
    assert {way["name"] for way in found["ways"]} == {
        "popularity",
        "co-occurrence",
        "TF-IDF",
        "ALS",
    }


def test_a_wrong_file_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = (str(tmp_path / "no.csv"), "--user", "a", "--item", "b")
    ended = run(monkeypatch, capsys, "recommend", *missing)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "there is no such file" in ended.err
