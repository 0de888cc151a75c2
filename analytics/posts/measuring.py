"""Asks platforms what people did with our posts: an hour, a day and a week after, within budget and limits."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog

from analytics.posts import repository
from analytics.posts.ages import age, next_look
from analytics.posts.places import Places
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.errors import RetryableError
from desk.outbox import costs
from desk.outbox.repository import Lane
from desk.outbox.retry import pause_of
from desk.posting import Measured, MeasuringChannel
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.post import PostMetricRow, PostRow

log = structlog.get_logger()

_POLL = 15.0
_PATIENCE = timedelta(seconds=20)
_CLAIM = timedelta(minutes=10)
"""For so long who asks has it alone; longer than an answer takes, and what a crash delays."""
_LATER = timedelta(minutes=15)
_UNKNOWN = timedelta(hours=1)
_MOST = 500


class Measuring:
    """Collects figures; any number of processes may."""

    def __init__(
        self, *, database: Database, places: Places, states: ChannelStates, clock: Clock
    ) -> None:
        self._database = database
        self._places = places
        self._states = states
        self._clock = clock

    async def run(self) -> None:
        """Collect for ever."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("post_measuring_failed")
            await asyncio.sleep(_POLL)

    async def look(self) -> int:
        """Ask about the posts whose time has come; return of how many the figures were kept."""
        async with self._database.read() as session:
            due = await repository.to_measure(session, self._clock(), limit=_MOST)
        lanes: dict[Lane, list[PostRow]] = defaultdict(list)
        for row in due:
            lanes[Lane(row.channel, row.account)].append(row)
        return sum([await self._lane(lane, rows) for lane, rows in lanes.items()])

    async def _lane(self, lane: Lane, rows: Sequence[PostRow]) -> int:
        channel = self._places.measuring(lane)
        if (
            channel is None
        ):  # it may be set up again; until then it must not keep others from their turn
            await self._put_off({row.id for row in rows}, self._clock() + _UNKNOWN)
            return 0
        kept, size = 0, channel.measured_at_once
        for start in range(0, len(rows), size):
            found = await self._batch(lane, channel, rows[start : start + size])
            if found is None:
                break  # it wants to be left alone
            kept += found
        return kept

    async def _batch(
        self, lane: Lane, channel: MeasuringChannel, rows: Sequence[PostRow]
    ) -> int | None:
        now = self._clock()
        async with self._database.write() as session:
            ids = [row.id for row in rows]
            mine = await repository.claim_measuring(session, ids, now, now + _CLAIM)
        claimed = [row for row in rows if row.id in mine and row.external_id]
        if not claimed:
            return 0
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                measured = await channel.measure([row.external_id or "" for row in claimed])
        except Exception as error:  # figures are no reason to stop; they are asked for later
            await self._states.tell(lane.channel, lane.account, error)
            await self._put_off(mine, now + (pause_of(error) or _LATER))
            known = isinstance(error, RetryableError)
            log.info("post_figures_later", channel=lane.channel, reason=type(error).__name__)
            return None if known else 0
        return await self._keep(lane, claimed, measured)

    async def _put_off(self, ids: set[int], until: datetime) -> None:
        async with self._database.write() as session:
            await repository.measure_next(session, ids, until)

    async def _keep(self, lane: Lane, rows: Sequence[PostRow], measured: Measured) -> int:
        kept, now = 0, self._clock()
        async with self._database.write() as session:
            if measured.cost_micros:
                await costs.add(session, lane, measured.cost_micros, now)
            for row in rows:
                published_at = row.published_at or now
                reactions = measured.found.get(row.external_id or "")
                hours = age(published_at, now)
                gone = reactions is None
                if reactions is not None and hours is not None:
                    figures = {"post_id": row.id, "hours": hours, "measured_at": now}
                    kept += await insert_new(
                        session,
                        PostMetricRow,
                        figures | asdict(reactions),
                        unique=["post_id", "hours"],
                    )
                again = None if gone else next_look(published_at, now)
                await repository.measure_next(session, [row.id], again)
                if gone:
                    await repository.note_gone(session, row.id)
        return kept
