"""The week of an account: at which times it has room for a post, and at which posts did well."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.posts import model, repository
from analytics.posts.best_times import Suggestion, Tried, hour_of_week, suggest
from analytics.posts.places import Place
from analytics.posts.slots import Slot
from desk.access import audit
from desk.clock import Clock
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.post import PostSlotRow

_LOOK_BACK = timedelta(days=180)
"""Posts that are older say little about today's readers."""


class Week:
    """Keeps the slots of accounts; ``zone`` is the clock on the wall."""

    def __init__(self, database: Database, clock: Clock, *, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone

    async def slots(self, place: Place) -> Sequence[Slot]:
        """Return the slots of an account, Monday first."""
        async with self._database.read() as session:
            found = await repository.slots(session, place.lane)
        return [repository.slot_of(row) for row in found]

    async def add(self, place: Place, slot: Slot, *, by: str) -> None:
        """Let an account have room for a post at a time of the week."""
        row = {**place.lane._asdict(), **slot._asdict()}
        async with self._database.write() as session:
            await insert_new(session, PostSlotRow, row, unique=list(row))
            await self._note(session, place, by, added=str(slot))

    async def remove(self, place: Place, slot: Slot, *, by: str) -> None:
        """Take a time of the week out; what is planned then stays planned."""
        async with self._database.write() as session:
            for row in await repository.slots(session, place.lane, lock=True):
                if repository.slot_of(row) == slot:
                    await session.delete(row)
            await self._note(session, place, by, removed=str(slot))

    async def suggestion(self, place: Place) -> Suggestion:
        """Return at which hours of the week the posts of an account did well."""
        since = self._clock() - _LOOK_BACK
        async with self._database.read() as session:
            found = await repository.day_later(session, place.lane, since)
        return suggest(
            Tried(hour_of_week(at, self._zone), model.metric(row).interactions)
            for at, row in found
        )

    async def _note(self, session: AsyncSession, place: Place, by: str, **detail: Any) -> None:
        thing, now = f"post_slot:{place.channel}", self._clock()
        await audit.note(session, by=by, deed="post.change", thing=thing, detail=detail, now=now)
