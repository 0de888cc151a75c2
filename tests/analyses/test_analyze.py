"""``frontdesk analyze``: right figures on a file, and one line that says what to change."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import cli


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of purchases: some customers come back, some do not."""
    chance, first = np.random.default_rng(3), date(2025, 1, 1)
    lines = ["who,day,paid"]
    for number in range(120):
        start, rate = int(chance.integers(0, 60)), chance.gamma(1.0, 0.05)
        day = float(start)
        while day < 360:
            paid = round(float(chance.gamma(4, 5)), 2)
            lines.append(f"c{number},{first + timedelta(days=int(day))},{paid}")
            if chance.random() < 0.15:
                break
            day += 1 + float(chance.exponential(1 / rate))
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["frontdesk", "analyze", *words])
    # It would tie the log to this test's output, which is closed when the next one writes.
    monkeypatch.setattr("app.cli.logs.configure", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, said.out, said.err


NAMED = ("--customer", "who", "--date", "day", "--amount", "paid")


def test_rfm(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = _run(monkeypatch, capsys, "rfm", str(orders), *NAMED, "--json")
    found: dict[str, Any] = json.loads(out)
    assert code == 0
    assert found["customers"] == len(found["scored"]) == 120
    assert sum(group["customers"] for group in found["groups"]) == 120
    money = sum(float(line.split(",")[2]) for line in orders.read_text().splitlines()[1:])
    assert found["money"] == pytest.approx(money)
    code, out, _ = _run(monkeypatch, capsys, "rfm", str(orders), *NAMED)
    assert code == 0
    assert "120 customers" in out


def test_clv(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--calibrate-until", "2025-08-31", "--horizon", "12")
    code, out, _ = _run(monkeypatch, capsys, "clv", str(orders), *NAMED, *words, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["customers"] == 120
    assert found["expected"]["low"] < found["expected"]["value"] < found["expected"]["high"]
    assert found["tried"]["actual"] > 0
    assert found["tried"]["correlation"] > 0.3
    values = [row["value"] for row in found["rows"]]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(found["money"])
    code, out, _ = _run(monkeypatch, capsys, "clv", str(orders), *NAMED, "--top", "3")
    assert code == 0
    assert "The 3 most valuable" in out


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        ("who,day,paid\n", (), "no rows"),
        ("", (), "empty"),
        ("who,day,paid\na,2026-01-01,1\n", ("--customer", "whoo"), "did you mean 'who'"),
        ("who,day,paid\na,never,1\n", (), "no date: 'never'"),
        ("who,day,paid\na,2026-01-01,lots\n", (), "numbers are needed"),
        ("who,day,paid\na,2026-01-01,1\n", ("--as-of", "2020-01-01"), "no purchase"),
        ("who,day,paid\na,2026-01-01,1\n", ("--as-of", "soon"), "--as-of"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    words: tuple[str, ...],
    told: str,
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content, encoding="utf-8")
    code, out, err = _run(monkeypatch, capsys, "rfm", str(path), *NAMED, *words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.strip().splitlines()) == 1


def test_nothing_to_learn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("who,day,paid\na,2026-01-01,1\nb,2026-01-02,1\n", encoding="utf-8")
    code, _, err = _run(monkeypatch, capsys, "clv", str(path), *NAMED)
    assert code == 2
    assert "second time" in err
    code, _, err = _run(monkeypatch, capsys, "clv", str(path), *NAMED, "--unit", "eon")
    assert code == 2
    assert "day, week, month" in err
    code, _, err = _run(monkeypatch, capsys, "rfm", str(tmp_path / "no.csv"), *NAMED)
    assert code == 2
    assert "no such file" in err


def test_clusters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = np.random.default_rng(1)
    rows = [f"{n % 3},{(n % 3) * 10 + chance.normal():.3f},{'ab'[n % 2]}" for n in range(300)]
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(["kind,spent,city", *rows, "1,,a"]) + "\n", encoding="utf-8")
    words = ("clusters", str(path), "--features", "kind, spent", "--json")
    code, out, _ = _run(monkeypatch, capsys, *words)
    found = json.loads(out)
    assert code == 0
    assert (found["customers"], found["left_out"], len(found["groups"])) == (300, 1, 3)
    assert all(rule["purity"] > 0.99 for rule in found["rules"])
    code, out, _ = _run(monkeypatch, capsys, "clusters", str(path), "--features", "spent,city")
    assert code == 0
    assert "spent" in out
    code, _, err = _run(monkeypatch, capsys, *words[:3], "spendt")
    assert code == 2
    assert "did you mean 'spent'" in err
    code, _, err = _run(monkeypatch, capsys, *words[:4], "--k", "900")
    assert code == 2
    assert "choose 2 to" in err
