"""The child that keeps the analytics fresh: it gets our settings, and does not outlive us."""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.analytics_loop import AnalyticsLoop
from desk.settings import Settings


def _python(text: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-c", text, *map(str, arguments))


async def test_it_knows_our_settings(settings: Settings, tmp_path: Path) -> None:
    found = tmp_path / "found"
    tell = "import os, sys; open(sys.argv[1], 'w').write(os.environ['FRONTDESK_DATABASE_URL'])"
    assert await AnalyticsLoop(settings, command=_python(tell, found)).once()
    assert found.read_text() == settings.database_url


async def test_what_went_wrong_is_in_the_log(settings: Settings) -> None:
    fail = "import sys; print('x' * 1000 + ' the file is gone', file=sys.stderr); sys.exit(2)"
    with capture_logs() as logs:
        assert not await AnalyticsLoop(settings, command=_python(fail)).once()
    (said,) = logs
    assert (said["event"], said["code"]) == ("analytics_refresh_failed", 2)
    assert said["said"].endswith("the file is gone")
    assert len(said["said"]) == 500


async def test_it_comes_again(settings: Settings, tmp_path: Path) -> None:
    found = tmp_path / "found"
    add = _python("import sys; open(sys.argv[1], 'a').write('x')", found)
    loop = AnalyticsLoop(settings, command=add, first=timedelta(), every=timedelta())
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(30):
        while not found.exists() or len(found.read_text()) < 3:
            await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_child_ends_with_us(settings: Settings, tmp_path: Path) -> None:
    found = tmp_path / "found"
    stay = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    task = asyncio.create_task(AnalyticsLoop(settings, command=_python(stay, found)).once())
    async with asyncio.timeout(30):
        while not found.exists() or not found.read_text():
            await asyncio.sleep(0.05)
    child = int(found.read_text())
    os.kill(child, 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


async def test_the_child_ends_though_we_are_killed(settings: Settings, tmp_path: Path) -> None:
    found = tmp_path / "found"
    stay = f"""
import os, time
from pathlib import Path
from app.lifeline import follow
follow(os.environ)
Path({str(found)!r}).write_text(str(os.getpid()))
time.sleep(600)
"""
    parent = f"""
import asyncio, sys
from app.analytics_loop import AnalyticsLoop
from desk.settings import Settings
settings = Settings(database_url={settings.database_url!r}, data_dir={str(tmp_path)!r})
asyncio.run(AnalyticsLoop(settings, command=(sys.executable, "-c", {stay!r})).once())
"""
    process = await asyncio.create_subprocess_exec(*_python(parent))
    async with asyncio.timeout(60):
        while not found.exists() or not found.read_text():
            await asyncio.sleep(0.05)
        child = int(found.read_text())
        os.kill(child, 0)
        process.kill()
        await process.wait()
        while _is_alive(child):
            await asyncio.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
