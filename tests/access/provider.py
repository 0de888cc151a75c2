"""A provider of single sign-on on this machine, which enforces what a real one does.

OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749 (codes once, the same redirect), RFC 7636 (PKCE with S256).
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "frontdesk", "s3cret: with/odd%characters+"


@cache
def _key(name: str) -> RSAKey:
    """Return a key, made once in a test run."""
    return RSAKey.generate_key(2048, {"kid": name})


@dataclass
class _Grant:
    redirect_uri: str
    challenge: str
    nonce: str


@dataclass
class IdentityProvider:
    """Signs in whoever comes as ``claims`` say; what a test changes here is what a wrong provider would do."""

    redirect_uri: str
    claims: dict[str, Any] = field(default_factory=dict)
    #: Written into every ID token, whatever the truth is.
    forged: dict[str, Any] = field(default_factory=dict)
    #: Signs with a key that is not published.
    foreign_key: bool = False
    unsigned: bool = False
    down: bool = False
    published_issuer: str = ""
    auth: tuple[str, ...] = ("client_secret_basic",)
    refused: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._grants: dict[str, _Grant] = {}
        self._key = _key("first")
        self._published = self._key
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._post(self)

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def turn_keys(self) -> None:
        """Sign with a new key from now on, and publish that one alone."""
        self._key = self._published = _key("second")

    # -- What it answers

    def _get(self, call: BaseHTTPRequestHandler) -> None:
        url = urlsplit(call.path)
        self.asked.append(url.path)
        if self.down:
            return _answer(call, 503, {})
        if url.path == "/authorize":
            return self._authorize(call, {k: v[0] for k, v in parse_qs(url.query).items()})
        pages: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": self.published_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": list(self.auth),
            },
            "/keys": {"keys": [self._published.as_dict(private=False)]},
        }
        page = pages.get(url.path)
        return _answer(call, 200 if page else 404, page or {})

    def _authorize(self, call: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        wrong = [
            name
            for name, right in {
                "client_id": asked.get("client_id") == CLIENT,
                "redirect_uri": asked.get("redirect_uri") == self.redirect_uri,
                "response_type": asked.get("response_type") == "code",
                "scope": {"openid", "email"} <= set(asked.get("scope", "").split()),
                "state": len(asked.get("state", "")) >= 16,
                "nonce": len(asked.get("nonce", "")) >= 16,
                "code_challenge": len(asked.get("code_challenge", "")) == 43,
                "code_challenge_method": asked.get("code_challenge_method") == "S256",
            }.items()
            if not right
        ]
        if wrong:
            self.refused.append(f"authorize: {wrong}")
            return _answer(call, 400, {"error": "invalid_request"})
        code = secrets.token_urlsafe(16)
        self._grants[code] = _Grant(asked["redirect_uri"], asked["code_challenge"], asked["nonce"])
        back = urlencode({"code": code, "state": asked["state"]})
        call.send_response(302)
        call.send_header("Location", f"{asked['redirect_uri']}?{back}")
        call.send_header("Content-Length", "0")
        call.end_headers()
        return None

    def _post(self, call: BaseHTTPRequestHandler) -> None:
        body = call.rfile.read(int(call.headers.get("Content-Length", 0))).decode()
        form = {k: v[0] for k, v in parse_qs(body).items()}
        self.asked.append(call.path)
        if self.down:
            return _answer(call, 503, {})
        if not self._is_client(call, form):
            self.refused.append("token: client")
            return _answer(call, 401, {"error": "invalid_client"})
        # Taken out whatever comes of it: a code is good once.
        grant = self._grants.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or form.get("grant_type") != "authorization_code"
            or grant.redirect_uri != form.get("redirect_uri")
            or grant.challenge != challenge
        ):
            self.refused.append("token: grant")
            return _answer(call, 400, {"error": "invalid_grant"})
        return _answer(call, 200, {"token_type": "Bearer", "id_token": self._token(grant)})

    def _is_client(self, call: BaseHTTPRequestHandler, form: dict[str, str]) -> bool:
        header = call.headers.get("Authorization", "")
        if "client_secret_basic" in self.auth:
            if not header.startswith("Basic "):
                return False
            user, _, password = base64.b64decode(header[6:]).decode().partition(":")
            return (unquote_plus(user), unquote_plus(password)) == (CLIENT, SECRET)
        given = (form.get("client_id"), form.get("client_secret"))
        return not header and given == (CLIENT, SECRET)

    def _token(self, grant: _Grant) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.nonce,
            **self.claims,
            **self.forged,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = ({"alg": "none"}, claims)
            return ".".join(_encoded(json.dumps(part).encode()) for part in parts) + "."
        key = _key("foreign") if self.foreign_key else self._key
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, key)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _answer(call: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    call.send_response(status)
    call.send_header("Content-Type", "application/json")
    call.send_header("Content-Length", str(len(raw)))
    call.end_headers()
    call.wfile.write(raw)
