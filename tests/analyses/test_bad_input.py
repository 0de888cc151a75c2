"""What is wrong with a file or an option is one line that says what to change, and exit code 2."""

from pathlib import Path

import pytest

from tests.analyses.running import run

GOOD = "who,day,paid,kind,answered,none,same\n" + "".join(
    f"c{n},2026-01-{1 + n % 28:02d},{n % 7}.5,{'abc'[n % 3]},{n % 2},,1\n" for n in range(60)
)
ONE_CLASS = GOOD.replace(",0,,1\n", ",1,,1\n")
RARE = "x,y\n" + "".join(f"{n % 5},{int(n < 4)}\n" for n in range(60))
RESPOND = ("respond", "--target", "answered")
VALUE = ("value", "--target", "paid")
RFM = ("rfm", "--customer", "who", "--date", "day", "--amount", "paid")
CLV = ("clv", *RFM[1:])
CLUSTERS = ("clusters", "--features")

CASES = [
    # Files.
    ("", ("profile",), "the file is empty"),
    ("", RESPOND, "the file is empty"),
    ("who,day\n", ("profile",), "columns, but no rows"),
    ("who,answered\n", RESPOND, "columns, but no rows"),
    ("who,paid\n", VALUE, "columns, but no rows"),
    ("who,day,paid\n", CLV, "columns, but no rows"),
    ("who,paid\n", (*CLUSTERS, "paid"), "columns, but no rows"),
    # Names.
    (GOOD, ("respond", "--target", "answerd"), "did you mean 'answered'"),
    (GOOD, ("value", "--target", "sum"), "there are: who, day, paid"),
    (GOOD, (*RESPOND, "--time", "dya"), "did you mean 'day'"),
    (GOOD, (*RESPOND, "--features", "paid,knd"), "did you mean 'kind'"),
    (GOOD, (*RESPOND, "--features", "paid,answered"), "is the target"),
    (GOOD, (*RESPOND, "--time", "answered"), "the same column"),
    (GOOD, (*RESPOND, "--keep", "pad"), "did you mean 'paid'"),
    (GOOD, ("profile", "--features", "paidd"), "did you mean 'paid'"),
    (GOOD, (*CLUSTERS, "paidd"), "did you mean 'paid'"),
    (GOOD, (*CLUSTERS, " , "), "name at least one column"),
    ("answered\n" + "1\n0\n" * 20, RESPOND, "no column beside the target"),
    # Targets.
    (GOOD, ("respond", "--target", "kind"), "3 values (a, b, c): two are needed"),
    (GOOD, ("respond", "--target", "paid"), "frontdesk analyze value"),
    (ONE_CLASS, RESPOND, "one value only (1)"),
    (GOOD, ("respond", "--target", "none"), "no value in any row"),
    (GOOD, (*RESPOND, "--positive", "7"), "is none of: 0, 1"),
    (RARE, ("respond", "--target", "y"), "at least 10 of each are needed"),
    (GOOD, ("value", "--target", "kind"), "numbers are needed"),
    (GOOD, ("value", "--target", "same"), "same in every row"),
    (GOOD, ("value", "--target", "none"), "numbers are needed"),
    ("x,paid\n1,2\n2,3\n", VALUE, "at least 20 are needed"),
    # Features.
    (GOOD, (*RESPOND, "--features", "same"), "(same: it is the same in every row)"),
    (GOOD, (*RESPOND, "--features", "same,none,who"), "no feature is left"),
    (GOOD, (*VALUE, "--features", "none"), "no feature is left"),
    (GOOD, (*CLUSTERS, "same"), "same for everybody"),
    (GOOD, (*CLUSTERS, "paid,none"), "'none' has no value in any row: leave it out"),
    (GOOD, (*CLUSTERS, "paid", "--k", "9"), "choose 2 to 7"),
    # Times.
    (GOOD, (*RESPOND, "--time", "who"), "no date: 'c0'"),
    (GOOD, (*RESPOND, "--time", "same"), "no date: '1'"),
    (GOOD, (*RESPOND, "--time", "paid"), "dates are needed"),
    (GOOD, (*RESPOND, "--time", "none"), "has no date in any row"),
    ("a,answered,day\n" + "1,0,2026-01-01\n2,1,2026-01-01\n3,1,2026-01-01\n1,1,2026-01-01\n" * 20,
     (*RESPOND, "--time", "day"), "fewer than 3 different times"),
    # Charts.
    (GOOD, ("profile", "--chart", "out.gif"), ".svg, .png, .html"),
    (GOOD, (*RFM, "--chart", "nowhere/out.svg"), "no folder nowhere"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words", "told"), CASES)
def test_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    words: tuple[str, ...],
    told: str,
) -> None:
    path = tmp_path / "data.csv"
    path.write_text(content, encoding="utf-8")
    ran = run(monkeypatch, capsys, words[0], str(path), *words[1:])
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [("profile",), RESPOND, VALUE, RFM, CLV, (*CLUSTERS, "paid")])
def test_other_text_than_utf8(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(GOOD.replace("c1,", "Müller,").encode("latin-1"))
    ran = run(monkeypatch, capsys, words[0], str(path), *words[1:])
    assert ran.code == 2
    assert "save it as UTF-8" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [RFM, CLV, (*CLUSTERS, "paid,kind")])
@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_charts_of_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    ending: str,
) -> None:
    path, chart = tmp_path / "data.csv", tmp_path / f"chart{ending}"
    lines = [
        f"c{n % 20},2026-{1 + n % 9:02d}-{1 + n % 28:02d},{n % 7 + 1}.5,{'abc'[n % 3]}"
        for n in range(200)
    ]
    path.write_text("\n".join(["who,day,paid,kind", *lines]), encoding="utf-8")
    ran = run(monkeypatch, capsys, words[0], str(path), *words[1:], "--chart", str(chart))
    assert ran.code == 0, ran.err
    assert str(chart) in ran.err
    drawn = chart.read_text(encoding="utf-8")
    assert "ustomers" in drawn
    assert len(drawn) > 3_000


def test_help_lists_all_with_an_example_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = run(monkeypatch, capsys, "--help")
    for name in ("profile", "rfm", "clv", "clusters", "respond", "value"):
        assert f"frontdesk analyze {name} " in ran.out
