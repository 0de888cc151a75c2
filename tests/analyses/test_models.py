"""``frontdesk analyze respond | value | profile``: right figures, charts, and loud words about what knows too much."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from tests.analyses.running import run

ROWS = 900


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of people who were written to: visits and the city decide, noise does not."""
    chance = np.random.default_rng(7)
    visits, age = chance.poisson(3, ROWS), chance.integers(18, 80, ROWS).astype(float)
    age[chance.random(ROWS) < 0.1] = np.nan
    city = np.array(["Ulm", "Bonn", "Hof"])[chance.integers(0, 3, ROWS)]
    odds = 0.9 * (visits - 3) + 1.5 * (city == "Bonn") - 1
    answered = chance.random(ROWS) < 1 / (1 + np.exp(-odds))
    minutes = np.where(answered, chance.gamma(2, 30, ROWS), np.nan)
    spent = 20 * visits + 30 * (city == "Bonn") + chance.normal(0, 5, ROWS)
    days = np.datetime64("2026-01-01") + np.sort(chance.integers(0, 200, ROWS))
    table = pa.table(
        {
            "person_id": np.arange(ROWS),
            "sent_at": days,
            "paid_at": days + np.where(answered, 3, 0),
            "visits": visits,
            "age": pa.array(age, from_pandas=True),
            "city": city,
            "noise": chance.normal(size=ROWS),
            "same": np.ones(ROWS, int),
            "minutes_to_answer": pa.array(minutes, from_pandas=True),
            "answered": np.where(answered, "yes", "no"),
            "spent": spent.round(2),
            "spent_cents": (spent * 100).round(),
        }
    )
    path = tmp_path_factory.mktemp("mailing") / "mailing.csv"
    csv.write_csv(table, path)
    parquet.write_table(table, path.with_suffix(".parquet"))
    return path


def test_respond(
    mailing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("respond", str(mailing), "--target", "answered", "--time", "sent_at", "--json")
    words += ("--features", "visits,age,city,noise,same,person_id,minutes_to_answer,paid_at")
    ran = run(monkeypatch, capsys, *words)
    assert ran.code == 0
    found: dict[str, Any] = json.loads(ran.out)
    assert (found["positive"], found["rows"], found["by_time"]) == ("true", ROWS, True)
    assert {trial["name"] for trial in found["trials"]} == {
        "logistic regression",
        "decision tree",
        "random forest",
    }
    best = max(found["trials"], key=lambda trial: trial["by_time"])
    assert found["model"] == best["name"]
    assert all(0.5 < trial["by_chance"] < 1 for trial in found["trials"])
    good = found["quality"]
    assert good["auc"] > 0.75
    assert good["brier"] < good["brier_of_rate"]
    assert good["calibration_error"] < 0.15
    assert good["lift"][0]["lift"] > 1.5
    # What knows too much is said, and left out.
    assert [one["feature"] for one in found["leaks"]] == ["minutes_to_answer", "paid_at"]
    assert "WARNING: minutes_to_answer" in ran.err
    assert "WARNING: paid_at" in ran.err
    assert "after the time" in ran.err
    reasons = {one["feature"]: one["reason"] for one in found["left_out"]}
    assert set(reasons) == {"person_id", "same", "minutes_to_answer", "paid_at"}
    assert found["missing"]["age"] > 50
    # What decides is found, and what does not is not.
    loss = {one["feature"]: one["loss"] for one in found["importance"]}
    assert loss["visits"] > 0.1 > 0.03 > loss["noise"]
    assert any("city is Bonn" in rule["rule"] for rule in found["rules"])
    assert sum(rule["rows"] for rule in found["rules"]) == ROWS
    assert found["rules"][0]["rate"] > found["rules"][-1]["rate"]
    odds = {one["name"]: one for one in found["odds"]}
    assert odds["noise"]["low"] < 1 < odds["noise"]["high"]


def test_respond_in_words(
    mailing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("respond", str(mailing.with_suffix(".parquet")), "--target", "answered")
    words += ("--features", "visits,minutes_to_answer", "--keep", "minutes_to_answer")
    chart = mailing.parent / "respond.svg"
    ran = run(monkeypatch, capsys, *words, "--positive", "no", "--chart", str(chart))
    assert ran.code == 0
    assert "answered = no" in ran.out
    assert "used all the same" in ran.err
    assert "separates the two" in ran.out
    assert "name a --time" in ran.out
    drawn = chart.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert all(word in drawn for word in ("Lift", "Calibration", "minutes_to_answer"))


def test_value(
    mailing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("value", str(mailing), "--target", "spent", "--time", "sent_at")
    ran = run(monkeypatch, capsys, *words, "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["model"] == "linear regression", "it was made so"
    assert found["errors"]["mean_absolute"] == pytest.approx(5 * 0.8, rel=0.25)
    assert found["errors"]["root_mean_square"] == pytest.approx(5, rel=0.25)
    assert found["of_mean"]["root_mean_square"] > 30
    assert [leak["feature"] for leak in found["leaks"]] == ["spent_cents", "paid_at"]
    assert "WARNING: spent_cents" in ran.err
    assert found["importance"][0]["feature"] == "visits"
    chart = mailing.parent / "value.html"
    ran = run(monkeypatch, capsys, *words, "--features", "visits,city", "--chart", str(chart))
    assert ran.code == 0
    assert "the mean for all" in ran.out
    page = chart.read_text(encoding="utf-8")
    assert "Predicted and actual" in page
    assert 'src="http' not in page, "the page needs no network"


def test_profile(
    mailing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = mailing.parent / "profile.png"
    ran = run(monkeypatch, capsys, "profile", str(mailing), "--json", "--chart", str(chart))
    assert ran.code == 0
    assert chart.read_bytes().startswith(b"\x89PNG")
    found = json.loads(ran.out)
    by_name = {one["name"]: one for one in found["columns"]}
    assert found["rows"] == ROWS
    rows = parquet.read_table(mailing.with_suffix(".parquet"))
    spent = rows["spent"].to_numpy()
    told = by_name["spent"]["figures"]
    assert told["mean"] == pytest.approx(spent.mean())
    assert told["q50"] == pytest.approx(np.median(spent))
    counts, edges = np.histogram(spent, 20)
    assert [one["rows"] for one in by_name["spent"]["counts"]] == counts.tolist()
    assert by_name["spent"]["counts"][3]["low"] == pytest.approx(edges[3])
    assert by_name["age"]["missing"] == rows["age"].null_count
    assert by_name["city"]["kind"] == "words"
    assert sum(one["share"] for one in by_name["city"]["counts"]) == pytest.approx(1)
    assert by_name["sent_at"]["figures"]["first"] == "2026-01-01 00:00:00"
    assert sum(one["rows"] for one in by_name["sent_at"]["counts"]) == ROWS
    assert by_name["same"]["different"] == 1
    ran = run(monkeypatch, capsys, "profile", str(mailing), "--features", "city,age")
    assert ran.code == 0
    assert "2 columns" in ran.out
