"""Statements built once and run without the ORM: on the hot path building them costs more than running them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

type Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
type Found = Row[*tuple[Any, ...]]


async def fetch(
    session: AsyncSession, statement: Executable, parameters: Parameters
) -> Sequence[Found]:
    """Return all rows. What the ORM has changed in this session and not yet written is not seen."""
    return await session.run_sync(_fetch, statement, parameters)


async def fetch_one(
    session: AsyncSession, statement: Executable, parameters: Parameters
) -> Found | None:
    """Return the first row, if there is one."""
    rows = await session.run_sync(_fetch, statement, parameters)
    return rows[0] if rows else None


async def run(session: AsyncSession, statement: Executable, parameters: Parameters) -> int:
    """Run an insert or an update and return how many rows it touched."""
    return await session.run_sync(_run, statement, parameters)


def _fetch(session: Session, statement: Executable, parameters: Parameters) -> Sequence[Found]:
    return session.connection().execute(statement, parameters).all()


def _run(session: Session, statement: Executable, parameters: Parameters) -> int:
    return session.connection().execute(statement, parameters).rowcount
