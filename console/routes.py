"""Every address of the console."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from console.gate import Gate
from console.pages.conversation import ConversationPages
from console.pages.inbox import InboxPages
from console.pages.overview import OverviewPages
from console.pages.search import SearchPages
from console.pages.sign_in import SignIn
from console.pages.tickets import TicketPages
from console.render import Renderer
from console.services import ConsoleServices
from console.session import Sessions
from console.throttle import Throttle
from console.visit import Visit
from desk.errors import NotFoundError

_STATIC = Path(__file__).parent / "static"
_TALK = "/console/conversations/{id}"
_TICKET = "/console/tickets/{number}"


def routes(services: ConsoleServices) -> list[BaseRoute]:
    """Return the routes of the console, all under ``/console``."""
    render = Renderer(services.clock)
    sessions = Sessions(secret=services.secret, token=services.token)
    gate = Gate(
        sessions=sessions, render=render, clock=services.clock, public_url=services.public_url
    )
    door = SignIn(
        sessions=sessions,
        render=render,
        throttle=Throttle(),
        clock=services.clock,
        public_url=services.public_url,
    )
    return [
        *_door(gate, door, InboxPages(services.view, render)),
        *_conversations(gate, services, render),
        *_tickets(gate, TicketPages(services, render)),
        *_overview(gate, OverviewPages(services, render)),
        Route("/console/search", gate.page(SearchPages(services.view, render).show)),
        Mount("/console/static", StaticFiles(directory=_STATIC), name="console-static"),
        Route("/console/{rest:path}", gate.page(_nothing_here)),
    ]


def _door(gate: Gate, door: SignIn, inbox: InboxPages) -> list[BaseRoute]:
    by_link, by_session = gate.public(door.with_link), gate.page(inbox.show)
    sign_in = "/console/sign-in"
    return [
        Route("/console", _either("key", by_link, by_session)),
        Route("/console/inbox/live", gate.live(inbox.live)),
        Route(sign_in, gate.public(door.show), methods=["GET"]),
        Route(sign_in, gate.public_form(door.with_token), methods=["POST"]),
        Route("/console/name", gate.public_form(door.name), methods=["POST"]),
        Route("/console/sign-out", gate.action(door.leave), methods=["POST"]),
        Route("/console/language", gate.public_form(door.language), methods=["POST"]),
    ]


def _conversations(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    pages = ConversationPages(services, render, InboxPages(services.view, render))
    return [
        Route(_TALK, gate.page(pages.show)),
        Route(f"{_TALK}/live", gate.live(pages.live)),
        Route(f"{_TALK}/files/{{file:int}}", gate.page(pages.file)),
        Route(f"{_TALK}/messages", gate.action(pages.write), methods=["POST"]),
        Route(f"{_TALK}/take-over", gate.action(pages.take_over), methods=["POST"]),
        Route(f"{_TALK}/release", gate.action(pages.release), methods=["POST"]),
        Route(f"{_TALK}/resolve", gate.action(pages.resolve), methods=["POST"]),
    ]


def _tickets(gate: Gate, pages: TicketPages) -> list[BaseRoute]:
    return [
        Route("/console/tickets", gate.page(pages.list)),
        Route(_TICKET, gate.page(pages.show)),
        Route(f"{_TICKET}/comments", gate.action(pages.comment), methods=["POST"]),
        Route(f"{_TICKET}/change", gate.action(pages.change), methods=["POST"]),
    ]


def _overview(gate: Gate, pages: OverviewPages) -> list[BaseRoute]:
    replay = "/console/replay/{queue}/{number:int}"
    return [
        Route("/console/overview", gate.page(pages.show)),
        Route(replay, gate.action(pages.replay), methods=["POST"]),
    ]


def _either(
    key: str,
    with_key: Callable[[Request], Awaitable[Response]],
    without: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Choose by whether the address carries ``key``."""

    async def endpoint(request: Request) -> Response:
        chosen = with_key if key in request.query_params else without
        return await chosen(request)

    return endpoint


async def _nothing_here(_: Visit) -> Response:
    raise NotFoundError
