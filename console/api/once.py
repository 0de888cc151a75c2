"""Creating something, once for each ``Idempotency-Key``."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from console.api.fields import Given, Shown
from desk import idempotency
from desk.access.policy import Principal
from desk.clock import Clock


class Once:
    """Does work in a transaction, and remembers the answer in the same one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def create(
        self,
        session: AsyncSession,
        request: Request,
        given: Given,
        work: Callable[[], Awaitable[Shown]],
    ) -> Response:
        """Return 201 and what the work made, or what was answered before."""

        async def done() -> idempotency.Answer:
            return idempotency.Answer(HTTPStatus.CREATED, (await work()).model_dump_json())

        answer = await idempotency.once(session, _asked(request, given), self._clock(), done)
        headers = {"Idempotent-Replayed": "true"} if answer.is_repeated else {}
        return Response(answer.body, answer.status, headers, "application/json")


def _asked(request: Request, given: BaseModel) -> idempotency.Request | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    caller: Principal = request.state.caller
    what = json.dumps(
        [request.method, request.url.path, given.model_dump(mode="json")], sort_keys=True
    )
    digest = hashlib.sha256(what.encode()).hexdigest()
    return idempotency.Request(caller=caller.id, key=key, digest=digest)
