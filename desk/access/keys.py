"""What the secret key is used for: each purpose has a key of its own, made from it."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken


class Keys:
    """Signs, seals and hashes. Another secret makes all of it worthless."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._box = Fernet(base64.urlsafe_b64encode(self._key("seal")))

    def sign(self, purpose: str, text: str) -> str:
        """Return 43 characters that only we can make for this text."""
        raw = hmac.new(self._key(purpose), text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        """Say whether we signed this text."""
        given = signature.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(self.sign(purpose, text).encode(), given)

    def seal(self, text: str) -> str:
        """Return a text that nobody else can read."""
        return self._box.encrypt(text.encode()).decode()

    def opened(self, sealed: str) -> str | None:
        """Return a sealed text; None when it was sealed under another secret."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def _key(self, purpose: str) -> bytes:
        return hmac.new(self._secret, f"access:{purpose}".encode(), hashlib.sha256).digest()
