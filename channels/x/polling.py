"""Asking X for news: each list at the pace that its window allows, and one cursor for all."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from channels.x.client import XClient
from channels.x.cursor import Cursor
from channels.x.ids import is_id
from channels.x.prices import things
from channels.x.sources import Raw, Source
from channels.x.spending import Spending
from desk.channel import ChannelDownError, Polled
from desk.clock import Clock
from desk.errors import RetryableError
from desk.message import Unread, Update

log = structlog.get_logger()

LOOK_BACK = timedelta(minutes=10)
"""How old a mention may be that the very first poll answers; also what is asked again when the cursor is lost."""
SOONEST = timedelta(seconds=15)
_MOST_PAGES = 15
_QUICK = timedelta(minutes=5)
_FEW, _MANY = 20, 100


class Poller:
    """Asks the sources in turn."""

    def __init__(
        self,
        sources: Sequence[Source],
        client: XClient,
        spending: Spending,
        clock: Clock,
        *,
        soonest: timedelta = SOONEST,
    ) -> None:
        self._sources = sources
        self._client = client
        self._spending = spending
        self._clock = clock
        self._soonest = soonest
        self._start: datetime | None = None

    async def poll(
        self, text: str | None, read: Callable[[Sequence[Raw]], Sequence[Update | Unread]]
    ) -> Polled:
        """Return the news of the sources that are due, and of those only that X lets us ask."""
        now = self._clock()
        # A first poll that fails is repeated later, from the same time on.
        self._start = self._start or now
        names = [source.name for source in self._sources]
        cursor = Cursor.of(text, self._start - LOOK_BACK, names, now)
        self._spending.remember(cursor.day, cursor.micros, now)
        over = self._spending.wait_at(now)
        if over is not None:
            log.warning("x_budget_spent", wait=int(over.total_seconds()))
            return Polled(updates=(), cursor=cursor.text(), wait=over)
        updates = tuple(read(await self._ask_all(cursor, now)))
        cursor.day, cursor.micros = now.date().isoformat(), self._spending.spent
        next_at = min(source.next_at(now) for source in self._sources)
        return Polled(
            updates=updates, cursor=cursor.text(), wait=next_at - now, cost_micros=cursor.cost
        )

    async def _ask_all(self, cursor: Cursor, now: datetime) -> list[Raw]:
        found: list[Raw] = []
        failures: list[RetryableError] = []
        asked = self._due(now)
        for source in asked:
            try:
                found += await self._ask(source, cursor, now)
            except ChannelDownError:
                raise
            except RetryableError as error:
                failures.append(error)
                source.closed_until = now + (error.retry_in or self._soonest)
        if failures and len(failures) == len(asked):
            raise failures[0]
        return found

    def _due(self, now: datetime) -> list[Source]:
        allowed = [one for one in self._sources if one.is_open(now)]
        # Whoever comes before anything is due gets an answer all the same while the window has room.
        return [one for one in allowed if one.is_due(now)] or allowed

    async def _ask(self, source: Source, cursor: Cursor, now: datetime) -> list[Raw]:
        """Return what is new in a source, oldest first, and move its mark."""
        mark, token = cursor.marks[source.name], None
        # Small pages while we keep up: X charges for each thing on a page, whether it is new or not.
        size = _FEW if now - mark.at < _QUICK else _MANY
        found: list[tuple[int, Raw]] = []
        for _ in range(_MOST_PAGES):
            work = partial(source.page, mark=mark.below, size=size, token=token)
            answer = await self._client.call(work)
            cursor.cost += self._spending.read(things(answer.body, source.price), now)
            source.asked(answer, now, self._soonest)
            includes = answer.body.get("includes") or {}
            page = [(_number(one), one) for one in answer.body.get("data") or []]
            found += [(n, source.raw(one, includes)) for n, one in page if mark.is_new(n)]
            token = (answer.body.get("meta") or {}).get("next_token")
            if token is None or any(number <= mark.below for number, _ in page):
                break
        else:
            log.error("x_backlog_cut", source=source.name, read=len(found))
        found.sort(key=lambda one: one[0])
        mark.move([number for number, _ in found], now)
        return [raw for _, raw in found]


def _number(one: Raw) -> int:
    if is_id(one.get("id")):
        return int(one["id"])
    log.error("x_item_without_id", fields=sorted(one))
    return 0
