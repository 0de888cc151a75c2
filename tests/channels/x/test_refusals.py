"""The table of X's refusals, and the windows that its headers announce."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from channels.x.refusals import DuplicateError, UnsureError, meaning
from channels.x.windows import Window, window
from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOON = int(NOW.timestamp())
PROBLEMS = "https://api.x.com/2/problems/"

CASES: list[tuple[int, object, type[FrontdeskError]]] = [
    (400, {"detail": "invalid"}, RejectedError),
    (401, None, ChannelDownError),
    (402, {"type": f"{PROBLEMS}credits-depleted"}, ChannelDownError),
    (403, {"detail": "anything else"}, RejectedError),
    (403, {"errors": [{"code": 64, "message": "Your account is suspended and is not ..."}]}, ChannelDownError),
    (403, {"errors": [{"code": 63, "message": "User has been suspended."}]}, UnreachableError),
    (403, {"errors": [{"code": 349, "message": "You cannot send messages to this user."}]}, UnreachableError),
    (403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}, DuplicateError),
    (403, {"detail": "Reply to this conversation is not allowed because ..."}, RejectedError),
    (403, {"type": f"{PROBLEMS}oauth1-permissions"}, ChannelDownError),
    (404, {"detail": "Could not find tweet with id: [1]."}, RejectedError),
    (404, {"detail": "Could not find user with id: [1]."}, UnreachableError),
    (429, {"title": "UsageCapExceeded", "type": f"{PROBLEMS}usage-capped"}, ChannelDownError),
    (429, [], RetryableError),
    (500, {"errors": "?"}, UnsureError),
    (502, None, UnsureError),
    (503, None, RetryableError),
]  # fmt: skip


def answer(status: int, body: object, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = b"<html>" if body is None else json.dumps(body).encode()
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@pytest.mark.parametrize(("status", "body", "error"), CASES)
def test_means(status: int, body: object, error: type[FrontdeskError]) -> None:
    assert type(meaning(answer(status, body), NOW)) is error


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": str(NOON + 37)}, 37),
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": str(NOON - 37)}, 0),
        ({"retry_after": "5"}, 5),
        ({"retry_after": "soon"}, None),
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: int | None) -> None:
    error = meaning(answer(429, {}, **headers), NOW)
    assert isinstance(error, RetryableError)
    assert error.retry_in == (None if seconds is None else timedelta(seconds=seconds))


def test_the_closed_window_counts_and_x_has_its_own_clock() -> None:
    later = NOW + timedelta(hours=5)
    headers = {
        "date": format_datetime(NOW + timedelta(minutes=5)),
        "x-rate-limit-remaining": "3",
        "x-rate-limit-reset": str(NOON + 900),
    }
    assert window(headers, NOW) == Window(3, NOW + timedelta(minutes=10))
    headers |= {
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": str(int(later.timestamp())),
    }
    closed = window(headers, NOW)
    assert closed == Window(0, later - timedelta(minutes=5))
    assert closed.closed_for(NOW) == timedelta(hours=5, minutes=-5)
    assert closed.closed_for(later) is None
    assert window({}, NOW) is None
