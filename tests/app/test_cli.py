"""Wrong usage is one line on standard error and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.running import clean_environment


def frontdesk(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in an empty folder."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=folder,
        env=clean_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("frob",), "frob"),
        (("up", "--nope"), "--nope"),
        (("up", "--port", "99999"), "FRONTDESK_PORT"),
        (("web", "--database-url", "mysql://x"), "FRONTDESK_DATABASE_URL"),
        (("worker",), "FRONTDESK_SECRET_KEY"),
        (("tickets", "show"), "NUMBER"),
        (("tickets", "show", "T-000001"), "migrate"),
        (("inbox", "list", "--limit", "0"), "--limit"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = frontdesk(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("frontdesk: ")
    assert says in line


def test_help_has_examples(tmp_path: Path) -> None:
    for command in ("up", "web", "worker", "clock", "actions", "rasa", "train", "migrate"):
        done = frontdesk(tmp_path, command, "--help")
        assert (done.returncode, "Example: " in done.stdout) == (0, True), command
