"""The cookies of the console: which browser is signed in, which is known, which sign-on is on its way."""

import ipaddress
import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from desk.access.keys import Keys
from desk.access.oidc import Start
from desk.access.sessions import LONGEST, Browser, Session

COOKIE, KNOWN, SIGN_ON = "frontdesk", "frontdesk-known", "frontdesk-sign-on"
HOST = "__Host-"
"""Browsers take a cookie of such a name only over https and for no other host."""
_YEAR = timedelta(days=365)
_SIGN_ON_LASTS = timedelta(minutes=10)
_LONGEST_NAME = 200


def is_loopback(host: str | None) -> bool:
    """Say whether a host is this machine."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Cookies:
    """Writes and reads the cookies. Over plain http, and so without a lock, only on this machine."""

    def __init__(self, keys: Keys, public_url: str | None) -> None:
        self._keys = keys
        self._https = (public_url or "").startswith("https:")

    def is_secure(self, request: Request) -> bool:
        """Say whether the browser came over https, as far as we can know."""
        return self._https or request.url.scheme == "https"

    def may_sign_in(self, request: Request) -> bool:
        """Say whether a password may be asked for: nobody else can read it on the way."""
        return self.is_secure(request) or is_loopback(request.url.hostname)

    def key(self, request: Request) -> str:
        """Return the key of the session; empty without one."""
        return self._read(request, COOKIE)

    def browser(self, request: Request) -> Browser:
        """Return from where somebody signs in."""
        return Browser(
            address=address_of(request),
            name=request.headers.get("user-agent", "")[:_LONGEST_NAME],
            key=self.key(request),
        )

    def sign_in(self, request: Request, response: Response, key: str) -> None:
        """Give a browser its session. Links on other sites do not bring it along."""
        self._write(request, response, COOKIE, key, LONGEST, "strict")

    def sign_out(self, request: Request, response: Response) -> None:
        """Take a browser's session back."""
        self._write(request, response, COOKIE, "", timedelta(), "strict")

    # -- A browser that has signed in before

    def known(self, request: Request, email: str) -> str:
        """Return the mark of a browser from which this user signed in before; empty if it is none."""
        mark, _, signature = self._read(request, KNOWN).partition(".")
        good = mark and self._keys.is_signed("browser", _mark(mark, email), signature)
        return mark if good else ""

    def remember(self, request: Request, response: Response, email: str) -> None:
        """Know this browser as one of this user's."""
        mark = self.known(request, email) or secrets.token_hex(16)
        signed = f"{mark}.{self._keys.sign('browser', _mark(mark, email))}"
        self._write(request, response, KNOWN, signed, _YEAR, "strict")

    # -- Single sign-on

    def keep(
        self, request: Request, response: Response, start: Start, wanted: str, now: datetime
    ) -> None:
        """Keep what is on its way in the browser; the provider's redirect must bring it along, so it is lax."""
        until = int((now + _SIGN_ON_LASTS).timestamp())
        kept = self._keys.seal(json.dumps({**asdict(start), "next": wanted, "until": until}))
        self._write(request, response, SIGN_ON, kept, _SIGN_ON_LASTS, "lax")

    def kept(self, request: Request, now: datetime) -> tuple[Start, str] | None:
        """Return what is on its way, and where the browser wanted to go; None if nothing is."""
        opened = self._keys.opened(self._read(request, SIGN_ON))
        if opened is None:
            return None
        said = json.loads(opened)
        if now >= datetime.fromtimestamp(said["until"], UTC):
            return None
        start = Start(state=said["state"], nonce=said["nonce"], verifier=said["verifier"])
        return start, str(said["next"])

    def forget(self, request: Request, response: Response) -> None:
        """What was on its way has arrived."""
        self._write(request, response, SIGN_ON, "", timedelta(), "lax")

    def _name(self, request: Request, name: str) -> str:
        return f"{HOST}{name}" if self.is_secure(request) else name

    def _read(self, request: Request, name: str) -> str:
        return request.cookies.get(self._name(request, name), "")

    def _write(
        self,
        request: Request,
        response: Response,
        name: str,
        value: str,
        lasts: timedelta,
        same_site: Literal["strict", "lax"],
    ) -> None:
        response.set_cookie(
            self._name(request, name),
            value,
            max_age=int(lasts.total_seconds()),
            path="/",
            httponly=True,
            samesite=same_site,
            secure=self.is_secure(request),
        )


def form_token(keys: Keys, session: Session) -> str:
    """Return what every form of a session carries."""
    return keys.sign("form", session.key_hash)


def is_form_token(keys: Keys, session: Session, given: str) -> bool:
    """Say whether a form came from one of this session's pages."""
    return keys.is_signed("form", session.key_hash, given)


def address_of(request: Request) -> str:
    """Return from which address somebody comes; of IPv6, the network that one household has."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _mark(mark: str, email: str) -> str:
    return f"{mark}:{email.strip().lower()}"
