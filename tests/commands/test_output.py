"""What reaches the terminal."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.commands import output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 你好\u3000全角", "plain 你好\u3000全角"),
        ("a\u00a0b", "a\u00a0b"),
        ("\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202eevil", "\ufffdevil"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_words_are_shown_and_steer_nothing(text: str, shown: str) -> None:
    assert output.visible(text).plain == shown


def test_cells() -> None:
    at = datetime(2026, 3, 2, 20, 30, tzinfo=timezone(timedelta(hours=8)))
    assert output.cell(at).plain == "2026-03-02 12:30 UTC"
    assert [output.cell(value).plain for value in (None, "", 0, "x")] == ["-", "-", "0", "x"]


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({1: (datetime(2026, 3, 2, tzinfo=UTC), "你好", None)})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"1": ["2026-03-02T00:00:00+00:00", "你好", None]}
    assert "你好" in printed


def test_shortened() -> None:
    assert output.shortened("a\n b") == "a b"
    assert output.shortened("x" * 61) == "x" * 59 + "…"


def test_no_bar_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("Importing", 10) as tell:
        tell(10)
    assert capsys.readouterr() == ("", "")
