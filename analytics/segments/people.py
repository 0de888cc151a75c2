"""The people in the engine: whom a rule finds, and who somebody is."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound
from ibis.expr.types import Table

from analytics.segments.compile import members
from analytics.segments.model import Preview, Someone
from analytics.segments.rule import Rule
from analytics.warehouse.tables import SCHEMAS
from desk.errors import ConflictError, FrontdeskError, RetryableError

type Reading = Callable[[], AbstractContextManager[BaseBackend]]
"""Opens the engine's tables as they are now."""

_SAMPLE = 10
_AT_ONCE = 5_000
"""Ids in one question."""


class _Tables(Mapping[str, Table]):
    """The engine's tables, each looked up when it is asked for."""

    def __init__(self, engine: BaseBackend) -> None:
        self._engine = engine

    def __getitem__(self, name: str) -> Table:
        return self._engine.table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(SCHEMAS)

    def __len__(self) -> int:
        return len(SCHEMAS)


class People:
    """Asks the engine, which is opened for each question and closed after it."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        # An engine that is kept open has one connection, and that is for one at a time.
        self._lock = asyncio.Lock()

    async def members(self, rule: Rule, now: datetime) -> pa.Table:
        """Return ``person_id`` and ``contact_id`` of everybody for whom a rule holds.

        Raises:
            NotFoundError, ConflictError: the engine has no people yet.
            RetryableError: the engine cannot answer now.
        """
        return await self._ask(lambda tables: members(rule, tables, now).to_pyarrow())

    async def preview(self, rule: Rule, now: datetime) -> Preview:
        """Return how many a rule finds, and some of them; raises as :meth:`members` does."""
        return await self._ask(lambda tables: _preview(rule, tables, now))

    async def look(self, ids: Sequence[str]) -> list[Someone]:
        """Return who they are, in this order; who is not there any more is an id alone."""
        return await self._ask(lambda tables: _look(ids, tables)) if ids else []

    async def _ask[T](self, question: Callable[[Mapping[str, Table]], T]) -> T:
        async with self._lock:
            return await asyncio.to_thread(self._answer, question)

    def _answer[T](self, question: Callable[[Mapping[str, Table]], T]) -> T:
        try:
            with self._reading() as engine:
                return question(_Tables(engine))
        except FrontdeskError:
            raise
        except TableNotFound as error:
            raise ConflictError(
                f"the analytics engine has not all tables of people yet: {_line(error)}"
            ) from error
        except Exception as error:  # each engine has errors of its own
            raise RetryableError(f"the analytics engine cannot answer: {_line(error)}") from error


def _preview(rule: Rule, tables: Mapping[str, Table], now: datetime) -> Preview:
    start = perf_counter()
    found = members(rule, tables, now).to_pyarrow()
    first = pc.select_k_unstable(found, _SAMPLE, [("person_id", "ascending")])
    sample = _look(found["person_id"].take(first).to_pylist(), tables)
    people: int = tables["person"].count().to_pyarrow().as_py()
    return Preview(
        size=len(found), people=people, sample=tuple(sample), seconds=perf_counter() - start
    )


def _look(ids: Sequence[str], tables: Mapping[str, Table]) -> list[Someone]:
    people = tables["person"].select(*(field.name for field in fields(Someone)))
    found: dict[str, Someone] = {}
    for start in range(0, len(ids), _AT_ONCE):
        wanted = people.person_id.isin(ids[start : start + _AT_ONCE])
        rows = people.filter(wanted).to_pyarrow().to_pylist()
        found |= {row["person_id"]: Someone(**row) for row in rows}
    return [found.get(one, Someone(person_id=one)) for one in ids]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
