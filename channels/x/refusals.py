"""What X's refusals mean: one table, read from above, and a safe default for what it does not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import requests

from channels.x import windows
from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError


class UnsureError(RetryableError):
    """X did not say whether it did what we asked."""


class DuplicateError(RejectedError):
    """X does not take the same words twice."""


@dataclass(frozen=True)
class _Row:
    status: int
    words: str
    error: type[FrontdeskError]
    meaning: str


_KEYS = "X refuses our keys: make new ones and set FRONTDESK_X_API_KEY and the others"
_CREDIT = "the X app has no credit left: buy credits in X's Developer Console"
_CAPPED = "X's spending limit or usage cap is reached: raise it in X's Developer Console"
_SUSPENDED = "X has suspended or locked our account: sign in at x.com and see what it asks for"
_RIGHTS = "the X app may not do this: give it read, write and direct message rights, then make new access tokens"
_VERIFIED = "the customer takes messages from verified accounts only"
_CLOSED = "the author does not allow us to reply to this post"

# fmt: off
_TABLE = (
    _Row(401, "", ChannelDownError, _KEYS),
    _Row(402, "", ChannelDownError, _CREDIT),
    _Row(403, "credits-depleted", ChannelDownError, _CREDIT),
    _Row(403, "usage-capped", ChannelDownError, _CAPPED),
    _Row(429, "usage-capped", ChannelDownError, _CAPPED),
    _Row(403, "your account is suspended", ChannelDownError, _SUSPENDED),
    _Row(403, "account is temporarily locked", ChannelDownError, _SUSPENDED),
    _Row(403, "oauth1-permissions", ChannelDownError, _RIGHTS),
    _Row(403, "client-forbidden", ChannelDownError, _RIGHTS),
    _Row(403, "client-not-enrolled", ChannelDownError, _RIGHTS),
    _Row(403, "unsupported-authentication", ChannelDownError, _RIGHTS),
    _Row(403, "duplicate", DuplicateError, "X does not take the same words twice"),
    _Row(403, "looks like it might be automated", RetryableError, "X takes this for spam at the moment"),
    _Row(403, "you have been blocked", UnreachableError, "the customer has blocked us"),
    _Row(403, "cannot send messages to", UnreachableError, "the customer takes no messages from us"),
    _Row(403, "not verified to send message requests", UnreachableError, _VERIFIED),
    _Row(403, "user has been suspended", UnreachableError, "X has suspended the customer's account"),
    _Row(403, "deleted or not visible", RejectedError, "the post is deleted, or its author is protected"),
    _Row(403, "reply to this conversation is not allowed", RejectedError, _CLOSED),
    _Row(403, "restricted who can reply", RejectedError, _CLOSED),
    _Row(404, "user", UnreachableError, "the customer's account is gone"),
    _Row(408, "", UnsureError, "X did not answer in time"),
    _Row(409, "", RetryableError, "X is busy with an earlier request"),
    _Row(429, "", RetryableError, "X asks us to wait"),
    _Row(503, "", RetryableError, "X is overloaded"),
)
# fmt: on


def meaning(answer: requests.Response, now: datetime) -> FrontdeskError:
    """Return the error that a refusal stands for."""
    status, said = answer.status_code, _said(answer)
    for row in _TABLE:
        if row.status == status and row.words in said:
            error = row.error(f"{row.meaning} ({status})")
            if isinstance(error, RetryableError) and status == 429:
                error.retry_in = windows.wait(_lower(answer.headers), now)
            return error
    if status >= 500:
        return UnsureError(f"X has a problem ({status})")
    return RejectedError(f"X refuses this ({status}): {said[:200]}")


def _said(answer: requests.Response) -> str:
    """Return all words of a refusal, in lower case: X has several forms for them."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = [one for one in body.get("errors") or [] if isinstance(one, dict)]
    words = [
        one.get(key) for one in (body, *errors) for key in ("title", "detail", "message", "type")
    ]
    return " ".join(str(word) for word in words if word).lower()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
