"""Lists of tickets that somebody wants to have again: their own, and those that are shared with all."""

from dataclasses import dataclass

from sqlalchemy import or_, select

from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.ticket import SavedViewRow
from desk.tickets.listing import Wanted
from desk.tickets.words import one_line

_MOST = 50


@dataclass(frozen=True, kw_only=True)
class View:
    """A list under a name."""

    id: int
    name: str
    owner: str
    shared: bool
    wanted: Wanted


class Views:
    """Saves and forgets views. Who may share one is asked by whoever calls."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, owner: str) -> tuple[View, ...]:
        """Return somebody's own views and the shared ones, by name."""
        query = select(SavedViewRow).where(
            or_(SavedViewRow.owner == owner, SavedViewRow.shared.is_(True))
        )
        async with self._database.read() as session:
            rows = (
                await session.scalars(query.order_by(SavedViewRow.name, SavedViewRow.id))
            ).all()
        return tuple(_view(row) for row in rows)

    async def get(self, id_: int) -> View:
        """Return a view; raises NotFoundError when there is none."""
        async with self._database.read() as session:
            row = await session.get(SavedViewRow, id_)
        if row is None:
            raise NotFoundError
        return _view(row)

    async def save(self, *, owner: str, name: str, wanted: Wanted, shared: bool = False) -> View:
        """Save a view; one of the same name and owner is replaced.

        Raises:
            InvalidError: it has no name.
            ConflictError: there are too many.
        """
        name = one_line(name, longest=60)
        if not name:
            raise InvalidError("a view needs a name")
        async with self._database.write() as session:
            rows = (
                await session.scalars(select(SavedViewRow).where(SavedViewRow.owner == owner))
            ).all()
            row = next((one for one in rows if one.name == name), None)
            if row is None:
                if len(rows) >= _MOST:
                    raise ConflictError(f"{owner} has {_MOST} views already")
                row = SavedViewRow(owner=owner, name=name, created_at=self._clock())
                session.add(row)
            row.query, row.shared = wanted.plain(), shared
            await session.flush()
            return _view(row)

    async def remove(self, id_: int) -> None:
        """Forget a view; raises NotFoundError when there is none."""
        async with self._database.write() as session:
            row = await session.get(SavedViewRow, id_)
            if row is None:
                raise NotFoundError
            await session.delete(row)


def _view(row: SavedViewRow) -> View:
    return View(
        id=row.id,
        name=row.name,
        owner=row.owner,
        shared=row.shared,
        wanted=Wanted.read(dict(row.query)),
    )
