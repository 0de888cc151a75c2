"""Imports through the API: ``POST /api/v1/import/{kind}`` with JSON rows or a file as the body."""

import asyncio
import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app import intake
from app.wiring import Desk
from console.api.rate import Rate
from desk.access.audit import Audit
from desk.access.policy import Deed, Principal, Role, allows
from desk.access.tokens import Tokens
from desk.errors import ForbiddenError, InvalidError
from desk.imports.report import ImportReport

LARGEST_BODY = 10 * 1024 * 1024
MOST_ROWS = 100_000
"""Rows of one request; what is larger is a file for the command line, which goes on where it was cut."""
MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes that a Parquet file may hold; packed, a few kilobytes can be any number of them."""
RATE = "30/minute"
MOST_AT_ONCE = 5
"""Requests that may be here at a time, one at work and the others with their bodies in memory."""
_OPERATOR = "console"
"""Under which name the record has whoever came with the console's token."""
_ABOUT_PEOPLE = frozenset({intake.CONTACTS, intake.BEHAVIOUR})
_MAY_TELL_THE_SHOP = frozenset({Role.MANAGER, Role.ADMIN})
_ENDINGS = {
    "text/csv": ".csv",
    "application/vnd.apache.parquet": ".parquet",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
}
"""Bodies that are files, and how such a file ends."""


def routes(desk: Desk, *, rate: str = RATE) -> list[BaseRoute]:
    """Return the routes of the import; ``rate`` is how fast one token may ask."""
    post = Imports(desk, Rate(rate)).post
    return [Route("/api/v1/import/{kind}", post, methods=["POST"])]


class Imports:
    """Takes records in, for whoever has the console's token or one of the API."""

    def __init__(self, desk: Desk, rate: Rate) -> None:
        self._desk = desk
        self._rate = rate
        self._audit = Audit(desk.database, desk.clock)
        self._here = 0
        self._tokens = Tokens(desk.database, desk.clock)
        # One at a time: two imports of the same contacts at once would add each of them twice.
        self._turn = asyncio.Lock()

    async def post(self, request: Request) -> Response:
        """Import what is in the body and say what came of every row.

        ``accepted`` counts the rows that are now as they were sent; ``unchanged`` those among them that were so
        before, and is null for kinds that cannot tell.
        """
        caller = await self._caller(request)
        told = await self._paced(caller)
        kind = intake.check_kind(request.path_params["kind"])
        _allow(caller, kind)
        content_type, charset = _content_type(request)
        if content_type != "application/json" and content_type not in _ENDINGS:
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"send application/json or {', '.join(_ENDINGS)}",
            )
        with self._place():
            body = await _body(request)
            # Whoever sends slowly keeps nobody waiting.
            async with self._turn:
                outcome = await self._import(kind, body, content_type, charset)
        await self._note(caller, kind, outcome, len(body))
        return JSONResponse(_answer(outcome), headers=told)

    async def _caller(self, request: Request) -> Principal:
        """Return who asks: whoever has the console's token, or one of the API."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise _no_token()
        console = self._desk.settings.console_token
        wanted = console.get_secret_value().encode() if console is not None else None
        if wanted and secrets.compare_digest(given.strip().encode(), wanted):
            return Principal(id=_OPERATOR, name=_OPERATOR, role=Role.ADMIN)
        caller = await self._tokens.principal_of(given.strip())
        if caller is None:
            raise _no_token()
        return caller

    async def _paced(self, caller: Principal) -> dict[str, str]:
        """Count a request, also one that is refused then; return the headers that say what is left."""
        allowed, told = await self._rate.count(caller.id)
        if not allowed:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                "this token imports too fast; send more rows at once, or wait",
                headers=told,
            )
        return told

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Be one of the few who send and wait at a time."""
        if self._here >= MOST_AT_ONCE:
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "others are importing; come again in a moment",
                headers={"Retry-After": "5"},
            )
        self._here += 1
        try:
            yield
        finally:
            self._here -= 1

    async def _import(
        self, kind: str, body: bytes, content_type: str, charset: str | None
    ) -> ImportReport:
        ending = _ENDINGS.get(content_type)
        if ending is not None:
            await asyncio.to_thread(_check_size, body, ending)
            return await self._file(kind, body, ending, charset)
        rows = await asyncio.to_thread(_rows, body)
        return await intake.import_rows(self._desk.database, self._desk.clock, kind, rows)

    async def _note(self, caller: Principal, kind: str, outcome: ImportReport, size: int) -> None:
        await self._audit.add(
            by=caller.name,
            deed=Deed.DATA_IMPORT,
            thing=f"import:{kind}",
            detail={
                "token": caller.id,
                "bytes": size,
                "accepted": outcome.accepted,
                "created": outcome.created,
                "rejected": outcome.rejected_count,
            },
        )

    async def _file(
        self, kind: str, body: bytes, ending: str, charset: str | None
    ) -> ImportReport:
        encoding = "utf-8-sig" if charset in (None, "utf-8", "utf8") else str(charset)
        with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
            path = Path(folder) / f"{kind}{ending}"
            await asyncio.to_thread(path.write_bytes, body)
            return await intake.import_file(
                self._desk.database, self._desk.clock, kind, path, encoding=encoding
            )


def _allow(caller: Principal, kind: str) -> None:
    """Let in who may import; raises ForbiddenError."""
    if not allows(caller, Deed.DATA_IMPORT):
        raise ForbiddenError(f"this needs the scope {Deed.DATA_IMPORT} and a role that may")
    if kind not in _ABOUT_PEOPLE and caller.role not in _MAY_TELL_THE_SHOP:
        raise ForbiddenError("what the shop sold is imported by a manager's or admin's token")


def _check_size(body: bytes, ending: str) -> None:
    """Refuse what would be too much once it is unpacked; what is no Parquet file is for the importer to say."""
    if ending != ".parquet":
        # Every row ends a line, the last perhaps not.
        _check_rows(body.count(b"\n"))
        return
    try:
        found = parquet.read_metadata(pa.BufferReader(body))
    except (pa.ArrowException, OSError):
        return
    unpacked = sum(found.row_group(n).total_byte_size for n in range(found.num_row_groups))
    _check_rows(found.num_rows)
    if unpacked > MOST_UNPACKED:
        raise _too_much(f"at most {MOST_UNPACKED // 1024 // 1024} MB unpacked")


def _check_rows(count: int) -> None:
    # A file may have a head.
    if count > MOST_ROWS + 1:
        raise _too_much(f"at most {MOST_ROWS:,} rows")


def _too_much(limit: str) -> HTTPException:
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{limit}; send it in parts, or import the file with the command line",
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
            raise _too_much("at most 10 MB")
    return bytes(body)


def _rows(body: bytes) -> list[Mapping[str, Any]]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError("the body is not JSON") from error
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise InvalidError('the body must be {"rows": [...]} with an object for each record')
    _check_rows(len(rows))
    return rows


def _no_token() -> HTTPException:
    return HTTPException(
        HTTPStatus.UNAUTHORIZED,
        "send Authorization: Bearer and the console's token or one of the API",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _answer(outcome: ImportReport) -> dict[str, Any]:
    return {
        "accepted": outcome.accepted,
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "rejected": [{"line": r.line, "reason": r.reason} for r in outcome.rejected],
        "rejected_count": outcome.rejected_count,
        "cleaned": outcome.cleaned,
        "missing": outcome.missing,
    }
