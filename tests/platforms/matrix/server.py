"""Starts a synapse for the tests: SQLite, a free port, and the desk registered as its application service."""

import atexit
import base64
import ctypes
import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import httpx

from tests.platforms.matrix.pushes import Pushes
from tests.running import free_port

HERE = Path(__file__).parent / "synapse"
PYTHON = HERE / ".venv" / "bin" / "python"
COMMAND = "uv sync --frozen --project tests/platforms/matrix/synapse"
DOMAIN = "example.org"
BOT = f"@help:{DOMAIN}"
APP_ID = "frontdesk-tests"
AS_TOKEN = "as-token-for-tests-only"
HS_TOKEN = "hs-token-for-tests-only"
_PATIENCE = 60
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
}


class Synapse:
    """A running synapse; ``pushes`` is where it sends the desk's events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pushes = Pushes()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        if not PYTHON.exists():
            raise RuntimeError(f"the Matrix server of the tests is not installed; run: {COMMAND}")
        self.pushes.start()
        config = self._configure()
        with (self.folder / "synapse.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(PYTHON), "-m", "synapse.app.homeserver", "--config-path", str(config)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"synapse did not start:\n{self._log()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it and forget what it kept."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.pushes.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/_matrix/client/versions", timeout=2).is_success
        except httpx.TransportError:
            return False

    def _log(self) -> str:
        return (self.folder / "synapse.log").read_text(errors="replace")

    def _configure(self) -> Path:
        # JSON is YAML.
        (self.folder / "registration.yaml").write_text(json.dumps(_registration(self.pushes.url)))
        config = self.folder / "homeserver.yaml"
        config.write_text(json.dumps(_settings(self.folder, self.port)))
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        (self.folder / "signing.key").write_text(f"ed25519 a_tests {key}\n")
        return config


@cache
def shared() -> Synapse:
    """Return the one of this run: started when first asked for, stopped at the end."""
    synapse = Synapse(Path(tempfile.mkdtemp(prefix="frontdesk-synapse-")))
    atexit.register(synapse.stop)
    synapse.start()
    return synapse


def _registration(url: str) -> dict[str, object]:
    return {
        "id": APP_ID,
        "url": url,
        "as_token": AS_TOKEN,
        "hs_token": HS_TOKEN,
        "sender_localpart": BOT.partition(":")[0][1:],
        "rate_limited": False,
        "namespaces": {"users": [{"exclusive": True, "regex": BOT.replace(".", r"\.")}]},
    }


def _settings(folder: Path, port: int) -> dict[str, object]:
    fast = {"per_second": 10_000, "burst_count": 10_000}
    log = folder / "log.yaml"
    log.write_text(json.dumps(_LOGGING))
    return {
        "server_name": DOMAIN,
        "pid_file": str(folder / "synapse.pid"),
        "listeners": [
            {
                "port": port,
                "type": "http",
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "synapse.sqlite")}},
        "log_config": str(log),
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "macaroon_secret_key": secrets.token_hex(16),
        "report_stats": False,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "app_service_config_files": [str(folder / "registration.yaml")],
        "bcrypt_rounds": 4,
        "presence": {"enabled": False},
        # The limits of people are synapse's business; the bot's are lifted by its registration.
        "rc_message": fast,
        "rc_registration": fast,
        "rc_login": {"address": fast, "account": fast},
        "rc_joins": {"local": fast, "remote": fast},
        "rc_invites": {"per_room": fast, "per_user": fast, "per_issuer": fast},
        "rc_room_creation": fast,
    }


def _die_with_parent() -> None:
    """Let a run that was killed leave no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
