"""Many tickets at once: change them after a look, or take them along as a table."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.problem import word_for
from console.render import HEADERS, Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import FrontdeskError, InvalidError
from desk.tables.ticket import TicketPriority, TicketStatus, TicketTopic
from desk.tickets.export import csv_of
from desk.tickets.listing import Wanted
from desk.tickets.model import Ticket

_MOST = 100
_EXPORTED, _PAGE = 10_000, 200
CHANGED = ("status", "priority", "topic", "assignee", "team", "tag", "untag")
_NOBODY = "-"


class BulkPages:
    """Changes many tickets and exports a list."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._render = render

    async def look(self, visit: Visit) -> Response:
        """Show what was picked, and ask what to change."""
        return await self._ask(visit, visit.request.query_params.getlist("pick"))

    async def change(self, visit: Visit) -> Response:
        """Change every ticket that was confirmed; those that cannot be are named with the reason."""
        form = visit.form
        numbers = form.get("numbers", "").split(",")
        wanted = {name: form.get(name, "").strip() for name in CHANGED}
        if not any(wanted.values()):
            return await self._ask(visit, numbers, "problem.nothing_chosen")
        done, failed = [], []
        for ticket in await self._picked(numbers):
            try:
                done.append(await self._one(ticket, wanted, visit.agent))
            except FrontdeskError as error:
                failed.append((ticket, word_for(error)))
        return self._render.page(
            visit,
            "ticket_bulk_done.html",
            done=done,
            failed=failed,
            waiting=await self._services.view.waiting(),
        )

    async def export(self, visit: Visit) -> Response:
        """Give the list that is asked for as CSV, 10,000 tickets at most."""
        try:
            wanted = Wanted.read(dict(visit.request.query_params))
        except InvalidError:
            wanted = Wanted()
        desk, found, after = self._services.ticket_desk, list[Ticket](), ""
        while len(found) < _EXPORTED:
            page = await self._services.tickets.find(
                wanted, after=after, limit=_PAGE, clocked=desk.overdue if desk else None
            )
            found += page.tickets
            after = page.next
            if not after:
                break
        # With a mark of the byte order, as spreadsheets take it for Latin-1 otherwise.
        body = ("\ufeff" + csv_of(found)).encode()
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="tickets.csv"'}
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)

    async def _one(self, ticket: Ticket, wanted: dict[str, str], by: str) -> Ticket:
        given: dict[str, Any] = {
            name: wanted[name] or None for name in ("status", "priority", "topic")
        }
        for name in ("assignee", "team"):
            given[name] = "" if wanted[name] == _NOBODY else wanted[name] or None
        tags = None
        if wanted["tag"] or wanted["untag"]:
            gone = {one.strip().lower() for one in wanted["untag"].split(",")}
            kept = [one for one in ticket.tags if one not in gone]
            tags = [*kept, *wanted["tag"].split(",")]
        return await self._services.tickets.set(number=ticket.number, **given, tags=tags, by=by)

    async def _picked(self, numbers: list[str]) -> tuple[Ticket, ...]:
        return await self._services.tickets.some(numbers[:_MOST])

    async def _ask(self, visit: Visit, numbers: list[str], problem: str = "") -> Response:
        found = await self._picked(numbers)
        known: dict[str, Any] = {
            "statuses": tuple(TicketStatus),
            "priorities": tuple(TicketPriority),
            "topics": tuple(TicketTopic),
        }
        return self._render.page(
            visit,
            "ticket_bulk.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
            tickets=found,
            problem=problem,
            people=await people(self._services),
            teams=self._services.handoff.teams,
            waiting=await self._services.view.waiting(),
            **known,
        )


async def people(services: ConsoleServices) -> list[str]:
    """Return the names of all agents."""
    return [row.name for row in await services.agents.list()]


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses for many tickets."""
    pages, bulk = BulkPages(services, render), "/console/tickets/bulk"
    return [
        Route(bulk, gate.page(pages.look, Deed.TICKET_CHANGE), methods=["GET"]),
        Route(bulk, gate.action(pages.change, Deed.TICKET_CHANGE), methods=["POST"]),
        Route("/console/tickets/export.csv", gate.page(pages.export, Deed.REPORT_EXPORT)),
    ]
