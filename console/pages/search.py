"""Search: conversations and tickets by what an agent remembers of them."""

from starlette.responses import Response

from console.render import Renderer
from console.visit import Visit
from desk.conversations.desk_view import DeskView


class SearchPages:
    """Looks for a name, an address, a number or words."""

    def __init__(self, view: DeskView, render: Renderer) -> None:
        self._view = view
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show what was found."""
        return self._render.page(
            visit,
            "search.html",
            hits=await self._view.search(visit.query("q")),
            waiting=await self._view.waiting(),
        )
