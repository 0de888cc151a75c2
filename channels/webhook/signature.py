"""Standard Webhooks signatures by a clock that is given: the library's ``verify`` knows the machine's only."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from desk.errors import ForbiddenError

WINDOW = timedelta(minutes=5)
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_PREFIX = "whsec_"


class SignatureError(ForbiddenError):
    """The signature is missing, wrong or more than 5 minutes off."""

    status_code = 401


class Signer:
    """Signs with every secret and accepts any of them, so that secrets can be changed without a gap.

    The types of events differ between the two directions, so one sent back to where it came from says nothing.
    """

    def __init__(self, secrets: str) -> None:
        self._webhooks = [Webhook(_key(secret)) for secret in secrets.split(",") if secret.strip()]
        if not self._webhooks:
            raise ValueError("needs a secret")

    def headers(self, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers that sign a body."""
        at = datetime.fromtimestamp(int(now.timestamp()), UTC)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(self._sign(message_id, at, body.decode())),
        }

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raise SignatureError unless one of our secrets signed this body within 5 minutes of now."""
        message_id = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        if not message_id or not _TIMESTAMP.fullmatch(timestamp):
            raise SignatureError
        at = datetime.fromtimestamp(int(timestamp), UTC)
        if abs(now - at) > WINDOW:
            raise SignatureError
        try:
            expected = self._sign(message_id, at, body.decode())
        except UnicodeDecodeError as error:
            raise SignatureError from error
        given = headers.get("webhook-signature", "").split()
        if not any(_same(one, other) for one in given for other in expected):
            raise SignatureError

    def _sign(self, message_id: str, at: datetime, body: str) -> list[str]:
        return [webhook.sign(message_id, at, body) for webhook in self._webhooks]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _key(secret: str) -> str:
    kind, _, key = secret.strip().partition(_PREFIX)
    try:
        length = len(base64.b64decode(key, validate=True))
    except binascii.Error:
        length = 0
    if kind or not 24 <= length <= 64:
        raise ValueError("must be whsec_ and 24 to 64 random bytes in base64")
    return secret.strip()
