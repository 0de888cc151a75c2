"""``frontdesk analyze uplift``: it finds whom a treatment changes, and says what is wrong in one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.analyses.running import Ran, run

NAMED = ("--treatment", "mailed", "--outcome", "bought")


def written(path: Path, *, share: float = 0.5, told: bool = False) -> Path:
    """Write a mailing: ``visits`` answer by themselves, ``loyal`` ones because they are asked."""
    chance = np.random.default_rng(9)
    x = chance.normal(size=(5_000, 2))
    odds = 1 / (1 + np.exp(-2 * x[:, 1])) if told else np.full(5_000, share)
    w = chance.random(5_000) < odds
    alone = 1 / (1 + np.exp(1.5 - 1.2 * x[:, 0]))
    y = chance.random(5_000) < np.clip(alone + w * (0.05 + 0.1 * x[:, 1]), 0.001, 0.999)
    code = np.where(w, "X", "")
    lines = ["mailed,bought,visits,loyal,city,code,day"]
    lines += [
        f"{int(w[n])},{'yes' if y[n] else 'no'},{x[n, 0]:.3f},{x[n, 1]:.3f},{'RO'[n % 2]},{code[n]},"
        f"2026-0{1 + n // 1000}-{1 + n % 28:02d}"
        for n in range(5_000)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a mailing as a file."""
    return written(tmp_path_factory.mktemp("uplift") / "mailing.csv", share=0.4)


@pytest.fixture
def analyze(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what runs ``frontdesk analyze uplift``; with ``--json`` it returns the document."""

    def told(*words: str) -> Any:
        ran = run(monkeypatch, capsys, "uplift", *words)
        if "--json" in words:
            assert ran.code == 0, ran.err
            return json.loads(ran.out)
        return ran

    return told


def test_figures(file: Path, analyze: Any) -> None:
    words = (str(file), *NAMED, "--features", "visits,loyal,city", "--seeds", "2", "--json")
    found = analyze(*words)
    assert found["rows"] == 5_000
    assert found["share_treated"] == pytest.approx(0.4, abs=0.02)
    assert found["effect"] == pytest.approx(found["rate_treated"] - found["rate_untreated"])
    ways = {way["name"]: way for way in found["ways"]}
    assert list(ways) == ["two models", "transformed outcome", "response only", "at random"]
    assert found["trials"] == len(ways["two models"]["trials"]) == 4
    assert found["best"] in {"two models", "transformed outcome"}
    for name in ("two models", "transformed outcome"):
        assert ways[name]["beats_response"] == 1
        assert ways[name]["uplift"][0] > found["effect"] + 0.05
    assert abs(ways["at random"]["qini"]) < 0.03
    assert ways["two models"]["curve"][-1] == pytest.approx(1000 * found["effect"], abs=12)
    assert found["told_treatment"] == pytest.approx(0.5, abs=0.05)


def test_by_time(file: Path, analyze: Any) -> None:
    ran: Ran = analyze(str(file), *NAMED, "--features", "visits,loyal", "--time", "day")
    assert ran.code == 0, ran.err
    assert "on 4 later parts of the time" in ran.out
    assert "qini_auc_score" in ran.out
    told = [line for line in ran.out.splitlines() if "response-only targeting" in line.lower()]
    assert len(told) == 1


def test_words(file: Path, analyze: Any) -> None:
    words = (str(file), *NAMED, "--features", "visits,loyal", "--seeds", "1")
    ran: Ran = analyze(*words)
    assert "on 2 halves of the rows" in ran.out
    assert "beats response-only targeting and chance" in ran.out
    assert analyze(*words).out == ran.out


def test_help_lists_both(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = run(monkeypatch, capsys, "--help")
    assert "frontdesk analyze ab " in ran.out
    assert "frontdesk analyze uplift " in ran.out


def test_what_the_treatment_wrote_is_left_out(file: Path, analyze: Any) -> None:
    ran: Ran = analyze(str(file), *NAMED, "--seeds", "1")
    assert ran.code == 0
    assert "WARNING: code: alone it tells who was treated" in ran.err
    assert "Not used: code" in ran.out
    assert "Not used: day" in ran.out


def test_treatment_that_was_not_by_chance(tmp_path: Path, analyze: Any) -> None:
    path = written(tmp_path / "chosen.csv", told=True)
    ran: Ran = analyze(str(path), *NAMED, "--features", "visits,loyal", "--seeds", "1")
    assert ran.code == 0
    assert "the treatment was not by chance" in ran.err


def test_values_by_name(file: Path, analyze: Any) -> None:
    words = (str(file), *NAMED, "--features", "visits,loyal", "--seeds", "1", "--json")
    usual, turned = analyze(*words), analyze(*words, "--treated", "0", "--positive", "false")
    assert turned["effect"] == pytest.approx(usual["effect"])
    assert turned["share_treated"] == pytest.approx(1 - usual["share_treated"])
    assert (turned["treated"], turned["untreated"], turned["positive"]) == ("0", "1", "false")


@pytest.mark.parametrize("ending", [".svg", ".png", ".html"])
def test_charts(file: Path, tmp_path: Path, analyze: Any, ending: str) -> None:
    chart = tmp_path / f"chart{ending}"
    words = (*NAMED, "--features", "visits,loyal", "--seeds", "1", "--chart", str(chart))
    ran: Ran = analyze(str(file), *words)
    assert ran.code == 0, ran.err
    assert len(chart.read_bytes()) > 5_000
    if ending == ".svg":
        assert "Qini" in chart.read_text(encoding="utf-8")


GOOD = "id,mailed,bought,kind,day,visits\n" + "".join(
    f"{n},{n % 2},{n % 3 % 2},{'abc'[n % 3]},2026-01-{1 + n % 28:02d},{n % 7}\n"
    for n in range(200)
)
USED = (*NAMED, "--features", "visits")
BAD = [
    ("", USED, "the file is empty"),
    ("mailed,bought,visits\n", USED, "columns, but no rows"),
    (GOOD, ("--treatment", "maild", "--outcome", "bought"), "no column 'maild'"),
    (GOOD, ("--treatment", "mailed", "--outcome", "bougt"), "did you mean 'bought'"),
    (GOOD, (*NAMED, "--features", "visit"), "did you mean 'visits'"),
    (GOOD, (*NAMED, "--features", "mailed"), "is the treatment"),
    (GOOD, (*NAMED, "--features", "bought"), "is the target"),
    (GOOD, ("--treatment", "mailed", "--outcome", "mailed"), "the same column"),
    (GOOD, (*USED, "--time", "mailed"), "the same column"),
    (GOOD, (*USED, "--time", "kind"), "no date"),
    (GOOD, ("--treatment", "kind", "--outcome", "bought"), "3 values (a, b, c): two are needed"),
    (GOOD, ("--treatment", "mailed", "--outcome", "kind"), "two are needed"),
    (GOOD, (*USED, "--treated", "9"), "--treated: '9' is none of: 0, 1"),
    (GOOD, (*USED, "--positive", "9"), "--positive: '9' is none of: 0, 1"),
    (GOOD, (*USED, "--chart", "out.gif"), ".svg, .png, .html"),
    ("mailed,bought\n" + "1,0\n0,1\n1,1\n0,0\n" * 20, NAMED, "no column beside"),
    ("mailed,bought,x\n" + "1,0,1\n0,1,2\n1,1,3\n0,0,4\n" * 5, NAMED, "at least 10 of each kind"),
    ("mailed,bought,x\n" + "1,0,1\n1,1,3\n" * 40, NAMED, "one value only (1)"),
    ("mailed,bought,x\n" + "1,0,1\n0,0,3\n" * 40, NAMED, "one value only (0)"),
    ("mailed,bought,x\n" + "1,0,1\n0,1,1\n1,1,1\n0,0,1\n" * 20, NAMED, "no feature is left"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words", "told"), BAD)
def test_one_line(
    tmp_path: Path, analyze: Any, content: str, words: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "data.csv"
    path.write_text(content, encoding="utf-8")
    ran: Ran = analyze(str(path), *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1
