"""What went wrong, as RFC 9457 says it: a code for programs, a sentence for people that says what to do."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from desk.contacts.editing import KnownContactError
from desk.errors import (
    ConflictError,
    ForbiddenError,
    FrontdeskError,
    InvalidError,
    NotFoundError,
    RejectedError,
    RetryableError,
)
from desk.handoff.capacity import FullError
from desk.idempotency import KeyUsedError
from desk.store.storable import storable
from desk.tickets.conflicts import MergedError, StaleError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
_MOST_ERRORS = 20


class FieldProblem(BaseModel):
    """One part of a request that is wrong."""

    where: str
    problem: str


class Problem(BaseModel):
    """What went wrong. ``code`` does not change; ``detail`` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = Field(default_factory=list)


class ApiError(FrontdeskError):
    """A refusal of the API's own, with its code, status and headers."""

    def __init__(
        self, code: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.headers = headers or {}


CODES: Mapping[str, tuple[HTTPStatus, str]] = {
    "bad_json": (HTTPStatus.BAD_REQUEST, "The body is not JSON."),
    "no_token": (HTTPStatus.UNAUTHORIZED, "There is no token, or it is not good any more."),
    "forbidden": (HTTPStatus.FORBIDDEN, "This token may not do this."),
    "not_found": (HTTPStatus.NOT_FOUND, "There is no such thing."),
    "method": (HTTPStatus.METHOD_NOT_ALLOWED, "This address takes other methods."),
    "conflict": (HTTPStatus.CONFLICT, "It does not fit what is true now."),
    "stale": (
        HTTPStatus.CONFLICT,
        "Somebody changed it in the meantime; `current` is what it is.",
    ),
    "merged": (HTTPStatus.CONFLICT, "It became part of another one, `into`."),
    "known": (HTTPStatus.CONFLICT, "There is one like this already, `contact_id`."),
    "full": (HTTPStatus.CONFLICT, "The agent has enough conversations; ask again to insist."),
    "too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    "media_type": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json."),
    "invalid": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Something in the request is wrong; see `errors`.",
    ),
    "key_used": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This Idempotency-Key was used for another request.",
    ),
    "too_fast": (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests; wait as Retry-After says."),
    "later": (HTTPStatus.SERVICE_UNAVAILABLE, "It cannot be done now; try again."),
}
"""Every code, its status and what it means."""

_OF_ERRORS: Sequence[tuple[type[FrontdeskError], str]] = (
    (StaleError, "stale"),
    (MergedError, "merged"),
    (KnownContactError, "known"),
    (FullError, "full"),
    (KeyUsedError, "key_used"),
    (NotFoundError, "not_found"),
    (ConflictError, "conflict"),
    (ForbiddenError, "forbidden"),
    (InvalidError, "invalid"),
    (RetryableError, "later"),
    (RejectedError, "later"),
)
_OF_STATUS = {404: "not_found", 405: "method", 413: "too_large", 400: "bad_json"}
_TOLD = ("contact_id", "into")


def problem(
    code: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldProblem] = (),
    **more: Any,
) -> Response:
    """Return a response that says what went wrong."""
    status, title = CODES[code]
    body: dict[str, Any] = {
        "type": f"/api/v1/docs#{code}",
        "title": title,
        "status": int(status),
        "code": code,
        "detail": storable(detail or title, 500),
        "errors": [one.model_dump() for one in errors],
    }
    return JSONResponse(body | more, status, headers, MEDIA_TYPE)


async def refused(_: Request, error: Exception) -> Response:
    """Answer one of our own errors."""
    if isinstance(error, ApiError):
        return problem(error.code, str(error), headers=error.headers)
    code = next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), "")
    if not code:
        raise error
    more = {name: getattr(error, name) for name in _TOLD if hasattr(error, name)}
    wait = getattr(error, "retry_in", None)
    headers = (
        {"Retry-After": str(int(wait.total_seconds()) if wait else 2)} if code == "later" else {}
    )
    return problem(code, str(error), headers=headers, **more)


async def malformed(_: Request, error: Exception) -> Response:
    """Answer a request that is not as it should be; what it held is not repeated."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(one["type"] == "json_invalid" for one in found):
        return problem("bad_json")
    errors = [
        FieldProblem(where=_where(one["loc"]), problem=storable(str(one["msg"]), 300))
        for one in found[:_MOST_ERRORS]
    ]
    detail = f"{errors[0].where}: {errors[0].problem}" if errors else ""
    return problem("invalid", detail, errors=errors)


def _where(path: Sequence[object]) -> str:
    return storable(".".join(map(str, path)), 200)


async def of_http(_: Request, error: Exception) -> Response:
    """Answer what the framework refuses."""
    if not isinstance(error, HTTPException):
        raise error
    return problem(_OF_STATUS[error.status_code], headers=error.headers)


async def no_database(_: Request, error: Exception) -> Response:
    """Answer when the database is away; whatever else it says is a fault of ours."""
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError):
        raise error
    log.warning("api_database_away", error=type(error).__name__)
    return problem("later", headers={"Retry-After": "2"})


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the answers that say what went wrong, for the description of an operation."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, title = CODES[code]
        entry = found.setdefault(
            int(status),
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
        entry["description"] = f"{entry['description']} `{code}`: {title}".strip()
    return found
