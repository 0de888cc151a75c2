"""The address to which synapse pushes, for the whole run: what arrives is taken, unless a test takes it itself.

It runs in a thread so that it outlives the event loops of single tests: an application service that does not answer
is left alone for longer and longer.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Push:
    """A request of synapse's."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


type Take = Callable[[Push], tuple[int, bytes]]


class Pushes:
    """Gives each request to ``take``; without one, everything is fine."""

    def __init__(self) -> None:
        self.take: Take | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What the registration file says."""
        return f"http://127.0.0.1:{self._server.server_port}/channels/matrix"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(pushes: Pushes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            take = pushes.take
            asked = Push(self.command, self.path, headers, body)
            status, said = take(asked) if take else (200, b"{}")
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = _take

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
