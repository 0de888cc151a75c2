"""Addresses by which somebody rates without signing in: signed, and good as long as an answer is wanted."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

from desk.clock import Clock
from desk.errors import NotFoundError

PATH = "/f"
_FORM = re.compile(r"v1\.([0-9]{1,18})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class LinkError(NotFoundError):
    """This link is not one of ours."""


class LinkExpiredError(LinkError):
    """This link is too old; an answer is not needed any more."""

    status_code = 410


class SurveyLinks:
    """Makes and reads links. They carry the row's id and when they end; the signature covers both."""

    def __init__(self, secret: str, *, public_url: str | None, clock: Clock) -> None:
        self._key = hashlib.sha256(b"survey-link:" + secret.encode()).digest()
        self._public_url = (public_url or "").rstrip("/")
        self._clock = clock

    @property
    def can_be_followed(self) -> bool:
        """Whether there is a public address of ours to link to."""
        return bool(self._public_url)

    def url(self, feedback_id: int, until: datetime, score: int | None = None) -> str:
        """Return the address of a question, on which ``score`` is chosen already but not yet given."""
        chosen = "" if score is None else f"?score={score}"
        return f"{self._public_url}{PATH}/{self.token(feedback_id, until)}{chosen}"

    def token(self, feedback_id: int, until: datetime) -> str:
        """Return what proves that somebody may answer a question until then."""
        body = f"v1.{feedback_id}.{int(until.timestamp())}"
        return f"{body}.{self._sign(body)}"

    def read(self, token: str) -> int:
        """Return the id of the question.

        Raises:
            LinkError: it is not ours.
            LinkExpiredError: its time is over.
        """
        form = _FORM.fullmatch(token)
        if form is None:
            raise LinkError
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(body), signature):
            raise LinkError
        if datetime.fromtimestamp(int(form[2]), UTC) <= self._clock():
            raise LinkExpiredError
        return int(form[1])

    def _sign(self, body: str) -> str:
        digest = hmac.digest(self._key, body.encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=").decode()
