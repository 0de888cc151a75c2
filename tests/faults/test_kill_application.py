"""kill -9 at random moments under load: what was acknowledged is there once and answered once, in order."""

import os
from pathlib import Path

import pytest

from app import migrate
from tests.faults import kills

KILLS = int(os.environ.get("FRONTDESK_KILLS", "25"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an empty, migrated database."""
    migrate.upgrade(f"sqlite:///{tmp_path}/desk.sqlite")
    return tmp_path


@pytest.mark.timeout(120 + 10 * KILLS)
async def test_nothing_acknowledged_is_lost_or_done_twice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await kills.run(folder, kills=KILLS)
    with capsys.disabled():
        print(f"\n  kill -9 under load: {report}")
    assert report.in_turn * 4 >= report.kills, "too few kills struck a turn to prove anything"
    assert report.repeated > 0
    assert report.verdict.kept, report.verdict
    assert report.exit_code == 0
    assert report.run_twice == report.stream_gaps == report.strangers == 0
