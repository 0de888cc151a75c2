"""Rasa's side as a child: when it is trained, how it is started, what is said when that fails."""

import asyncio
import gzip
import os
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from app import rasa
from app.rasa import RasaChild, RasaError, RasaOptions
from app.serve import listen
from desk.errors import SettingsError
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a small project with training data."""
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "data" / "nlu").mkdir(parents=True)
    (tmp_path / "data" / "nlu" / "greet.yml").write_text("version: '3.1'\n")
    return tmp_path


def test_the_fingerprint_changes_with_what_a_model_depends_on(project: Path) -> None:
    first = rasa.fingerprint(project)
    assert rasa.fingerprint(project) == first
    (project / "data" / "nlu" / "note.txt").write_text("not training data")
    assert rasa.fingerprint(project) == first
    (project / "data" / "nlu" / "greet.yml").write_text("version: '3.1'\nnlu: []\n")
    second = rasa.fingerprint(project)
    (project / "data" / "nlu" / "greet.yml").rename(project / "data" / "nlu" / "hello.yml")
    assert len({first, second, rasa.fingerprint(project)}) == 3


def options(folder: Path) -> RasaOptions:
    """Return options for a Rasa that is never reached."""
    return RasaOptions(
        model=folder / "model.tar.gz",
        port=1,
        token="t" * 16,
        actions_url="http://127.0.0.1:1/webhook",
        tracker_url="sqlite:///x",
        log_file=folder / "rasa.log",
    )


def test_rasa_listens_on_loopback_without_its_management_api(tmp_path: Path) -> None:
    line = rasa.command(options(tmp_path))
    assert line[line.index("--interface") + 1] == "127.0.0.1"
    assert "--enable-api" not in line
    assert not any("t" * 16 in word for word in line), (
        "the token must not be seen in the process list"
    )


async def test_a_child_that_dies_is_started_again_and_ends_with_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasa, "command", lambda _: ["sleep", "60"])
    child = RasaChild(options(tmp_path))
    running = asyncio.create_task(child.run())
    pids = []
    for _ in range(2):
        async with asyncio.timeout(20):
            while child.pid is None or child.pid in pids:
                await asyncio.sleep(0.02)
        pids.append(child.pid)
        if len(pids) == 1:
            os.kill(child.pid, 9)
    assert child.starts == 2
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_failed_step_names_its_log(tmp_path: Path) -> None:
    seen: list[str] = []
    log = tmp_path / "step.log"
    with pytest.raises(RasaError, match=r"it failed: second line \(see .*step.log\)"):
        rasa._run(
            ["sh", "-c", "echo first; echo second line; exit 3"], log, seen.append, "it failed"
        )
    assert seen == ["first", "second line"]


def test_a_port_in_use_is_one_clear_line() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(SettingsError, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_two_desks_that_start_at_once_train_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, trained = tmp_path / "models" / "model.tar.gz", []
    monkeypatch.setattr(rasa, "model_path", lambda: model)
    both = Barrier(2)

    def training(command: list[str], *_: object) -> None:
        trained.append(command)
        with suppress(BrokenBarrierError):  # a second one would come here, too
            both.wait(0.5)
        with gzip.open(model, "wb") as file:
            file.write(b"weights")

    monkeypatch.setattr(rasa, "_run", training)
    with ThreadPoolExecutor(2) as desks:
        made = [desks.submit(rasa.train, tmp_path / "log", print) for _ in range(2)]
    assert [one.result() for one in made] == [model, model]
    assert len(trained) == 1


def test_half_a_model_is_no_model(tmp_path: Path) -> None:
    model, part = tmp_path / "model.tar.gz", tmp_path / "part.tar.gz"
    (tmp_path / "weights").write_bytes(os.urandom(100_000))
    with tarfile.open(model, "w:gz") as archive:
        archive.add(tmp_path / "weights", "weights")
    assert rasa.is_whole(model)
    assert not rasa.is_whole(part)
    for length in (0, 10, 50_000, model.stat().st_size - 20):
        part.write_bytes(model.read_bytes()[:length])
        assert not rasa.is_whole(part), length
