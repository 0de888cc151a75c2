"""A request that is made twice under one key has one effect and gets one answer, for a day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import InvalidError
from desk.store.upsert import insert_new
from desk.tables.webhook import ApiAnswerRow

KEPT = timedelta(hours=24)
_PENDING = 0


class KeyUsedError(InvalidError):
    """This Idempotency-Key was used for another request; take a new one."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked: ``digest`` stands for everything that matters of it."""

    caller: str
    key: str
    digest: str


@dataclass(frozen=True)
class Answer:
    """What was answered; ``is_repeated`` when that was earlier."""

    status: int
    body: str
    is_repeated: bool = False


async def once(
    session: AsyncSession,
    request: Request | None,
    now: datetime,
    work: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Do the work, or return what it gave before; both are one transaction, the caller's.

    A twin that comes meanwhile waits for its end. Work that raises is not remembered. Without a request there is no
    key, and the work is done.

    Raises:
        KeyUsedError: the key belongs to a request that was another.
    """
    if request is None:
        return await work()
    where = (ApiAnswerRow.caller == request.caller, ApiAnswerRow.key == request.key)
    await session.execute(
        delete(ApiAnswerRow).where(*where, ApiAnswerRow.created_at <= now - KEPT)
    )
    new = {
        "caller": request.caller,
        "key": request.key,
        "digest": request.digest,
        "status": _PENDING,
        "body": "",
        "created_at": now,
    }
    if not await insert_new(session, ApiAnswerRow, new, unique=("caller", "key")):
        return await _earlier(session, request)
    answer = await work()
    await session.execute(
        update(ApiAnswerRow).where(*where).values(status=answer.status, body=answer.body)
    )
    return answer


async def _earlier(session: AsyncSession, request: Request) -> Answer:
    row = await session.get(ApiAnswerRow, (request.caller, request.key))
    if row is None:
        raise LookupError("an answer vanished between insert and select")
    if row.digest != request.digest:
        raise KeyUsedError
    return Answer(row.status, row.body, is_repeated=True)


async def forget(session: AsyncSession, now: datetime) -> int:
    """Remove the answers whose day is over; return how many."""
    old = delete(ApiAnswerRow).where(ApiAnswerRow.created_at <= now - KEPT)
    result = await session.execute(old)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type for rowcount
    return result.rowcount
