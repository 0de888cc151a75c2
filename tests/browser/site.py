"""Somebody else's web site, which embeds the chat by two lines."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Another shop</title><link rel="icon" href="data:,"></head>
<body><h1>Another shop</h1>
<script src="{desk}/chat/frontdesk-chat.js"></script>
<frontdesk-chat></frontdesk-chat>
</body></html>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        (desk,) = parse_qs(urlsplit(self.path).query)["desk"]
        page = _PAGE.format(desk=desk).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class Site:
    """Serves the page; ``page(desk)`` is its address with the chat of that desk on it."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def page(self, desk: str) -> str:
        """Return the address of the page."""
        return f"{self.origin}/?desk={desk}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
