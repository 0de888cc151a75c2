"""kill -9 while an agent takes over, replies, returns and resolves in Slack: it is done once, and all agree on it."""

import os
from pathlib import Path

import pytest

from app import migrate
from tests.faults import desk_kills

STORIES = int(os.environ.get("FRONTDESK_DESK_KILLS", "4"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an empty, migrated database."""
    migrate.upgrade(f"sqlite:///{tmp_path}/desk.sqlite")
    return tmp_path


@pytest.mark.timeout(120 + 60 * STORIES)
async def test_what_agents_do_is_done_once_though_the_process_dies(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await desk_kills.run(folder, stories=STORIES)
    with capsys.disabled():
        print(f"\n  kill -9 at the desk: {report}")
    assert report.wrong == []
    assert report.exit_code == 0
    assert set(report.kills) == set(desk_kills.STEPS)
    assert report.struck.total() * 3 >= report.kills.total(), "too few kills came in time"
