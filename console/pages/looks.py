"""Light or dark, and the page that lists the keys."""

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate, mine
from console.render import Renderer, go
from console.shortcuts import SHORTCUTS
from console.theme import keep
from console.visit import Visit
from desk.access.policy import Deed


class LooksPages:
    """How the console looks and is used, for whoever sits in front of it."""

    def __init__(self, render: Renderer) -> None:
        self._render = render

    async def theme(self, visit: Visit) -> Response:
        """Keep the choice and go back to where it was made."""
        return keep(go(_inside(visit.form.get("next", ""))), visit)

    async def keys(self, visit: Visit) -> Response:
        """List the keys; pages show this as a dialog."""
        return self._render.page(visit, "keys.html", shortcuts=SHORTCUTS)


def _inside(wanted: str) -> str:
    """Return an address of the console; any other is its first page."""
    return wanted if wanted.startswith("/console/") else "/console"


def routes(gate: Gate, render: Renderer) -> list[BaseRoute]:
    """Return the addresses; the door has the theme as well, so that nobody need be signed in."""
    pages = LooksPages(render)
    return [
        Route("/console/theme", gate.public_form(pages.theme), methods=["POST"]),
        Route("/console/keys", gate.page(pages.keys, Deed.SELF_CHANGE, own=mine)),
    ]
