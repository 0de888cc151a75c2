"""Every address of the console."""

from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from console import campaign_routes
from console.gate import Gate, checked, either, mine
from console.pages import (
    audit,
    calendars,
    campaigns_compose,
    campaigns_try,
    canned,
    contact,
    contact_optout,
    conversation,
    feedback,
    inbox,
    insight,
    looks,
    offers,
    posts,
    profile,
    reports,
    rules,
    segments,
    sla,
    tickets,
    tokens,
    users,
    webhooks,
)
from console.pages.contact import ContactPages
from console.pages.contact_optout import OptOutPages
from console.pages.conversation import ConversationPages
from console.pages.inbox import InboxPages
from console.pages.overview import OverviewPages
from console.pages.search import SearchPages
from console.pages.sign_in import SignIn
from console.pages.single_sign_on import SingleSignOn
from console.render import Renderer
from console.services import ConsoleServices
from console.session import Cookies
from console.throttle import Throttle
from console.trail import Trail
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import NotFoundError

STATIC = "/console/static"
_STATIC = Path(__file__).parent / "static"


def routes(services: ConsoleServices) -> list[BaseRoute]:
    """Return the routes of the console, all under ``/console``."""
    render, access = Renderer(services.clock), services.access
    cookies = Cookies(access.keys, services.public_url)
    gate = Gate(
        access=access,
        cookies=cookies,
        render=render,
        trail=Trail(access.audit, services.clock),
        public_url=services.public_url,
    )
    throttle = Throttle(services.clock)
    door = SignIn(access=access, cookies=cookies, render=render, throttle=throttle)
    all_routes = [
        *_door(gate, door, InboxPages(services.view, render, services.clock, services.live)),
        *_conversations(gate, services, render),
        *_contacts(gate, services, render),
        *tickets.routes(gate, services, render),
        *sla.routes(gate, services, render),
        *calendars.routes(gate, services, render),
        *rules.routes(gate, services, render),
        *_overview(gate, OverviewPages(services, render)),
        *looks.routes(gate, render),
        *canned.routes(gate, services.canned, services.view, render),
        *users.routes(gate, services, render),
        *profile.routes(gate, services, render, cookies, throttle),
        *tokens.routes(gate, services, render),
        *audit.routes(gate, services, render),
        *webhooks.routes(gate, services, render),
        *feedback.routes(gate, services, render),
        *reports.routes(gate, services, render),
        *insight.routes(gate, services, render),
        *segments.routes(gate, services, render),
        *offers.routes(gate, services, render),
        *posts.routes(gate, services, render),
        *campaigns_compose.routes(gate, services, render),
        *campaigns_try.routes(gate, services, render),
        *campaign_routes.routes(gate, services, render),
        *_sign_on(gate, door, services, render, cookies),
        Route(
            "/console/search",
            gate.page(
                SearchPages(services.view, render, services.clock).show, Deed.CONVERSATION_SEE
            ),
        ),
        Mount(STATIC, StaticFiles(directory=_STATIC), name="console-static"),
        Route("/console/{rest:path}", gate.page(_nothing_here, Deed.SELF_CHANGE, own=mine)),
    ]
    render.lead_to(route.path for route in all_routes if isinstance(route, Route))
    return checked(all_routes, open_=(STATIC,))


def _door(gate: Gate, door: SignIn, home: InboxPages) -> list[BaseRoute]:
    by_link, by_session = gate.public(door.with_link), gate.page(home.show, Deed.CONVERSATION_SEE)
    sign_in = "/console/sign-in"
    return [
        Route("/console", either("key", by_link, by_session)),
        Route(sign_in, gate.public(door.show), methods=["GET"]),
        Route(sign_in, gate.public_form(door.sign_in), methods=["POST"]),
        Route(f"{sign_in}/code", gate.public_form(door.code), methods=["POST"]),
        Route("/console/welcome/{link}", gate.public(door.welcome), methods=["GET"]),
        Route("/console/welcome/{link}", gate.public_form(door.choose), methods=["POST"]),
        Route("/console/first", gate.public(door.first), methods=["GET"]),
        Route("/console/first", gate.public_form(door.make_first), methods=["POST"]),
        Route("/console/name", gate.public_form(door.name), methods=["POST"]),
        Route(
            "/console/sign-out",
            gate.action(door.leave, Deed.SELF_CHANGE, own=mine),
            methods=["POST"],
        ),
        Route("/console/language", gate.public_form(door.language), methods=["POST"]),
    ]


def _sign_on(
    gate: Gate, door: SignIn, services: ConsoleServices, render: Renderer, cookies: Cookies
) -> list[BaseRoute]:
    provider = services.access.provider
    if provider is None:
        return []
    pages = SingleSignOn(
        provider,
        access=services.access,
        cookies=cookies,
        door=door,
        render=render,
        clock=services.clock,
        public_url=services.public_url,
    )
    return pages.routes(gate)


def _conversations(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    listed = InboxPages(services.view, render, services.clock, services.live)
    pages = ConversationPages(services, render, listed, services.live)
    return [
        *inbox.routes(gate, listed),
        *conversation.routes(gate, pages, largest=services.media.largest),
    ]


def _contacts(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    people, merging, timeline = services.contacts, services.merging, services.timeline
    if people is None or merging is None or timeline is None:
        return []
    stopped = services.suppressions
    pages = ContactPages(
        people, merging, timeline, services.view, render, services.insights, stopped
    )
    found = contact.routes(gate, pages)
    if stopped is not None:
        listed = OptOutPages(people, stopped, services.view, render)
        found += contact_optout.routes(gate, listed)
    return found


def _overview(gate: Gate, pages: OverviewPages) -> list[BaseRoute]:
    replay = "/console/replay/{queue}/{number:int}"
    return [
        Route("/console/overview", gate.page(pages.show, Deed.FEEDBACK_SEE)),
        Route(replay, gate.action(pages.replay, Deed.DELIVERY_REPLAY), methods=["POST"]),
    ]


async def _nothing_here(_: Visit) -> Response:
    raise NotFoundError
