"""Pages that stay up to date: one stream of server-sent events for each, with what changed since the page knows."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response, StreamingResponse

from console import shown
from console.visit import Visit
from desk.conversations.presence import RENEW, Presence, Present
from desk.conversations.pulse import ANYTHING, Pulse
from desk.errors import FrontdeskError

log = structlog.get_logger()

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_AT_ONCE = 0.12
"""Seconds for which more changes are waited for before a page is looked at: one reply is several rows."""
_OTHERS = 1.5
"""The same for changes that are not about the page's own conversation."""
_AGES = 60.0
"""Seconds after which the words for how long somebody waits are said anew."""
_LASTS = timedelta(minutes=5)
"""How long a stream lives; the browser comes again, and gets what is new in our pages then."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a page shows at this moment."""

    regions: Mapping[str, str]
    waiting: int


type Look = Callable[[bool], Awaitable[Sight]]
"""Returns what a page shows; with False, only what does not belong to its own conversation."""


class TooManyError(FrontdeskError):
    """So many pages are open; this one asks by itself now and then."""

    status_code = 429


class Streams:
    """Counts open streams. Browsers with old HTTP have six connections in all, so no session takes all of them."""

    def __init__(self, *, each: int = 4, together: int = 400) -> None:
        self._each = each
        self._together = together
        self._open: Counter[int] = Counter()

    def check(self, session: int) -> None:
        """Raise TooManyError if another stream would be one too many."""
        if self._open[session] >= self._each or self._open.total() >= self._together:
            raise TooManyError

    @contextmanager
    def counted(self, session: int) -> Iterator[None]:
        """Count a stream inside the block."""
        self._open[session] += 1
        try:
            yield
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]


class Live:
    """Keeps pages up to date; several agents see the same, whichever process answers them.

    A stream says at least every ``beat`` that it is there, and ends by then when its session has ended.
    """

    def __init__(
        self,
        *,
        pulse: Pulse,
        presence: Presence,
        streams: Streams | None = None,
        beat: timedelta = RENEW,
    ) -> None:
        self._pulse = pulse
        self._presence = presence
        self._streams = streams or Streams()
        self._beat = beat.total_seconds()
        self._leaving: set[asyncio.Task[None]] = set()

    async def others(self, visit: Visit, conversation_id: str) -> tuple[Present, ...]:
        """Return who else looks at a conversation."""
        return await self._presence.others(conversation_id, visit.agent)

    async def typing(self, visit: Visit, conversation_id: str) -> None:
        """Note that somebody is typing."""
        await self._presence.type(conversation_id, visit.agent)

    def stream(self, visit: Visit, look: Look, *, about: str | None = None) -> Response:
        """Answer with a stream of what changes; ``about`` is the page's own conversation."""
        session = visit.session.id if visit.session else 0
        try:
            self._streams.check(session)
        except TooManyError as error:
            body, retry = {"error": "too_many"}, {"Retry-After": "30"}
            return JSONResponse(body, error.status_code, retry)
        events = self._counted(visit, look, about, session)
        return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)

    async def _counted(
        self, visit: Visit, look: Look, about: str | None, session: int
    ) -> AsyncIterator[bytes]:
        with self._streams.counted(session):
            try:
                async for event in self._events(visit, look, about):
                    yield event
            except (FrontdeskError, SQLAlchemyError):  # the browser asks again, and is told then
                log.info("stream_ended", path=visit.request.url.path, exc_info=True)
            finally:
                if about:
                    self._leave(visit, about)

    async def _events(self, visit: Visit, look: Look, about: str | None) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        known = shown.digests(
            visit.request.headers.get("last-event-id", "") or visit.query("version")
        )
        ends = clock() + _LASTS.total_seconds()
        stay = _Stay(self._presence, about, visit.agent)
        told, looked, everything, changed = -1, clock(), True, frozenset[str]()
        yield b"retry: 2000\n\n"
        async with self._pulse.listen() as changes:
            # Asked each time: who was signed out, or lost their role, is not told another word.
            while clock() < ends and await visit.may_stay():
                await stay.renew()
                if everything or changed:
                    sight, looked = await look(everything), clock()
                    news = shown.fresh(sight.regions, known)
                    known |= shown.digests_of(sight.regions)
                    if news or sight.waiting != told:
                        told = sight.waiting
                        yield _event(shown.joined(known), news, told)
                else:
                    yield b": here\n\n"
                changed = await changes.get(self._beat)
                everything = (about or ANYTHING) in changed or clock() - looked > _AGES
                if changed:
                    await asyncio.sleep(_AT_ONCE if everything else _OTHERS)

    def _leave(self, visit: Visit, conversation_id: str) -> None:
        # The stream is being cancelled, so whoever tidies up must not be part of it.
        task = asyncio.create_task(self._presence.go(conversation_id, visit.agent))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _event(version: str, regions: Mapping[str, str], waiting: int) -> bytes:
    data = json.dumps({"version": version, "waiting": waiting, "regions": regions})
    return f"id: {version}\nevent: regions\ndata: {data}\n\n".encode()


class _Stay:
    """Says now and then that somebody is still there."""

    def __init__(self, presence: Presence, about: str | None, agent: str) -> None:
        self._presence = presence
        self._about = about
        self._agent = agent
        self._said = float("-inf")

    async def renew(self) -> None:
        """Say so, if it is time."""
        now = asyncio.get_running_loop().time()
        if self._about and now - self._said >= RENEW.total_seconds():
            await self._presence.come(self._about, self._agent)
            self._said = now
