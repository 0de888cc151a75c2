"""Who is signed in: a signed cookie, and the form token that goes with it.

The key is made from the secret and the console token, so changing either ends every session.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

COOKIE = "frontdesk_console"
LIFETIME = timedelta(hours=12)
LONGEST_NAME = 60
_FORM = re.compile(r"v1\.([0-9a-f]{32})\.([0-9]{1,12})\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser; ``agent`` is empty until they said their name."""

    id: str
    started_at: datetime
    agent: str


def agent_name(text: str) -> str:
    """Return a display name as one printable line of at most 60 characters."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:LONGEST_NAME].strip()


class Sessions:
    """Issues and reads session cookies."""

    def __init__(self, *, secret: str, token: str) -> None:
        self._token = hashlib.sha256(token.encode()).digest()
        self._key = hmac.new(secret.encode(), b"console:" + self._token, hashlib.sha256).digest()

    def opens(self, token: str) -> bool:
        """Say whether this is the console's token."""
        given = hashlib.sha256(token.strip().encode("utf-8", "surrogatepass")).digest()
        return hmac.compare_digest(given, self._token)

    def start(self, now: datetime, agent: str = "") -> Session:
        """Return a new session."""
        return Session(id=secrets.token_hex(16), started_at=now, agent=agent_name(agent))

    def named(self, session: Session, agent: str) -> Session:
        """Return the session under another display name."""
        return replace(session, agent=agent_name(agent))

    def cookie(self, session: Session) -> str:
        """Return the value of a session's cookie."""
        name = _encode(session.agent.encode())
        body = f"v1.{session.id}.{int(session.started_at.timestamp())}.{name}"
        return f"{body}.{self._sign('cookie', body)}"

    def read(self, cookie: str, now: datetime) -> Session | None:
        """Return the session of a cookie; None when it is forged or older than 12 hours."""
        form = _FORM.fullmatch(cookie)
        if form is None:
            return None
        body = cookie.rpartition(".")[0]
        if not hmac.compare_digest(self._sign("cookie", body), form[4]):
            return None
        started_at = datetime.fromtimestamp(int(form[2]), UTC)
        if not timedelta(minutes=-5) <= now - started_at <= LIFETIME:
            return None
        return Session(id=form[1], started_at=started_at, agent=_decode(form[3]).decode())

    def form_token(self, session: Session) -> str:
        """Return what every form of this session carries."""
        return self._sign("form", session.id)

    def is_form_token(self, session: Session, given: str) -> bool:
        """Say whether a form came from one of this session's pages."""
        return hmac.compare_digest(self.form_token(session).encode(), given.encode())

    def _sign(self, purpose: str, text: str) -> str:
        return _encode(hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
