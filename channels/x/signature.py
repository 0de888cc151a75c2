"""X's webhook signatures: base64 of HMAC-SHA256 over the body as it came, keyed with a secret of the app.

They carry no time: a request of X's that somebody recorded stays valid, and is harmless because its events are known
by their ids. X also asks us to sign tokens of its choice with the same key, so whatever we sign must not be able to
pass for an event: only tokens of letters and digits are signed, and a body that looks like one is refused.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping

from desk.errors import ForbiddenError
from desk.message import WebhookAnswer, WebhookRequest

_TOKEN = re.compile(r"[A-Za-z0-9_=-]{1,128}")
_LEGACY = "x-twitter-webhooks-signature"
_OAUTH2 = "x-twitter-webhooks-signature-oauth2"


class SignatureError(ForbiddenError):
    """X did not sign this."""

    status_code = 401


class Signatures:
    """Checks what X signed and answers its challenges; an app may have one secret or both."""

    def __init__(self, api_secret: str, client_secret: str = "") -> None:
        pairs = ((_OAUTH2, client_secret), (_LEGACY, api_secret))
        self._keys = {header: secret.encode() for header, secret in pairs if secret}

    def verify(self, request: WebhookRequest) -> None:
        """Raise SignatureError unless this is X's challenge or signed by X."""
        verifiers = {"GET": self._verify_challenge, "POST": self._verify_event}
        if request.method not in verifiers:
            raise SignatureError(f"X does not send {request.method}")
        verifiers[request.method](request)

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return the answer to a verified challenge; None for events."""
        if request.method != "GET":
            return None
        key = next(iter(self._keys.values()))
        token = sign(key, request.query["crc_token"].encode())
        body = json.dumps({"response_token": token}).encode()
        return WebhookAnswer(body=body, content_type="application/json")

    def _verify_challenge(self, request: WebhookRequest) -> None:
        if not _TOKEN.fullmatch(request.query.get("crc_token", "")):
            raise SignatureError("the challenge is not one of X's")

    def _verify_event(self, request: WebhookRequest) -> None:
        if not request.body.startswith(b"{"):
            raise SignatureError("events are JSON objects")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not any(self._fits(headers, header, request.body) for header in self._keys):
            raise SignatureError

    def _fits(self, headers: Mapping[str, str], header: str, body: bytes) -> bool:
        given = headers.get(header, "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(sign(self._keys[header], body).encode(), given)


def sign(key: bytes, body: bytes) -> str:
    """Return a signature as X writes it."""
    digest = hmac.new(key, body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
