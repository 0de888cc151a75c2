"""What a transaction does last: rows that nobody reads before, written in one statement a table; then steps."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk.store import core

_WAITING = "deferred_rows"
_STEPS = "deferred_steps"

type Step = Callable[[AsyncSession], Awaitable[None]]


def defer(session: AsyncSession, statement: Insert, rows: Iterable[Mapping[str, Any]]) -> None:
    """Remember rows for the end of the transaction; build ``statement`` once, it is the key they wait under."""
    session.info.setdefault(_WAITING, {}).setdefault(statement, []).extend(rows)


def at_end(session: AsyncSession, step: Step) -> None:
    """Take a step once, however often it is asked for, after all rows: for locks that everybody wants."""
    session.info.setdefault(_STEPS, {})[step] = True


type Mark = tuple[dict[Insert, int], frozenset[Step]]


def mark(session: AsyncSession) -> Mark:
    """Return how much waits now, for :func:`back`."""
    rows = session.info.get(_WAITING, {})
    sizes = {statement: len(waiting) for statement, waiting in rows.items()}
    return sizes, frozenset(session.info.get(_STEPS, {}))


def back(session: AsyncSession, to: Mark) -> None:
    """Forget what has come since a mark: the part of the transaction that it belonged to was taken back."""
    sizes, steps = to
    for statement, rows in session.info.get(_WAITING, {}).items():
        del rows[sizes.get(statement, 0) :]
    known = session.info.get(_STEPS, {})
    for step in set(known) - steps:
        del known[step]


async def write(session: AsyncSession) -> None:
    """Write what waits; whoever opens a transaction to write in does this last."""
    for statement, rows in session.info.pop(_WAITING, {}).items():
        if rows:
            await core.run(session, statement, rows)
    for step in session.info.pop(_STEPS, {}):
        await step(session)
