"""``frontdesk analyze ab``: right figures on a file, and one line that says what to change."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from analytics.experiments import compare, samples, sequence
from tests.analyses.running import Ran, run

NAMED = ("--variant", "variant", "--outcome", "bought")


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    """Return a test of three variants of which the last is better."""
    chance = np.random.default_rng(4)
    arm, taste = chance.integers(0, 3, 3_600), chance.gamma(2, 20, 3_600)
    return {
        "variant": np.array(["control", "short", "picture"])[arm],
        "bought": (chance.random(3_600) < np.array([0.2, 0.2, 0.3])[arm]).astype(int),
        "spent": np.round(0.8 * taste + chance.normal(0, 10, 3_600) + 8 * (arm == 2), 2),
        "before": np.round(taste, 2),
        "opted_out": (chance.random(3_600) < np.array([0.01, 0.08, 0.01])[arm]).astype(int),
        "day": np.array([f"2026-03-{1 + n // 150:02d}T{n % 24:02d}:00" for n in range(3_600)]),
    }


@pytest.fixture(scope="module")
def file(columns: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the test as a file."""
    return written(tmp_path_factory.mktemp("ab") / "test.csv", columns)


def written(path: Path, columns: dict[str, Any]) -> Path:
    """Write columns as a file."""
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(str(value) for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def analyze(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what runs ``frontdesk analyze ab``; with ``--json`` it returns the document."""

    def told(*words: str) -> Any:
        ran = run(monkeypatch, capsys, "ab", *words)
        if "--json" in words:
            assert ran.code == 0, ran.err
            return json.loads(ran.out)
        return ran

    return told


def test_figures(file: Path, columns: dict[str, np.ndarray], analyze: Any) -> None:
    found = analyze(str(file), *NAMED, "--json")
    (metric,) = found["metrics"]
    hits = {name: columns["bought"][columns["variant"] == name] for name in ("control", "picture")}
    lift = next(one for one in metric["lifts"] if one["variant"] == "picture")
    sizes = [len(values) for values in hits.values()]
    _, p = proportions_ztest([values.sum() for values in hits.values()], sizes)
    assert lift["p"] == pytest.approx(p)
    arms = [samples.measured(values, binary=True) for values in hits.values()]
    effect = compare.difference(*arms)
    low, high = sequence.interval(effect.estimate, effect.error, sum(sizes), alpha=0.025)
    added = lift["added"]
    assert (added["always_low"], added["always_high"]) == pytest.approx((low, high))
    assert added["always_low"] < added["low"] < added["estimate"] < added["high"]
    first = metric["arms"][0]
    assert first["name"] == found["control"] == "control"
    ends = proportion_confint(hits["control"].sum(), sizes[0], method="wilson")
    assert (first["low"], first["high"]) == pytest.approx(ends)
    assert found["decision"]["verdict"] == "winner"
    assert found["decision"]["choice"] == "picture"
    assert found["ratio_p"] > 0.001


def test_words(file: Path, analyze: Any) -> None:
    ran: Ran = analyze(str(file), *NAMED, "--time", "day", "--planned", "6000")
    assert ran.code == 0
    assert "picture is better than control: send it to the rest." in ran.out
    assert "It could be told on 2026-03-" in ran.out
    assert "as it should be" in ran.out
    ran = analyze(str(file), *NAMED, "--control", "short", "--guard", "opted_out=0.001")
    assert "picture is better than short" in ran.out


def test_a_guardrail_stops_a_variant(file: Path, analyze: Any) -> None:
    ran: Ran = analyze(str(file), *NAMED, "--guard", "opted_out=0.01")
    assert "harmed" in ran.out
    assert "A guardrail has stopped short" in ran.err


def test_nothing_that_varies_is_no_mistake(tmp_path: Path, analyze: Any) -> None:
    rows = {"variant": ["a", "b"] * 50, "bought": [0, 1] * 50, "complained": [0] * 100}
    path = written(tmp_path / "clear.csv", rows)
    ran: Ran = analyze(str(path), *NAMED, "--guard", "complained")
    assert ran.code == 0, ran.err
    assert "nothing yet" in ran.out
    found = analyze(str(path), *NAMED, "--guard", "complained=0.01", "--json")
    assert found["guardrails"][0]["health"] == "open"
    assert found["guardrails"][0]["low"] is None
    assert found["metrics"][0]["lifts"][0]["added"]["always_low"] is None


def test_a_broken_split_is_not_read(file: Path, analyze: Any) -> None:
    ran: Ran = analyze(str(file), *NAMED, "--shares", "control=2,short=1,picture=1")
    assert "BROKEN" in ran.out
    assert "The split is broken" in ran.out
    assert "send it to the rest" not in ran.out


def test_earlier_behaviour_narrows_intervals(file: Path, analyze: Any) -> None:
    words = (str(file), "--variant", "variant", "--outcome", "spent,bought", "--json")
    plain, better = analyze(*words), analyze(*words, "--before", "before")
    spans = [found["metrics"][0]["lifts"][1]["added"] for found in (plain, better)]
    widths = [span["high"] - span["low"] for span in spans]
    assert widths[1] < 0.75 * widths[0]
    assert better["metrics"][0]["reduction"] > 0.5
    assert plain["metrics"][0]["reduction"] is None
    # Two outcomes of two variants are four questions: Holm.
    p = sorted(lift["always_p"] for metric in plain["metrics"] for lift in metric["lifts"])
    adjusted = sorted(
        lift["always_p_adjusted"] for metric in plain["metrics"] for lift in metric["lifts"]
    )
    assert adjusted[0] == pytest.approx(4 * p[0])
    assert adjusted[1] == pytest.approx(3 * p[1])


def test_looks_over_time(file: Path, analyze: Any) -> None:
    found = analyze(str(file), *NAMED, "--time", "day", "--json")
    looks = [one for one in found["looks"] if one["variant"] == "picture"]
    lift = next(one for one in found["metrics"][0]["lifts"] if one["variant"] == "picture")
    assert len(looks) > 20
    assert [one["at"] for one in looks] == sorted(one["at"] for one in looks)
    # The last look is the whole file.
    assert looks[-1]["low"] == pytest.approx(lift["added"]["always_low"])
    first = found["first_proved"]
    assert first["variant"] == "picture"
    assert not first["low"] <= 0 <= first["high"]
    before = [one for one in found["looks"] if one["at"] < first["at"] and one["low"] is not None]
    assert before
    assert all(one["low"] <= 0 <= one["high"] for one in before)


def test_amounts_over_time_end_as_the_whole(file: Path, analyze: Any) -> None:
    words = ("--variant", "variant", "--outcome", "spent", "--before", "before", "--time", "day")
    found = analyze(str(file), *words, "--json")
    for lift in found["metrics"][0]["lifts"]:
        last = [one for one in found["looks"] if one["variant"] == lift["variant"]][-1]
        assert last["high"] == pytest.approx(lift["added"]["always_high"])


def test_users_with_several_rows(tmp_path: Path, analyze: Any) -> None:
    chance = np.random.default_rng(1)
    users = chance.integers(0, 400, 3_000)
    rows = {
        "who": [f"u{user}" for user in users],
        "variant": ["new" if user % 2 else "control" for user in users],
        "bought": (chance.random(3_000) < 0.1).astype(int),
        "spent": chance.integers(0, 9, 3_000),
    }
    rows["variant"][int(np.flatnonzero(users == 7)[0])] = "control"
    path = written(tmp_path / "rows.csv", rows)
    found = analyze(
        str(path), "--variant", "variant", "--outcome", "bought,spent", "--user", "who", "--json"
    )
    assert found["of_two_arms"] == 1
    bought, spent = found["metrics"]
    assert sum(arm["contacts"] for arm in bought["arms"]) == len(set(users.tolist())) - 1
    ever = {user for user, hit in zip(users, rows["bought"], strict=True) if hit and not user % 2}
    control = bought["arms"][0]
    assert control["mean"] * control["contacts"] == pytest.approx(len(ever))
    total = rows["spent"][users % 2 == 0].sum()
    assert spent["arms"][0]["mean"] * spent["arms"][0]["contacts"] == pytest.approx(total)


def test_missing_values(tmp_path: Path, columns: dict[str, np.ndarray], analyze: Any) -> None:
    holed = {name: columns[name].astype(object) for name in ("variant", "bought")}
    holed["bought"][::10] = ""
    holed["variant"][5::100] = ""
    path = written(tmp_path / "holes.csv", holed)
    found = analyze(str(path), *NAMED, "--json")
    assert found["without_arm"] == 36
    assert found["metrics"][0]["left_out"] == 360
    ran: Ran = analyze(str(path), *NAMED)
    assert "360 rows without it are left out" in ran.out


def test_planned_size_reached(tmp_path: Path, analyze: Any) -> None:
    rows = {"variant": ["a", "b"] * 2_000, "bought": [0, 0, 0, 0, 0, 0, 0, 0, 1, 1] * 400}
    path = written(tmp_path / "same.csv", rows)
    assert "go on until 9,000 contacts" in analyze(str(path), *NAMED, "--planned", "9000").out
    ran: Ran = analyze(str(path), *NAMED, "--planned", "4000")
    assert "No difference is proved at the planned size: keep a" in ran.out
    assert "four times in five" in ran.out


@pytest.mark.parametrize("ending", [".svg", ".png", ".html"])
def test_charts(file: Path, tmp_path: Path, analyze: Any, ending: str) -> None:
    chart = tmp_path / f"chart{ending}"
    words = ("--variant", "variant", "--outcome", "bought,spent", "--time", "day")
    ran: Ran = analyze(str(file), *words, "--chart", str(chart))
    assert ran.code == 0, ran.err
    assert len(chart.read_bytes()) > 5_000
    if ending == ".svg":
        drawn = chart.read_text(encoding="utf-8")
        assert "picture" in drawn
        assert "over time" in drawn


GOOD = "who,variant,bought,word,day,same,none\n" + "".join(
    f"u{n},{'ab'[n % 2]},{n % 3 % 2},{'xyz'[n % 3]},2026-01-{1 + n % 28:02d},1,\n"
    for n in range(80)
)
ONE_ARM = GOOD.replace(",b,", ",a,")
BAD = [
    ("", NAMED, "the file is empty"),
    ("variant,bought\n", NAMED, "columns, but no rows"),
    (GOOD, ("--variant", "varant", "--outcome", "bought"), "did you mean 'variant'"),
    (GOOD, ("--variant", "variant", "--outcome", "bougt"), "did you mean 'bought'"),
    (GOOD, ("--variant", "variant", "--outcome", " , "), "name at least one column"),
    (GOOD, ("--variant", "variant", "--outcome", "word"), "numbers are needed"),
    (GOOD, ("--variant", "variant", "--outcome", "same"), "same in every row"),
    (GOOD, ("--variant", "variant", "--outcome", "variant"), "named twice"),
    (GOOD, ("--variant", "variant", "--outcome", "bought,bought"), "named twice"),
    (GOOD, ("--variant", "who", "--outcome", "bought"), "more than 20 different values"),
    (GOOD, ("--variant", "word", "--outcome", "bought"), "say which of x, y, z"),
    (GOOD, ("--variant", "none", "--outcome", "bought"), "no variant in any row"),
    (ONE_ARM, NAMED, "one variant only (a)"),
    (GOOD, (*NAMED, "--control", "c"), "is none of: a, b"),
    (GOOD, (*NAMED, "--before", "word"), "numbers are needed"),
    (GOOD, (*NAMED, "--time", "word"), "no date: "),
    (GOOD, (*NAMED, "--user", "whom"), "did you mean 'who'"),
    (GOOD, (*NAMED, "--planned", "3"), "at least 20 contacts"),
    (GOOD, (*NAMED, "--alpha", "2"), "must lie between 0 and 1"),
    (GOOD, (*NAMED, "--guard", "same=x"), "name=number"),
    (GOOD, (*NAMED, "--guard", "bought=-1"), "named twice"),
    (GOOD, (*NAMED, "--guard", "sam"), "did you mean 'same'"),
    (GOOD, (*NAMED, "--shares", "a=1"), "give 'b' a share"),
    (GOOD, (*NAMED, "--shares", "a=1,c=1"), "'c' is none of: a, b"),
    (GOOD, (*NAMED, "--shares", "a"), "name=number"),
    (GOOD, (*NAMED, "--chart", "out.gif"), ".svg, .png, .html"),
    ("variant,bought\n" + "a,1\nb,0\n" * 5, NAMED, "at least 10 of each variant"),
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
