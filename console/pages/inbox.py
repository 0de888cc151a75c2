"""The inbox: whose turn it is, what is mine, what the others and the assistant have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.live import Live, Sight
from console.render import Renderer
from console.visit import Visit
from desk.access.policy import Deed
from desk.clock import Clock
from desk.conversations.desk_model import Desk, Place, Queue
from desk.conversations.desk_view import DeskView

ORDER = (Queue.WAITING, Queue.MINE, Queue.HUMAN, Queue.BOT, Queue.SNOOZED, Queue.CLOSED)
_EACH, _PAGE = 10, 50


def place_of(text: str) -> Place | None:
    """Return the place that an address names; None for anything else."""
    moment, _, id_ = text.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return Place(at=at.astimezone(UTC), id=id_[:32]) if at.tzinfo else None


def named(place: Place) -> str:
    """Return a place as addresses name it."""
    return f"{place.at.isoformat()}~{place.id}"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Which part of the inbox a page shows: the start of every part, or one from a place on."""

    queue: Queue | None = None
    after: Place | None = None

    @classmethod
    def of(cls, visit: Visit) -> "Shown":
        """Read it from the address."""
        asked = visit.query("queue") or visit.query("owner")
        if asked not in tuple(Queue):
            return cls()
        return cls(queue=Queue(asked), after=place_of(visit.query("after")))

    @property
    def limits(self) -> Mapping[Queue, int]:
        """How many conversations of each part to read."""
        return {self.queue: _PAGE} if self.queue else dict.fromkeys(ORDER, _EACH)

    @property
    def query(self) -> str:
        """The address's part that asks for this again."""
        asked = {"queue": self.queue} if self.queue else {}
        return urlencode(asked | ({"after": named(self.after)} if self.after else {}))


class InboxPages:
    """Lists conversations."""

    def __init__(
        self, view: DeskView, render: Renderer, clock: Clock, live: Live | None = None
    ) -> None:
        self._view = view
        self._render = render
        self._clock = clock
        self._live = live

    async def show(self, visit: Visit) -> Response:
        """Show the inbox."""
        shown = Shown.of(visit)
        desk = await self._read(visit, shown)
        return self._render.live_page(
            visit,
            "inbox.html",
            self._regions(visit, desk, shown),
            waiting=desk.counts[Queue.WAITING],
            shown=shown,
            counts=desk.counts,
            queues=ORDER,
            streams=self._live is not None,
        )

    async def live(self, visit: Visit) -> Response:
        """Say what changed in the inbox."""
        sight = await self._sight(visit)
        return self._render.live(visit, sight.regions, sight.waiting)

    async def events(self, visit: Visit) -> Response:
        """Say what changes in the inbox, for as long as the page is open."""
        if self._live is None:
            return self._render.live(visit, {}, 0)
        return self._live.stream(visit, lambda _: self._sight(visit))

    async def _sight(self, visit: Visit) -> Sight:
        shown = Shown.of(visit)
        desk = await self._read(visit, shown)
        return Sight(regions=self._regions(visit, desk, shown), waiting=desk.counts[Queue.WAITING])

    async def _read(self, visit: Visit, shown: Shown) -> Desk:
        now = self._clock()
        return await self._view.desk(shown.limits, agent=visit.agent, now=now, after=shown.after)

    def _regions(self, visit: Visit, desk: Desk, shown: Shown) -> dict[str, str]:
        return {
            "tabs": self._render.region(
                visit, "_tabs.html", counts=desk.counts, shown=shown, queues=ORDER
            ),
            "inbox": self.region(visit, desk, shown),
        }

    def region(self, visit: Visit, desk: Desk, shown: Shown, current: str = "") -> str:
        """Return the list, with the conversation ``current`` marked."""
        older = {queue: urlencode({"after": named(at)}) for queue, at in desk.older.items()}
        return self._render.region(
            visit,
            "_inbox.html",
            inbox=desk,
            shown=shown,
            queues=ORDER,
            older=older,
            current=current,
        )


def routes(gate: Gate, pages: InboxPages) -> list[BaseRoute]:
    """Return the addresses by which the inbox stays up to date."""
    return [
        Route("/console/inbox/live", gate.live(pages.live, Deed.CONVERSATION_SEE)),
        Route("/console/inbox/events", gate.live(pages.events, Deed.CONVERSATION_SEE)),
    ]
