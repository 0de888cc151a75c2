"""The addresses of campaigns, as far as there is what they need."""

from starlette.routing import BaseRoute

from console.gate import Gate
from console.pages import campaigns, campaigns_calendar, campaigns_moves, campaigns_results
from console.render import Renderer
from console.services import ConsoleServices


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of campaigns."""
    desk = services.campaigns
    if desk is None:
        return []
    return [
        *campaigns.routes(gate, services, render, desk),
        *campaigns_calendar.routes(gate, services, render, desk),
        *campaigns_results.routes(gate, services, render, desk),
        *campaigns_moves.routes(gate, services, render, desk),
    ]
