"""What agents see of a person: scores that were computed of everybody, and needs as they are now."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound
from ibis.expr.types import Table
from sqlalchemy import select

from analytics.insight.board import Dashboard
from analytics.insight.contact_between import Between, between, root
from analytics.insight.contact_effect import Effect
from analytics.insight.contact_effects import on_everybody
from analytics.insight.contact_planned import SOURCES, Source
from analytics.insight.contact_ranking import Figures, Ranked, Wanted, figures, ranked
from analytics.insight.needs import Needs, needs
from analytics.warehouse.tables import SCHEMAS
from desk.clock import Clock
from desk.errors import FrontdeskError
from desk.store.database import Database
from desk.tables.contact import ContactRow

if TYPE_CHECKING:
    from analytics.segments.suggestions import Suggestion

log = structlog.get_logger()

_FRESH = timedelta(minutes=5)
_HOUR = timedelta(hours=1)

type Reading = Callable[[], AbstractContextManager[BaseBackend]]
"""Opens the engine's tables as they are now."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A figure, and a word for it if there is one."""

    value: float
    word: str | None


@dataclass(frozen=True, kw_only=True)
class Known:
    """Scores by name, as of ``computed_at``; empty while nothing is computed of this person."""

    scores: Mapping[str, Score]
    computed_at: datetime | None
    needs: Needs


class Insights:
    """Asks the engine about scores, and the desk about needs and what was said.

    ``sources`` know of contacts that are planned.
    """

    def __init__(
        self,
        database: Database,
        reading: Reading,
        clock: Clock,
        *,
        sources: Sequence[Source] = SOURCES,
    ) -> None:
        self._database = database
        self._sources = sources
        self._effects: tuple[datetime, Sequence[Effect]] | None = None
        self._effects_turn = asyncio.Lock()
        self._suggested: tuple[datetime, Sequence[Suggestion]] | None = None
        self._work: asyncio.Task[object] | None = None
        self._reading = reading
        self._clock = clock
        self._board: tuple[datetime, Dashboard] | None = None
        self._turn = asyncio.Lock()

    async def dashboard(self) -> Dashboard | None:
        """Return what all people are like, at most five minutes old; None while nothing is computed."""
        async with self._turn:
            now = self._clock()
            if self._board is None or now - self._board[0] >= _FRESH:
                board = await asyncio.to_thread(
                    self._asked_of, lambda engine: _board(engine, now), None
                )
                self._board = None if board is None else (now, board)
            return None if self._board is None else self._board[1]

    async def of(self, contact_id: str) -> Known:
        """Return what is known about a contact.

        Raises:
            NotFoundError: there is no such contact.
        """
        async with self._database.read() as session:
            person = await root(session, contact_id)
            wanted = await needs(session, contact_id, self._clock())
        nothing: tuple[dict[str, Score], datetime | None] = {}, None
        scores, computed_at = await asyncio.to_thread(
            self._asked_of, lambda engine: _scores(engine, _person(person)), nothing
        )
        return Known(scores=scores, computed_at=computed_at, needs=wanted)

    async def between(self, contact_id: str) -> Between:
        """Return what was said, what is planned, and what came after we wrote to a contact.

        What came after it with everybody is computed aside, at most once an hour.

        Raises:
            NotFoundError: there is no such contact.
        """
        now = self._clock()
        async with self._database.read() as session:
            found = await between(session, contact_id, now, self._sources)
        if not self._is_fresh(now) and (self._work is None or self._work.done()):
            self._work = asyncio.create_task(self._aside())
        return replace(found, everybody=self._effects[1] if self._effects else None)

    async def _aside(self) -> None:
        try:
            await self.effects_on_everybody()
        except Exception:  # the page of one contact does without it
            log.exception("effects_not_computed")

    async def effects_on_everybody(self) -> Sequence[Effect]:
        """Return what came after we wrote to people, at most an hour old; empty while nothing is known."""
        async with self._effects_turn:
            now = self._clock()
            if not self._is_fresh(now):
                self._effects = (
                    now,
                    await asyncio.to_thread(
                        self._asked_of, lambda engine: _effects(engine, now), ()
                    ),
                )
            return self._effects[1] if self._effects else ()

    def _is_fresh(self, now: datetime) -> bool:
        return self._effects is not None and now - self._effects[0] < _HOUR

    async def suggestions(self) -> Sequence["Suggestion"]:
        """Return segments to begin with, at most five minutes old; none while there are no groups."""
        async with self._turn:
            now = self._clock()
            if self._suggested is None or now - self._suggested[0] >= _FRESH:
                found = await asyncio.to_thread(
                    self._asked_of, lambda engine: _suggestions(engine, now), ()
                )
                self._suggested = now, found
            return self._suggested[1]

    async def ranked(self, wanted: Wanted, limit: int) -> list[Ranked]:
        """Return contacts by value or risk; nobody while nothing is computed."""
        return await asyncio.to_thread(
            self._asked_of,
            lambda engine: ranked(engine.table("person"), engine.table("score"), wanted, limit),
            [],
        )

    async def figures(self, contact_ids: Sequence[str]) -> dict[str, Figures]:
        """Return value and risk of some contacts, of those who have any."""
        query = select(ContactRow).where(ContactRow.id.in_(contact_ids))
        async with self._database.read() as session:
            people = {row.id: _person(row) for row in await session.scalars(query)}
        found = await asyncio.to_thread(
            self._asked_of, lambda engine: figures(engine.table("score"), [*people.values()]), {}
        )
        return {id_: found[person] for id_, person in people.items() if person in found}

    def _asked_of[T](self, question: Callable[[BaseBackend], T], nothing: T) -> T:
        try:
            with self._reading() as engine:
                return question(engine)
        except (
            FrontdeskError,
            TableNotFound,
        ):  # nothing was computed yet: that is no trouble of who asks
            return nothing


def _board(engine: BaseBackend, now: datetime) -> Dashboard:
    # With it comes all of scikit-learn: seconds and 80 MB for a page that few ask for.
    from analytics.insight.dashboard import dashboard  # noqa: PLC0415

    return dashboard(_tables(engine), now.astimezone(UTC).replace(tzinfo=None))


def _suggestions(engine: BaseBackend, now: datetime) -> Sequence["Suggestion"]:
    from analytics.segments.suggestions import suggestions  # noqa: PLC0415 - as above

    return suggestions(_tables(engine), now)


def _effects(engine: BaseBackend, now: datetime) -> Sequence[Effect]:
    return on_everybody(_tables(engine), now.astimezone(UTC).replace(tzinfo=None))


def _tables(engine: BaseBackend) -> dict[str, Table]:
    return {name: engine.table(name) for name in SCHEMAS}


def _scores(engine: BaseBackend, person: str) -> tuple[dict[str, Score], datetime | None]:
    score = engine.table("score")
    found = score.filter(score.person_id == person).to_pyarrow().to_pylist()
    scores = {row["name"]: Score(value=row["value"], word=row["word"]) for row in found}
    times = [row["computed_at"].replace(tzinfo=UTC) for row in found]
    return scores, min(times, default=None)


def _person(contact: ContactRow) -> str:
    """Return the name of a contact's person in the engine: their customer's, or their own."""
    return f"c:{contact.customer_id}" if contact.customer_id else f"p:{contact.id}"
