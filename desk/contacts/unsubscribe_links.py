"""Addresses by which somebody unsubscribes without signing in. They tell nobody who that is, and do not end:

a mail that was kept for years must still be answered.
"""

import hashlib
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from desk.errors import NotFoundError

PATH = "/u"
_ABOUT = [b"unsubscribe v1"]
_HEAD = struct.Struct(">16s32sq")
_FORM = re.compile(r"[A-Za-z0-9_-]{96,400}")


class UnsubscribeLinkError(NotFoundError):
    """This link is not one of ours."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who got a message: on which channel, for which purpose, at which address (a digest), from which campaign."""

    contact_id: str
    channel: str
    purpose: str = "marketing"
    digest: str | None = None
    campaign_id: int | None = None


class UnsubscribeLinks:
    """Makes and reads them. What they carry is sealed: encrypted and signed at once (AES-SIV, RFC 5297).

    The same recipient has the same address each time, so that a message sent again is the same message.
    """

    def __init__(self, secret: str, *, public_url: str | None) -> None:
        self._box = AESSIV(hashlib.sha512(b"unsubscribe-link:" + secret.encode()).digest())
        self._public_url = (public_url or "").rstrip("/")

    def url(self, recipient: Recipient) -> str | None:
        """Return the whole address; None without a public address of ours, as it would lead nowhere."""
        return f"{self._public_url}{PATH}/{self.token(recipient)}" if self._public_url else None

    def token(self, recipient: Recipient) -> str:
        """Return what proves that somebody got our message."""
        head = _HEAD.pack(
            bytes.fromhex(recipient.contact_id),
            bytes.fromhex(recipient.digest) if recipient.digest else bytes(32),
            recipient.campaign_id or 0,
        )
        body = head + f"{recipient.channel}\n{recipient.purpose}".encode()
        return urlsafe_b64encode(self._box.encrypt(body, _ABOUT)).rstrip(b"=").decode()

    def read(self, token: str) -> Recipient:
        """Return who got the message; UnsubscribeLinkError when the link is not ours."""
        if not _FORM.fullmatch(token):
            raise UnsubscribeLinkError
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            body = self._box.decrypt(sealed, _ABOUT)
        except (InvalidTag, ValueError) as error:
            raise UnsubscribeLinkError from error
        contact, digest, campaign = _HEAD.unpack_from(body)
        channel, _, purpose = body[_HEAD.size :].decode().partition("\n")
        return Recipient(
            contact_id=contact.hex(),
            channel=channel,
            purpose=purpose,
            digest=digest.hex() if any(digest) else None,
            campaign_id=campaign or None,
        )
