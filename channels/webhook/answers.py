"""What a receiver's answer means: one table, and a safe default for the rest."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError

_DOWN = {
    401: "the receiver refuses our signature (401): compare FRONTDESK_WEBHOOK_SECRET on both sides",
    410: "the receiver says that it is gone (410): set FRONTDESK_WEBHOOK_URL to its new address",
}
_LATER = frozenset({408, 425, 429})


def failure(answer: httpx.Response, now: datetime) -> FrontdeskError | None:
    """Return the error that an answer stands for; None when the message was accepted."""
    status = answer.status_code
    if answer.is_success:
        return None
    if status in _DOWN:
        return ChannelDownError(_DOWN[status])
    if status in _LATER or status >= 500:
        retry_in = wait_of(answer.headers.get("retry-after"), now)
        return RetryableError(f"the receiver answered {status}", retry_in=retry_in)
    if status < 400:
        return ChannelDownError(
            f"the receiver redirects us ({status}): set FRONTDESK_WEBHOOK_URL to the new address"
        )
    if _says_unreachable(answer):
        return UnreachableError("the receiver says that this customer cannot be reached")
    return RejectedError(f"the receiver answered {status}")


def wait_of(retry_after: str | None, now: datetime) -> timedelta | None:
    """Return how long a ``Retry-After`` header asks to wait: seconds or a date."""
    if not retry_after:
        return None
    if retry_after.isdecimal():
        return timedelta(seconds=min(int(retry_after), 86_400))
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(timedelta(), at.replace(tzinfo=at.tzinfo or UTC) - now)


def url_of(answer: httpx.Response) -> str | None:
    """Return the address that an answer tells, if it does."""
    url = _said(answer).get("url")
    return url if isinstance(url, str) and url.startswith("https://") else None


def _says_unreachable(answer: httpx.Response) -> bool:
    return _said(answer).get("unreachable") is True


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        said: Any = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
