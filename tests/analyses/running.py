"""``frontdesk analyze ...`` as a person would run it, in this process."""

from dataclasses import dataclass

import pytest

from app import cli


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    """Run ``frontdesk analyze`` with some words."""
    monkeypatch.setattr("sys.argv", ["frontdesk", "analyze", *words])
    # It would tie the log to this test's output, which is closed when the next one writes.
    monkeypatch.setattr("app.cli.logs.configure", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return Ran(code, said.out, said.err)
