"""Tickets: the list, one with its history, comments and changes."""

from http import HTTPStatus
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.forms import LONGEST_TEXT
from console.gate import Gate
from console.pages import ticket_board, ticket_bulk, ticket_merges, ticket_rules, ticket_views
from console.pages.ticket_bulk import people
from console.problem import word_for
from console.render import Renderer, go
from console.services import ConsoleServices
from console.ticket_clocks import still_due
from console.ticket_desk import TicketDesk
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import ConflictError, FrontdeskError, InvalidError
from desk.tables.ticket import EntryAuthor, TicketPriority, TicketStatus, TicketTopic
from desk.tickets.conflicts import MergedError, StaleError
from desk.tickets.listing import ALL_ACTIVE, ANY, Sort, Wanted
from desk.tickets.model import Ticket
from desk.tickets.status import MOVES
from desk.tickets.words import shown_text, tag_of

_PAGE = 30
TICKETS = "/console/tickets"
TICKET = f"{TICKETS}/{{number}}"


class TicketPages:
    """Shows tickets and does what an agent asks."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._render = render
        self._desk = services.ticket_desk

    async def list(self, visit: Visit) -> Response:
        """Show the tickets that are asked for, those that are not settled if nothing is."""
        wanted, tickets = wanted_of(visit), self._services.tickets
        clocked = self._desk.overdue if self._desk else None
        found = await tickets.find(
            wanted, after=visit.query("after"), limit=_PAGE, clocked=clocked
        )
        plain = wanted == Wanted(status=wanted.status, sort=wanted.sort)
        ids = [ticket.id for ticket in found.tickets]
        return self._render.page(
            visit,
            "tickets.html",
            tickets=found.tickets,
            wanted=wanted,
            query=address(wanted),
            tabs=_tabs(wanted),
            older=address(wanted, after=found.next) if found.next else "",
            newest=address(wanted) if visit.query("after") else "",
            # Counting what a filter leaves would cost more than the page.
            counts=await tickets.counts(Wanted()) if plain else {},
            views=await self._desk.views.of(visit.agent) if self._desk else (),
            clocks=await clocks_of(self._desk, ids),
            people=await people(self._services),
            teams=self._services.handoff.teams,
            now=self._services.clock(),
            has_overdue=clocked is not None,
            is_plain=plain,
            **CHOICES,
            waiting=await self._services.view.waiting(),
        )

    async def show(self, visit: Visit) -> Response:
        """Show one ticket; who asks for a merged one is sent to what it became part of."""
        return await self._page(visit)

    async def comment(self, visit: Visit) -> Response:
        """Add a comment, for agents only or for the customer too."""
        number, form = visit.path("number"), visit.form
        try:
            await self._services.tickets.comment(
                number=number,
                text=_text(form.get("text", "")),
                author=EntryAuthor.AGENT,
                author_name=visit.agent,
                # Only a clear word makes it public.
                public=form.get("public") == "yes",
                key=f"console:{form['once']}"[:200] if form.get("once") else None,
            )
        except (ConflictError, InvalidError) as error:
            return await self._page(visit, error)
        return go(f"{TICKETS}/{number}#end")

    async def change(self, visit: Visit) -> Response:
        """Change fields; whoever was late is shown both versions."""
        number, form = visit.path("number"), visit.form
        version = form.get("version", "")
        try:
            await self._services.tickets.set(
                number=number,
                by=visit.agent,
                why=form.get("why"),
                version=int(version) if version.isdecimal() and len(version) < 10 else None,
                **changes_of(form),
            )
        except StaleError as error:
            return await self._both(visit, error.current)
        except (ConflictError, InvalidError) as error:
            return await self._page(visit, error)
        return go(
            form["next"] if form.get("next") == f"{TICKETS}/board" else f"{TICKETS}/{number}"
        )

    async def _both(self, visit: Visit, current: Ticket) -> Response:
        """Show what was wanted beside what is true now; every field that differs is chosen."""
        mine = {name: value for name, value in changes_of(visit.form).items() if value is not None}
        theirs = _fields(current)
        mine["tags"] = ", ".join(filter(None, mine.get("tags", current.tags)))
        differing = [name for name in mine if str(mine[name]) != theirs[name]]
        if not differing:
            return go(f"{TICKETS}/{current.number}")
        return self._render.page(
            visit,
            "ticket_stale.html",
            HTTPStatus.CONFLICT,
            ticket=current,
            mine=mine,
            theirs=theirs,
            differing=differing,
            why=visit.form.get("why", ""),
            waiting=await self._services.view.waiting(),
        )

    async def _page(self, visit: Visit, error: FrontdeskError | None = None) -> Response:
        ticket = await self._services.tickets.get(number=visit.path("number"))
        if error is None and ticket.number != visit.path("number").upper():
            return go(f"{TICKETS}/{ticket.number}?merged={visit.path('number')[:12]}")
        desk = self._desk
        return self._render.page(
            visit,
            "ticket.html",
            error.status_code if error else HTTPStatus.OK,
            ticket=ticket,
            moves=(ticket.status, *MOVES[ticket.status]),
            problem=_problem(error, ticket) if error else "",
            draft=visit.form.get("text", ""),
            longest=LONGEST_TEXT,
            once=token_hex(12),
            merges=await desk.merging.of(ticket.number) if desk else (),
            clocks=still_due((await clocks_of(desk, [ticket.id])).get(ticket.id, ()), ticket),
            people=await people(self._services),
            teams=self._services.handoff.teams,
            now=self._services.clock(),
            came_from=visit.query("merged"),
            can_merge=desk is not None
            and visit.may(Deed.TICKET_MERGE, own=ticket.assignee in (None, visit.agent)),
            **CHOICES,
            waiting=await self._services.view.waiting(),
        )


CHOICES: dict[str, Any] = {
    "statuses": tuple(TicketStatus),
    "priorities": tuple(TicketPriority),
    "topics": tuple(TicketTopic),
    "sorts": tuple(Sort),
}


def wanted_of(visit: Visit) -> Wanted:
    """Return what the address asks for; what is none of ours is left out, as links grow old."""
    try:
        return Wanted.read(dict(visit.request.query_params))
    except InvalidError:
        return Wanted(status=ALL_ACTIVE)


def address(wanted: Wanted, **more: str) -> str:
    """Return the address of a list."""
    return f"{TICKETS}?{urlencode({**wanted.plain(), **more})}"


async def clocks_of(desk: TicketDesk | None, ids: list[int]) -> dict[int, list[Any]]:
    """Return the clocks that still run or were missed, the one due first first; none where nobody keeps time."""
    if desk is None or desk.clocks is None or not ids:
        return {}
    found = await desk.clocks.clocks(ids)
    return {
        number: sorted(
            (one for one in clocks if one.stopped_at is None), key=lambda one: one.due_at
        )
        for number, clocks in found.items()
    }


def changes_of(form: Any) -> dict[str, Any]:
    """Return the fields of a form of changes; one that is not there is not changed."""
    plain = {name: form.get(name) or None for name in ("status", "priority", "topic")}
    may_be_empty = {name: form.get(name) for name in ("assignee", "team", "product")}
    tags = [tag_of(one) for one in form["tags"].split(",")] if "tags" in form else None
    return {**plain, **may_be_empty, "tags": tags}


def _fields(ticket: Ticket) -> dict[str, str]:
    return {
        "status": ticket.status,
        "priority": ticket.priority,
        "topic": ticket.topic,
        "assignee": ticket.assignee or "",
        "team": ticket.team or "",
        "product": ticket.product or "",
        "tags": ", ".join(ticket.tags),
    }


def _tabs(wanted: Wanted) -> list[tuple[str, str]]:
    """Return the statuses as (status, address), everything else as it is asked for."""
    rest = {key: value for key, value in wanted.plain().items() if key != "status"}
    return [
        (status, f"{TICKETS}?{urlencode({'status': status, **rest})}")
        for status in (ALL_ACTIVE, *TicketStatus, ANY)
    ]


def _text(given: str) -> str:
    text = shown_text(given)
    if not text or len(text) > LONGEST_TEXT:
        raise InvalidError("a comment has 1 to 8,000 characters")
    return text


def _problem(error: FrontdeskError, ticket: Ticket) -> str:
    """Return the key of the words for a refusal."""
    if isinstance(error, MergedError):
        return "problem.ticket_merged"
    if isinstance(error, ConflictError):
        return "problem.ticket_move" if MOVES[ticket.status] else "problem.ticket_closed"
    return "problem.empty" if isinstance(error, InvalidError) else word_for(error)


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return every address of tickets for agents."""
    pages = TicketPages(services, render)
    return [
        Route(TICKETS, gate.page(pages.list, Deed.TICKET_SEE)),
        *ticket_board.routes(gate, services, render),
        *ticket_bulk.routes(gate, services, render),
        *ticket_views.routes(gate, services),
        *ticket_rules.routes(gate, services, render),
        *ticket_merges.routes(gate, services, render),
        Route(TICKET, gate.page(pages.show, Deed.TICKET_SEE)),
        Route(
            f"{TICKET}/comments", gate.action(pages.comment, Deed.TICKET_CHANGE), methods=["POST"]
        ),
        Route(f"{TICKET}/change", gate.action(pages.change, Deed.TICKET_CHANGE), methods=["POST"]),
    ]
