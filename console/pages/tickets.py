"""Tickets: the list, one with its history, comments and moves."""

from http import HTTPStatus
from secrets import token_hex

from starlette.responses import Response

from console.forms import LONGEST_TEXT
from console.problem import word_for
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.errors import ConflictError, FrontdeskError, InvalidError
from desk.tables.ticket import EntryAuthor, TicketPriority, TicketStatus
from desk.tickets.model import Ticket
from desk.tickets.status import MOVES
from desk.tickets.words import shown_text

_PAGE = 30


class TicketPages:
    """Shows tickets and does what an agent asks."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """Show tickets, newest first, of one status or of all."""
        asked = visit.query("status")
        status = TicketStatus(asked) if asked in tuple(TicketStatus) else None
        # One more than is shown tells whether there is a next page.
        found = await self._services.tickets.list(
            status=status, limit=_PAGE + 1, after=visit.query("after") or None
        )
        return self._render.page(
            visit,
            "tickets.html",
            tickets=found[:_PAGE],
            last=found[_PAGE - 1].number if len(found) > _PAGE else "",
            chosen=status,
            statuses=tuple(TicketStatus),
            waiting=await self._services.view.waiting(),
        )

    async def show(self, visit: Visit) -> Response:
        """Show one ticket."""
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
        return go(f"/console/tickets/{number}#end")

    async def change(self, visit: Visit) -> Response:
        """Change status, priority or assignee."""
        number, form = visit.path("number"), visit.form
        try:
            await self._services.tickets.set(
                number=number,
                status=form.get("status") or None,
                priority=form.get("priority") or None,
                assignee=form.get("assignee"),
                by=visit.agent,
            )
        except (ConflictError, InvalidError) as error:
            return await self._page(visit, error)
        return go(f"/console/tickets/{number}")

    async def _page(self, visit: Visit, error: FrontdeskError | None = None) -> Response:
        ticket = await self._services.tickets.get(number=visit.path("number"))
        return self._render.page(
            visit,
            "ticket.html",
            error.status_code if error else HTTPStatus.OK,
            ticket=ticket,
            moves=(ticket.status, *MOVES[ticket.status]),
            priorities=tuple(TicketPriority),
            problem=_problem(error, ticket) if error else "",
            draft=visit.form.get("text", ""),
            longest=LONGEST_TEXT,
            once=token_hex(12),
            waiting=await self._services.view.waiting(),
        )


def _text(given: str) -> str:
    text = shown_text(given)
    if not text or len(text) > LONGEST_TEXT:
        raise InvalidError("a comment has 1 to 8,000 characters")
    return text


def _problem(error: FrontdeskError, ticket: Ticket) -> str:
    """Return the key of the words for a refusal."""
    if isinstance(error, ConflictError):
        return "problem.ticket_move" if MOVES[ticket.status] else "problem.ticket_closed"
    return "problem.empty" if isinstance(error, InvalidError) else word_for(error)
