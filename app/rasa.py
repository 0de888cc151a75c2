"""Rasa's side as a child: its environment, its model, its process."""

import asyncio
import fcntl
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.lifeline import lifeline
from desk.errors import FrontdeskError, SettingsError

log = structlog.get_logger()

Progress = Callable[[str], None]

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"
_INPUTS = ("config.yml", "domain.yml", "data", "bot/nlu", "bot/pyproject.toml")
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
}


class RasaError(FrontdeskError):
    """Rasa could not be prepared or started."""


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of everything that a trained model depends on."""
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    for name in _INPUTS:
        path = root / name
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and file.suffix in {".yml", ".yaml", ".py"}
            )


def model_path(root: Path = ROOT) -> Path:
    """Return where the model for the present training data is, or will be."""
    return root / "models" / f"frontdesk-{fingerprint(root)}.tar.gz"


def uv() -> str:
    """Return the uv that can sync Rasa's environment.

    Raises:
        SettingsError: there is none.
    """
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        raise SettingsError("uv is not installed; see https://docs.astral.sh/uv for one command")
    return found


def sync(log_file: Path, progress: Progress, *, group: str | None = None) -> None:
    """Install Rasa's locked environment into ``bot/.venv``; quick when it is there, and takes nothing away.

    Without TensorFlow and what comes with it (``bot/left-out.txt``): two thirds of the download, and unused.
    """
    left_out = (ROOT / "bot" / "left-out.txt").read_text().split()
    command = [
        *(uv(), "sync", "--project", "bot", "--frozen", "--inexact"),
        *(("--group", group) if group else ("--no-dev",)),
        *(part for name in left_out for part in ("--no-install-package", name)),
    ]
    _run(command, log_file, progress, "Rasa's environment could not be installed")


def train(log_file: Path, progress: Progress, *, force: bool = False) -> Path:
    """Train a model when the training data changed; return the model's file."""
    model = model_path()
    with _alone(model.with_name("training.lock")):
        if is_whole(model) and not force:
            return model
        command = [
            *(str(PYTHON), "-m", "bot", "train", "--domain", "domain.yml"),
            *("--config", "config.yml", "--data", "data", "--out", "models"),
            *("--fixed-model-name", model.name.split(".")[0]),
            "--skip-validation",  # CI validates the data; here it would only cost seconds
        ]
        _run(command, log_file, progress, "the assistant could not be trained")
    return model


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock, such as a second desk of this folder that trains the same model."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_whole(model: Path) -> bool:
    """Say whether a model's file is there and complete: a full disk or a power cut may have left a part."""
    try:
        with gzip.open(model) as content:
            # To the end, where the checksum is.
            while content.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return model.stat().st_size > 0


def _run(command: list[str], log_file: Path, progress: Progress, failure: str) -> None:
    log_file.parent.mkdir(parents=True, exist_ok=True)
    # VIRTUAL_ENV names our environment and would only confuse the other one's tools.
    surroundings = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | _QUIET
    with log_file.open("wb") as out:
        child = subprocess.Popen(  # noqa: S603 - our own command, no shell
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=surroundings,
        )
        try:
            for line in _lines(child):
                out.write(line)
                progress(line.decode(errors="replace").strip())
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if child.wait() != 0:
        tail = log_file.read_text(errors="replace").strip().splitlines()[-1:]
        raise RasaError(f"{failure}: {' '.join(tail)} (see {log_file})")


def _lines(child: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    if child.stdout is None:
        return
    with child.stdout as stream:
        yield from stream


@dataclass(frozen=True, kw_only=True)
class RasaOptions:
    """How to start Rasa."""

    model: Path
    port: int
    token: str
    actions_url: str
    tracker_url: str
    log_file: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class RasaChild:
    """Keeps one Rasa process alive; it ends with us, however we end."""

    def __init__(self, options: RasaOptions) -> None:
        self.options = options
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The process id of the running Rasa."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Start Rasa, and start it again when it dies; on cancellation stop it and wait."""
        pause = 1.0
        try:
            while True:
                started = asyncio.get_running_loop().time()
                code = await self._once()
                lived = asyncio.get_running_loop().time() - started
                pause = 1.0 if lived > 60 else min(pause * 2, 30)
                log.error("rasa_died", code=code, restart_in=pause, log=str(self.options.log_file))
                await asyncio.sleep(pause)
        finally:
            await self._end()

    async def _once(self) -> int:
        options = self.options
        with lifeline() as line:
            with options.log_file.open("ab") as out:
                self._process = await asyncio.create_subprocess_exec(
                    *command(options),
                    cwd=ROOT,
                    env=environment(options) | line.variables,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    pass_fds=[line.end],
                    start_new_session=True,
                )
            self.starts += 1
            return await self._process.wait()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def command(options: RasaOptions) -> list[str]:
    """Return the command line of Rasa's server: loopback only, no management API."""
    return [
        *(str(PYTHON), "-m", "bot", "run", "--model", str(options.model)),
        *("--port", str(options.port), "--interface", "127.0.0.1"),
        *("--credentials", "credentials.yml", "--endpoints", "endpoints.yml"),
    ]


def environment(options: RasaOptions) -> dict[str, str]:
    """Return the surroundings of Rasa's process."""
    return {
        **{k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}},
        **_QUIET,
        "FRONTDESK_RASA_TOKEN": options.token,
        "FRONTDESK_ACTIONS_URL": options.actions_url,
        "FRONTDESK_TRACKER_URL": options.tracker_url,
    }
