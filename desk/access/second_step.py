"""The second step of signing in: codes of an app (RFC 6238), each used once, and recovery codes."""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime

import pyotp
import segno

ISSUER = "Frontdesk"
_STEP = 30
_WINDOW = 1
_RECOVERY_CODES = 10


def new_secret() -> str:
    """Return a secret for an app, in base 32."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """Return what the app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(text: str) -> str:
    """Return a text as a QR code: the address of an SVG for an image."""
    return segno.make(text, error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000")


def used_step(secret: str, code: str, now: datetime, last: int) -> int | None:
    """Return the step (30 s since 1970) that a code is of; None when it is wrong, too old, or not after ``last``."""
    digits = "".join(unicodedata.normalize("NFKC", code).split())
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // _STEP
    good = [
        step
        for step in range(present - _WINDOW, present + _WINDOW + 1)
        if secrets.compare_digest(
            totp.generate_otp(step).encode(), digits.encode("utf-8", "surrogatepass")
        )
    ]
    return next((step for step in good if step > last), None)


def new_recovery_codes() -> list[str]:
    """Return ten codes of 50 random bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    letters = [
        "".join(secrets.choice(alphabet) for _ in range(10)) for _ in range(_RECOVERY_CODES)
    ]
    return [f"{one[:5]}-{one[5:]}" for one in letters]


def recovery_hash(code: str) -> str:
    """Return what is kept of a recovery code; it is random enough to need no salt."""
    plain = "".join(unicodedata.normalize("NFKC", code).lower().replace("-", "").split())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def without(kept: Sequence[str], code: str) -> list[str] | None:
    """Return the hashes that are left when a recovery code is used; None when it is none of them."""
    used = recovery_hash(code)
    return [one for one in kept if one != used] if used in kept else None
