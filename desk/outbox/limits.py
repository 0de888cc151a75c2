"""The limits of every channel, applied to what was sent lately."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.channel import Pace, Scope
from desk.outbox import pace, tempo_repository
from desk.outbox.repository import Lane
from desk.outbox.tempo_repository import WHOLE_LANE, Rates


class Limits:
    """Says when a send may begin, and takes note of its beginning and its end in the caller's transaction."""

    def __init__(self, paces: Mapping[str, Pace]) -> None:
        self._paces = paces

    def at_once(self, lane: Lane) -> int:
        """Return how many sends of a lane may be under way in one process."""
        return self._pace(lane).at_once

    async def room(
        self, session: AsyncSession, lane: Lane, now: datetime
    ) -> tuple[int | None, datetime | None]:
        """Return how many sends a lane has room for now (None: any number), and when for one if for none."""
        rates = self._pace(lane).account
        tempo = await tempo_repository.of_lane(session, lane)
        return pace.room(tempo, rates, now), pace.ready_at(tempo, rates)

    async def begin(
        self, session: AsyncSession, lane: Lane, thread: str, now: datetime
    ) -> datetime | None:
        """Count a send that begins now; if there is no room for it, return from when on there is."""
        rates = self._rates(lane, thread)
        tempos = await tempo_repository.locked(session, lane, rates, now)
        times = [pace.ready_at(tempo, rates[name]) for name, tempo in tempos.items()]
        ready = max((at for at in times if at is not None), default=now)
        if ready > now:
            return ready
        counted = {t: pace.began(tempos[t], rates[t], now) for t in tempos if rates[t]}
        await tempo_repository.keep(session, lane, counted, rates, now)
        return None

    async def end(
        self,
        session: AsyncSession,
        lane: Lane,
        thread: str,
        *,
        began_at: datetime,
        now: datetime,
        asked: timedelta | None,
    ) -> None:
        """Count a send from its end, and be silent where and for as long as the platform ``asked``."""
        rates = self._rates(lane, thread)
        if asked is None and not any(rates.values()):
            return
        tempos = await tempo_repository.locked(session, lane, rates, now)
        tempos = {name: pace.ended(tempo, began_at, now) for name, tempo in tempos.items()}
        if asked is not None:
            pace_ = self._pace(lane)
            silent = WHOLE_LANE if pace_.pause is Scope.ACCOUNT else pace_.chat_of(thread)
            tempos[silent] = pace.paused(tempos[silent], now + asked)
        await tempo_repository.keep(session, lane, tempos, rates, now)

    def _rates(self, lane: Lane, thread: str) -> Rates:
        # A channel without threads has one chat, and that is the lane.
        limits = self._pace(lane)
        return {WHOLE_LANE: limits.account} | (
            {limits.chat_of(thread): limits.of_thread(thread)} if thread else {}
        )

    def _pace(self, lane: Lane) -> Pace:
        return self._paces.get(lane.channel, Pace())
