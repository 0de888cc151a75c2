"""Wrong usage is one line on standard error and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import logs
from app.cli import app, main
from tests.conftest import ROOT
from tests.running import clean_environment


def assert_refused(code: object, out: str, err: str, says: str) -> None:
    """One line that says what is wrong."""
    assert code == 2
    assert out == ""
    (line,) = err.strip().splitlines()
    assert line.startswith("frontdesk: ")
    assert says in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("up", "--nope"), "--nope"),
        (("up", "--port", "99999"), "FRONTDESK_PORT"),
        (("web", "--database-url", "mysql://x"), "FRONTDESK_DATABASE_URL"),
        (("tickets", "show"), "NUMBER"),
        (("tickets", "show", "T-000001"), "migrate"),
        (("inbox", "list", "--limit", "0"), "--limit"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path,
    arguments: tuple[str, ...],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["frontdesk", *arguments])
    monkeypatch.setattr(logs, "configure", lambda *_: None)  # it is this process's log
    with pytest.raises(SystemExit) as ended:
        main()
    assert_refused(ended.value.code, *capsys.readouterr(), says)


@pytest.mark.parametrize(
    ("arguments", "says"), [(("frob",), "frob"), (("worker",), "FRONTDESK_SECRET_KEY")]
)
def test_wrong_usage_of_a_real_process(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=tmp_path,
        env=clean_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert_refused(done.returncode, done.stdout, done.stderr, says)


def test_help_has_examples() -> None:
    for command in ("up", "web", "worker", "clock", "actions", "rasa", "train", "migrate"):
        done = CliRunner().invoke(app, [command, "--help"])
        assert (done.exit_code, "Example: " in done.stdout) == (0, True), command
