"""Rows that nobody reads before the transaction ends: collected, then written in one statement a table."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import core

_WAITING = "deferred_rows"


def defer(session: AsyncSession, statement: Insert, rows: Iterable[Mapping[str, Any]]) -> None:
    """Remember rows for the end of the transaction; build ``statement`` once, it is the key they wait under."""
    session.info.setdefault(_WAITING, {}).setdefault(statement, []).extend(rows)


async def write(session: AsyncSession) -> None:
    """Write what waits; whoever opens a transaction to write in does this last."""
    for statement, rows in session.info.pop(_WAITING, {}).items():
        if rows:
            await core.run(session, statement, rows)
