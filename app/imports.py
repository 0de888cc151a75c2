"""Imports through the API: ``POST /api/v1/import/{kind}`` with JSON rows or a CSV file as the body."""

import asyncio
import json
import secrets
import tempfile
from collections.abc import Mapping
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app import intake
from app.intake import Outcome
from app.wiring import Desk
from desk.errors import ForbiddenError, InvalidError

LARGEST_BODY = 10 * 1024 * 1024


def routes(desk: Desk) -> list[BaseRoute]:
    """Return the routes of the import."""
    return [Route("/api/v1/import/{kind}", Imports(desk).post, methods=["POST"])]


class Imports:
    """Takes records in, for whoever has the console's token."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # One at a time: two imports of the same contacts at once would add each of them twice.
        self._turn = asyncio.Lock()

    async def post(self, request: Request) -> Response:
        """Import what is in the body and say what came of every row.

        ``accepted`` counts the rows that are now as they were sent; ``unchanged`` those among them that were so
        before, and is null for kinds that cannot tell.
        """
        self._authorise(request)
        kind = intake.check_kind(request.path_params["kind"])
        content_type, charset = _content_type(request)
        if content_type not in ("application/json", "text/csv"):
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json or text/csv"
            )
        body = await _body(request)
        async with self._turn:
            if content_type == "text/csv":
                outcome = await self._csv(kind, body, charset)
            else:
                rows = await asyncio.to_thread(_rows, body)
                outcome = await intake.import_rows(
                    self._desk.database, self._desk.clock, kind, rows
                )
        return JSONResponse(_answer(outcome))

    def _authorise(self, request: Request) -> None:
        token = self._desk.settings.console_token
        if token is None:
            raise ForbiddenError("FRONTDESK_CONSOLE_TOKEN is not set, so nobody may import")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        wanted = token.get_secret_value().encode()
        if scheme.lower() != "bearer" or not secrets.compare_digest(
            given.strip().encode(), wanted
        ):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                "send Authorization: Bearer and the console's token",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _csv(self, kind: str, body: bytes, charset: str | None) -> Outcome:
        encoding = "utf-8-sig" if charset in (None, "utf-8", "utf8") else str(charset)
        with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
            path = Path(folder) / f"{kind}.csv"
            await asyncio.to_thread(path.write_bytes, body)
            return await intake.import_file(
                self._desk.database, self._desk.clock, kind, path, encoding=encoding
            )


def _content_type(request: Request) -> tuple[str, str | None]:
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    charset = message.get_content_charset()
    return message.get_content_type(), charset


async def _body(request: Request) -> bytes:
    """Read at most 10 MB, counting what comes and not what the header promises."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 10 MB; send it in parts"
            )
    return bytes(body)


def _rows(body: bytes) -> list[Mapping[str, Any]]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError("the body is not JSON") from error
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise InvalidError('the body must be {"rows": [...]} with an object for each record')
    return rows


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {
        "accepted": outcome.accepted,
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "rejected": [{"line": r.line, "reason": r.reason} for r in outcome.rejected],
    }
