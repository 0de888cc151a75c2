"""The inbox: who waits first."""

from dataclasses import dataclass

from starlette.responses import Response

from console.render import Renderer
from console.visit import Visit
from desk.conversations.desk_model import Inbox
from desk.conversations.desk_view import DeskView
from desk.tables.conversation import Owner

ORDER = (Owner.WAITING, Owner.HUMAN, Owner.BOT, Owner.CLOSED)
_EACH, _PAGE, _LAST_PAGE = 12, 50, 10_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Which part of the inbox a page shows: the start of every owner's lines, or one page of an owner's."""

    owner: Owner | None
    page: int = 1
    size: int = _PAGE

    @classmethod
    def of(cls, visit: Visit) -> "Shown":
        """Read it from the address."""
        asked = visit.query("owner")
        owner = Owner(asked) if asked in tuple(Owner) else None
        return cls(owner=owner, page=visit.number("page", 1, _LAST_PAGE) if owner else 1)

    @property
    def limits(self) -> dict[Owner, int]:
        """How many lines of each owner to read."""
        return {self.owner: self.size} if self.owner else dict.fromkeys(ORDER, _EACH)

    @property
    def query(self) -> str:
        """The address's part that asks for this again."""
        return f"owner={self.owner}&page={self.page}" if self.owner else ""

    @property
    def skip(self) -> int:
        """How many lines are on the pages before."""
        return (self.page - 1) * self.size


class InboxPages:
    """Lists conversations."""

    def __init__(self, view: DeskView, render: Renderer) -> None:
        self._view = view
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show the inbox."""
        shown = Shown.of(visit)
        inbox = await self._view.inbox(shown.limits, skip=shown.skip)
        regions = {"inbox": self.region(visit, inbox, shown)}
        waiting = inbox.counts[Owner.WAITING]
        return self._render.live_page(
            visit, "inbox.html", regions, waiting=waiting, shown=shown, owners=ORDER
        )

    async def live(self, visit: Visit) -> Response:
        """Say what changed in the inbox."""
        shown = Shown.of(visit)
        inbox = await self._view.inbox(shown.limits, skip=shown.skip)
        regions = {"inbox": self.region(visit, inbox, shown)}
        return self._render.live(visit, regions, inbox.counts[Owner.WAITING])

    def region(self, visit: Visit, inbox: Inbox, shown: Shown, current: str = "") -> str:
        """Return the list, with the conversation ``current`` marked."""
        return self._render.region(
            visit, "_inbox.html", inbox=inbox, shown=shown, owners=ORDER, current=current
        )
