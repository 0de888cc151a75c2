"""Addresses by which customers see their ticket without an account: signed, and good for a time."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from desk.clock import Clock
from desk.errors import ForbiddenError

PATH = "/t"
LIFETIME = timedelta(days=30)
_FORM = re.compile(r"v1\.([0-9]{1,18})\.([0-9]{1,11})\.([A-Za-z0-9_-]{43})")


class TicketLinkError(ForbiddenError):
    """This link is not valid any more; ask for a new one."""


class TicketLinks:
    """Makes and reads links. They carry the ticket's id and the end; the signature covers both."""

    def __init__(self, secret: str, *, public_url: str | None, clock: Clock) -> None:
        self._key = hashlib.sha256(b"ticket-link:" + secret.encode()).digest()
        self._public_url = (public_url or "").rstrip("/")
        self._clock = clock

    def path(self, ticket_id: int) -> str:
        """Return the address on this server."""
        body = f"v1.{ticket_id}.{int((self._clock() + LIFETIME).timestamp())}"
        return f"{PATH}/{body}.{self._sign(body)}"

    def url(self, ticket_id: int) -> str | None:
        """Return the whole address; None without a public address of ours, as it would lead nowhere."""
        return f"{self._public_url}{self.path(ticket_id)}" if self._public_url else None

    def read(self, token: str) -> int:
        """Return the id of the ticket that a link leads to.

        Raises:
            TicketLinkError: it is not ours, or its time is over.
        """
        form = _FORM.fullmatch(token)
        if form is None:
            raise TicketLinkError
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(body), signature):
            raise TicketLinkError
        if datetime.fromtimestamp(int(form[2]), UTC) <= self._clock():
            raise TicketLinkError
        return int(form[1])

    def _sign(self, body: str) -> str:
        digest = hmac.new(self._key, body.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()
