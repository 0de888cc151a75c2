"""The whole product as a newcomer starts it: ``frontdesk up`` with the real Rasa, as processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
FRONTDESK = [sys.executable, "-m", "app"]


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def clean_environment(**settings: str) -> dict[str, str]:
    """Return the environment without settings from outside, with these instead."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")}
    return {**kept, "COLUMNS": "200", **settings}


class RunningDesk:
    """One ``frontdesk up`` in a folder of its own; it can be killed and started again."""

    def __init__(self, folder: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.database_url = f"sqlite:///{folder}/desk.sqlite"
        self._options = options
        self._env = {
            **clean_environment(
                FRONTDESK_DATA_DIR=str(folder / "var"),
                FRONTDESK_CHAT_RATE_VISITOR="1000000/minute",
                FRONTDESK_CHAT_RATE_ADDRESS="1000000/minute",
            ),
            **(env or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The application's process id."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def output(self) -> str:
        """What it printed so far, over all its lives."""
        return (self.folder / "up.log").read_text(errors="replace")

    @property
    def console_url(self) -> str:
        """The sign-in link of the console that was printed last."""
        return re.findall(r"console +(\S+)", self.output)[-1]

    def start(self) -> None:
        """Start it; it accepts messages soon, and answers them when Rasa has loaded."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *FRONTDESK,
                    *("up", "--port", str(self.port), "--database-url", self.database_url),
                    *self._options,
                ],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(
        self, path: str = "/health/ready", seconds: float = 240, *, whole: bool = False
    ) -> None:
        """Wait until a health check says yes; ``whole``: of every Rasa process."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError(
                    f"it ended with {self._process.returncode}:\n{self.output[-2000:]}"
                )
            try:
                answer = httpx.get(self.base + path, timeout=5, trust_env=False)
                if answer.status_code == 200 and not (whole and b'"degraded"' in answer.content):
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise TimeoutError(f"{path} did not become ready:\n{self.output[-2000:]}")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it in order and return its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(30)
