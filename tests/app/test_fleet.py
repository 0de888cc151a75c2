"""Several Rasa processes: how many load at once, what holds whom up, and that all end with us."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app import rasa, up
from app.fleet import RasaFleet
from app.rasa import RasaChild
from desk.settings import Settings
from tests.app.test_rasa import options


class Yard:
    """Four children that only sleep, of which two may load at once; ``ready`` says who has loaded."""

    def __init__(self, folder: Path) -> None:
        self.children = [RasaChild(replace(options(folder), port=n)) for n in range(1, 5)]
        self.ready: set[int] = set()
        self.fleet = RasaFleet(self.children, self._is_ready, at_once=2)

    async def _is_ready(self, child: RasaChild) -> bool:
        return child.options.port in self.ready

    @property
    def started(self) -> list[int]:
        """Who has been started."""
        return [child.options.port for child in self.children if child.starts]


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.02)


@pytest.fixture
async def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Yard]:
    """Return the children on their way."""
    monkeypatch.setattr(rasa, "command", lambda _: ["sleep", "60"])
    monkeypatch.setattr("app.fleet._LOOK_SECONDS", 0.02)
    yard = Yard(tmp_path)
    running = asyncio.create_task(yard.fleet.run())
    yield yard
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_no_more_load_at_once_than_there_are_cores(yard: Yard) -> None:
    await until(lambda: yard.started == [1, 2])
    yard.ready = {2}
    await until(lambda: yard.started == [1, 2, 3])
    yard.ready = {1, 2}
    await until(lambda: yard.started == [1, 2, 3, 4])
    assert all(child.starts == 1 for child in yard.children)


async def test_one_that_dies_while_it_loads_is_restarted_and_holds_nobody_up(yard: Yard) -> None:
    await until(lambda: yard.started == [1, 2])
    pid = yard.children[0].pid
    assert pid is not None
    os.kill(pid, 9)
    await until(lambda: yard.started == [1, 2, 3] and yard.children[0].starts == 2)
    assert yard.children[1].starts == 1, "the others stay"


async def test_all_end_with_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa, "command", lambda _: ["sleep", "60"])
    yard = Yard(tmp_path)
    running = asyncio.create_task(yard.fleet.run())
    await until(lambda: yard.started == [1, 2])
    pids = [child.pid for child in yard.children[:2]]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert yard.started == [1, 2]


def test_each_process_has_its_port_and_its_log_and_all_share_one_journal(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, rasa_token="t" * 16)
    ports = up._free_ports(3)
    assert len(set(ports)) == 3
    made = [
        up._options(settings, tmp_path, n, port, "http://a") for n, port in enumerate(ports, 1)
    ]
    assert [one.log_file.name for one in made] == ["rasa.log", "rasa-2.log", "rasa-3.log"]
    assert len({one.tracker_url for one in made}) == 1
    assert [one.url for one in made] == [f"http://127.0.0.1:{port}" for port in ports]
