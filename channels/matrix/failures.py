"""What a homeserver's refusal means: one table, and a safe default for the rest."""

from datetime import timedelta
from typing import Any

import httpx

from desk.channel import ChannelDownError
from desk.errors import FrontdeskError, RejectedError, RetryableError

_DOWN = frozenset(
    {
        "M_UNKNOWN_TOKEN",
        "M_MISSING_TOKEN",
        "M_USER_DEACTIVATED",
        "M_USER_LOCKED",
        "M_USER_SUSPENDED",
    }
)
_LONGEST = 86_400_000


def failure(
    answer: httpx.Response, forbidden: type[FrontdeskError] = RejectedError
) -> FrontdeskError:
    """Return the error of an answer that is no success; ``forbidden`` is what M_FORBIDDEN means here."""
    said = body_of(answer)
    code = str(said.get("errcode", ""))
    words = f"the homeserver answered {answer.status_code} {code}".rstrip()
    if answer.status_code == 429 or code == "M_LIMIT_EXCEEDED":
        return RetryableError(words, retry_in=_wait(answer, said))
    if code in _DOWN or answer.status_code == 401:
        return ChannelDownError(
            f"{words}: compare FRONTDESK_MATRIX_AS_TOKEN with the registration"
        )
    if answer.status_code >= 500:
        return RetryableError(words)
    if answer.status_code < 400:
        return ChannelDownError(f"{words}: set FRONTDESK_MATRIX_HOMESERVER to where it redirects")
    return (forbidden if code == "M_FORBIDDEN" else RejectedError)(words)


def body_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one when there is none."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _wait(answer: httpx.Response, said: dict[str, Any]) -> timedelta | None:
    milliseconds = said.get("retry_after_ms")
    if isinstance(milliseconds, int) and milliseconds >= 0:
        return timedelta(milliseconds=min(milliseconds, _LONGEST))
    seconds = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(seconds), 86_400)) if seconds.isdecimal() else None
