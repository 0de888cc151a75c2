"""Secrets, and the headers by which a receiver knows that a message is ours (Standard Webhooks, version 1)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook

_PREFIX = "whsec_"


def secret_of(key: str, salt: str) -> str:
    """Return the secret that belongs to a salt: ``whsec_`` and 32 bytes in Base64."""
    made = hmac.new(key.encode(), f"webhook:{salt}".encode(), hashlib.sha256).digest()
    return _PREFIX + base64.b64encode(made).decode()


def headers(message_id: str, at: datetime, body: str, *, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a message; while a secret is being changed it carries a signature of each."""
    signatures = [Webhook(one).sign(msg_id=message_id, timestamp=at, data=body) for one in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
