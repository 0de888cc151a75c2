"""Signed visitor tokens: ``v1.VISITOR.ISSUED.SIGNATURE``."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta

from desk.errors import ForbiddenError

LIFETIME = timedelta(days=180)
_FORM = re.compile(rb"v1\.([0-9a-f]{32})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class TokenError(ForbiddenError):
    """The visitor token is missing, forged or too old."""

    status_code = 401


class VisitorTokens:
    """Issues and checks tokens. The first key signs; all of them are accepted, so keys can be rotated."""

    def __init__(self, *keys: str) -> None:
        self._keys = [hashlib.sha256(b"visitor:" + key.encode()).digest() for key in keys]

    def issue(self, now: datetime) -> tuple[str, str]:
        """Return a new visitor's id and token."""
        visitor = secrets.token_hex(16)
        body = f"v1.{visitor}.{int(now.timestamp())}"
        return visitor, f"{body}.{_sign(self._keys[0], body.encode()).decode()}"

    def visitor(self, token: str, now: datetime) -> str:
        """Return whose token this is.

        Raises:
            TokenError: it is not ours or older than 180 days.
        """
        raw = token.encode("utf-8", "surrogateescape")
        form = _FORM.fullmatch(raw)
        if form is None:
            raise TokenError
        body, _, signature = raw.rpartition(b".")
        if not any(hmac.compare_digest(_sign(key, body), signature) for key in self._keys):
            raise TokenError
        age = now - datetime.fromtimestamp(int(form[2]), UTC)
        if not timedelta(minutes=-5) <= age <= LIFETIME:
            raise TokenError
        return form[1].decode()


def _sign(key: bytes, body: bytes) -> bytes:
    digest = hmac.new(key, body, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")
