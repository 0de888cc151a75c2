"""Search: people, messages and tickets by what an agent remembers of them."""

from datetime import timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from console.render import Renderer
from console.visit import Visit
from desk.clock import Clock
from desk.conversations.desk_view import DeskView
from desk.conversations.search import Filters
from desk.tables.conversation import Author

_AT = "/console/search"
CHANNELS = ("webchat", "email", "telegram", "slack", "x", "matrix", "webhook")
_BY = {"contact": Author.CONTACT, "agent": Author.AGENT, "bot": Author.BOT}
_NOTES = "note"
_DAYS = {"7": 7, "30": 30, "365": 365}
_CHOICES = (("channel", CHANNELS), ("by", (*_BY, _NOTES)), ("days", tuple(_DAYS)))
_LARGEST_ID = 2**63 - 1


class SearchPages:
    """Looks for a name, an address, a number or words."""

    def __init__(self, view: DeskView, render: Renderer, clock: Clock) -> None:
        self._view = view
        self._render = render
        self._clock = clock

    async def show(self, visit: Visit) -> Response:
        """Show what was found."""
        asked = visit.query("q").strip()
        chosen = {
            name: visit.query(name) if visit.query(name) in values else ""
            for name, values in _CHOICES
        }
        before = visit.query("before")
        is_number = before.isascii() and before.isdigit() and int(before[:20]) <= _LARGEST_ID
        hits = await self._view.search(
            asked, self._filters(chosen), before=int(before) if is_number else None
        )
        kept = {"q": asked} | {name: value for name, value in chosen.items() if value}
        return self._render.page(
            visit,
            "search.html",
            asked=asked,
            hits=hits,
            chosen=chosen,
            choices=_CHOICES,
            newest=f"{_AT}?{urlencode(kept)}" if is_number else "",
            older=f"{_AT}?{urlencode({**kept, 'before': hits.older})}" if hits.older else "",
            waiting=await self._view.waiting(),
        )

    def _filters(self, chosen: dict[str, str]) -> Filters:
        days = _DAYS.get(chosen["days"])
        return Filters(
            channel=chosen["channel"],
            by=_BY.get(chosen["by"]),
            notes=chosen["by"] == _NOTES,
            since=self._clock() - timedelta(days=days) if days else None,
        )
