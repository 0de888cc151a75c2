"""A real Rasa as a child, started the way the application starts it, and an action server that can be told to fail."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TINY = Path(__file__).parent / "tiny"
TOKEN = "a-token-for-tests"
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "OMP_NUM_THREADS": "1",
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def train(folder: Path) -> Path:
    """The tiny assistant's model."""
    command = [
        *(sys.executable, "-m", "bot", "train", "--skip-validation"),
        *("--config", str(TINY / "config.yml"), "--domain", str(TINY / "domain.yml")),
        *("--data", str(TINY / "data.yml"), "--out", str(folder), "--fixed-model-name", "tiny"),
    ]
    with (folder / "train.log").open("wb") as log:
        subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | QUIET,
            stdout=log,
            stderr=log,
            check=True,
            timeout=120,
        )
    return folder / "tiny.tar.gz"


class Actions:
    """Serves the tiny assistant's actions; `mode` is `ok`, `error`, `garbage` or `hang`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mode = "ok"
        self.calls: list[str] = []
        self.hung = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listens."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = outer.answer(body, self.headers.get("authorization"))
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Refuses connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, call: dict[str, Any], authorization: str | None) -> tuple[int, bytes]:
        """What an action comes to."""
        name = call["next_action"]
        self.calls.append(name)
        if authorization != f"Bearer {TOKEN}":
            return 401, b"{}"
        if name == "action_broken" or self.mode == "error":
            return 500, b'{"error": "broken"}'
        if self.mode == "garbage":
            return 200, b'{"events": 7, "responses": "no"'
        if self.mode == "hang":
            self.hung.wait(30)
        if name == "action_slow":
            time.sleep(0.5)
            return 200, json.dumps({"events": [], "responses": [{"text": "at last"}]}).encode()
        count = (call["tracker"]["slots"].get("count") or 0) + 1
        events = [{"event": "slot", "name": "count", "value": count}]
        return 200, json.dumps(
            {"events": events, "responses": [{"text": f"count {count:g}"}]}
        ).encode()


class RasaServer:
    """One Rasa process after the other, on the same port and the same tracker database."""

    def __init__(self, folder: Path, model: Path, actions: Actions) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.database = folder / "tracker.sqlite"
        self._model = model
        self._actions = actions

    def start(self, turn_seconds: float = 3) -> None:
        """Returns when it is ready."""
        credentials = self.folder / "credentials.yml"
        credentials.write_text(
            "bot.connector.FrontdeskInput:\n"
            f"  token: ${{FRONTDESK_RASA_TOKEN}}\n  turn_seconds: {turn_seconds}\n"
        )
        command = [
            *(sys.executable, "-m", "bot", "run", "--model", str(self._model)),
            *("--port", str(self.port), "--interface", "127.0.0.1"),
            *("--credentials", str(credentials), "--endpoints", "endpoints.yml"),
        ]
        with (self.folder / "rasa.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | QUIET | self._settings(),
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _settings(self) -> dict[str, str]:
        return {
            "FRONTDESK_RASA_TOKEN": TOKEN,
            "FRONTDESK_ACTIONS_URL": f"http://127.0.0.1:{self._actions.port}/webhook",
            "FRONTDESK_TRACKER_URL": f"sqlite:///{self.database}",
        }

    def _wait(self) -> None:
        limit = time.monotonic() + 90
        while time.monotonic() < limit:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                if self.get("/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self.folder / "rasa.log").read_text()[-3000:])

    def end(self, how: signal.Signals) -> int:
        """Ends it with a signal and returns its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=20)

    def get(self, path: str, token: str | None = TOKEN) -> tuple[int, Any]:
        """A GET below the channel's address."""
        return self._call(path, None, token)

    def post(self, body: bytes, token: str | None = TOKEN) -> tuple[int, Any]:
        """A turn with any body."""
        return self._call("/turn", body, token)

    def say(
        self, conversation: str, message: str, text: str, language: str = "en"
    ) -> tuple[int, Any]:
        """A turn."""
        body = {
            "conversation_id": conversation,
            "message_id": message,
            "text": text,
            "language": language,
        }
        return self.post(json.dumps(body).encode())

    def _call(self, path: str, body: bytes | None, token: str | None) -> tuple[int, Any]:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{self.port}/webhooks/frontdesk{path}"
        request = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
