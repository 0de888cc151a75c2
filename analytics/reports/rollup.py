"""The reader of the log that keeps the figures, each event once, in the transaction that moves its place."""

from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.reports import repository
from analytics.reports.business import Business
from analytics.reports.fold import Folding
from analytics.reports.seen import Seen, seen, subjects
from analytics.reports.span import number_of
from desk.clock import Clock
from desk.follow import Follower
from desk.store.database import Database
from desk.tables.event import EventRow

READER = "metrics"
"""Its name among the readers of the log."""


class Rollup:
    """Folds events into rows; see :class:`desk.follow.Follower`, whose handler it is."""

    def __init__(self, business: Business) -> None:
        self._business = business

    async def __call__(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """Take some events into the figures, in the caller's transaction."""
        events = [seen(row) for row in rows]
        place = await repository.progress(session)
        told = max([place.told, *(event.at for event in events)])
        concerned = {subject for event in events for subject in subjects(event)}
        known = await repository.states(session, concerned, told)
        folding = Folding(known, place.told, self._business)
        for event in events:
            folding.see(event)
            await _people(session, event)
        folding.settle(list(known))
        place.told, place.revision = told, place.revision + 1
        await repository.save(session, folding, place.revision)
        session.add(place)
        await session.flush()


async def _people(session: AsyncSession, event: Seen) -> None:
    other = event.text("other_id")
    if not other or not event.contact:
        return
    if event.name == "contact.merged":
        await repository.join_people(session, number_of(event.contact), number_of(other))
    elif event.name == "contact.split":
        await repository.part_people(session, number_of(other))


def follower(
    database: Database, clock: Clock, business: Business, *, batch: int = 200
) -> Follower:
    """Return the loop that keeps the figures up to date."""
    return Follower(READER, Rollup(business), database=database, clock=clock, batch=batch)


async def rebuild(
    database: Database,
    clock: Clock,
    business: Business,
    tell: Callable[[int], object] = lambda _: None,
) -> int:
    """Compute every figure anew from the first event; return how many events there were.

    ``tell`` is called with how many were read so far.
    """
    async with database.write() as session:
        await repository.forget(session, READER)
    reader, count = follower(database, clock, business, batch=2_000), 0
    while found := await reader.step():
        count += found
        tell(count)
    return count
