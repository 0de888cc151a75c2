"""Who asks, may they, and how much do they send: decided before a request is looked into."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from console.api.problems import ApiError, documented
from console.api.rate import Rate
from console.api.services import PrincipalOf
from console.trail import SEEN
from desk.access.audit import Audit
from desk.access.policy import Deed, Principal, allows
from desk.media.sniff import UNKNOWN

LARGEST_BODY = 128 * 1024
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_BYTES = {"content": {UNKNOWN: {"schema": {"type": "string", "format": "binary"}}}}

type Endpoint = Callable[..., Awaitable[object]]
type IsOwn = Callable[[Request, Principal], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing the API can do: where, by whom, and what it answers.

    Where a role may do the deed on its own things only, ``own`` says whether this is one.
    """

    method: str
    path: str
    endpoint: Endpoint
    deed: Deed
    #: None where it gives the bytes of a file.
    answer: type[BaseModel] | None
    creates: bool = False
    own: IsOwn | None = None
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The operation's name, which is unique."""
        return self.endpoint.__name__

    def answers(self) -> dict[int | str, dict[str, Any]]:
        """Return every way in which it may be refused."""
        given = {HTTPStatus.OK.value: _BYTES} if self.answer is None else {}
        codes = ["no_token", "forbidden", "not_found", "invalid", "too_fast", "later"]
        if self.method in _WITH_BODY:
            codes += ["bad_json", "too_large", "media_type", "conflict"]
        return given | documented(*codes, *self.problems)


class Door:
    """Lets requests in."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        *,
        principal_of: PrincipalOf,
        rate: Rate,
        audit: Audit,
    ) -> None:
        self._operations = operations
        self._principal_of = principal_of
        self._rate = rate
        self._audit = audit

    async def saw(self, request: Request, operation: str, response: Response) -> None:
        """Write into the record that a program was told of customers, before it is."""
        rule = self._operations[operation]
        if (
            rule.method != "GET"
            or rule.deed not in SEEN
            or response.status_code >= HTTPStatus.BAD_REQUEST
        ):
            return
        caller: Principal = request.state.caller
        kind = rule.path.split("/")[1].removesuffix("s")
        one = list(request.path_params.values())
        await self._audit.add(
            by=caller.name,
            deed=rule.deed,
            thing=f"{kind}:{one[0]}" if one else kind,
            detail={"did": operation, "token": caller.id},
        )

    async def admit(self, request: Request, operation: str) -> tuple[Request, dict[str, str]]:
        """Return a request that may go on, its body read, and headers for its answer.

        Raises:
            ApiError: it may not.
        """
        rule = self._operations[operation]
        caller = await self._principal_of(_token(request))
        if caller is None:
            raise _no_token()
        allowed, told = await self._rate.count(caller.id)
        if not allowed:
            raise ApiError("too_fast", "", headers=told)
        own = rule.own is not None and await rule.own(request, caller)
        if not allows(caller, rule.deed, own=own):
            detail = f"this needs the scope {rule.deed} and a role that may; ask an administrator"
            raise ApiError("forbidden", detail, headers=told)
        request.state.caller = caller
        return (await _read(request) if rule.method in _WITH_BODY else request), told


class GuardedRoute(APIRoute):
    """A route behind the door of its application."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers, once the door has let a request in."""
        inner, name = super().get_route_handler(), str(self.operation_id)

        async def handle(request: Request) -> Response:
            door: Door = request.app.state.door
            admitted, told = await door.admit(request, name)
            response = await inner(admitted)
            await door.saw(request, name, response)
            response.headers.update(told)
            return response

        return handle


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _no_token()
    return token.strip()


def _no_token() -> ApiError:
    detail = "send Authorization: Bearer and a token; an administrator makes one in the console"
    return ApiError("no_token", detail, headers={"WWW-Authenticate": "Bearer"})


async def _read(request: Request) -> Request:
    """Return the request with its body read, of which nothing is believed that its headers say."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ApiError("too_large", f"at most {LARGEST_BODY // 1024} kB")
    if body and kind != "application/json":
        raise ApiError("media_type", "send Content-Type: application/json")

    async def again() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, again)


async def _caller(request: Request) -> Principal:
    caller: Principal = request.state.caller
    return caller


Caller = Annotated[Principal, Depends(_caller)]
