"""A customer's own ticket, by a signed link and without an account."""

from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from http import HTTPStatus
from secrets import token_hex

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import LONGEST_TEXT, read_form
from console.language import language_of
from console.render import HEADERS, Renderer
from console.same_origin import is_same_origin
from console.visit import Visit
from desk.clock import Clock
from desk.errors import ConflictError, ForbiddenError, FrontdeskError, InvalidError, NotFoundError
from desk.tables.ticket import TicketStatus
from desk.tickets.customer import CustomerTickets
from desk.tickets.links import PATH, TicketLinks
from desk.tickets.status import DONE

log = structlog.get_logger()

READS, WRITES = "60/minute", "20/hour"
"""How often one address may look, and how often one ticket may be written to."""
SAID = frozenset({"sent", "closed", "reopened"})
_PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
_MOVES = {
    "close": (TicketStatus.RESOLVED, "closed"),
    "reopen": (TicketStatus.OPEN, "reopened"),
}

type Answer = Callable[[Visit, int], Awaitable[Response]]


class CustomerPages:
    """Shows one ticket to whoever has its link."""

    def __init__(
        self,
        *,
        tickets: CustomerTickets,
        links: TicketLinks,
        clock: Clock,
        zone: tzinfo,
        public_url: str | None,
        reads: str = READS,
        writes: str = WRITES,
    ) -> None:
        self._tickets = tickets
        self._links = links
        self._render = Renderer(clock)
        self._zone = zone
        self._public_url = public_url
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._reads, self._writes = parse(reads), parse(writes)

    async def show(self, visit: Visit, ticket_id: int) -> Response:
        """Show the ticket."""
        return await self._page(visit, ticket_id)

    async def comment(self, visit: Visit, ticket_id: int) -> Response:
        """Keep what the customer writes; the page of the ticket that has it is shown."""
        text = visit.form.get("text", "")
        try:
            if len(text) > LONGEST_TEXT:
                raise InvalidError("too long")
            kept = await self._tickets.comment(
                ticket_id, text, key=visit.form.get("once", "")[:64] or token_hex(12)
            )
        except InvalidError:
            return await self._page(visit, ticket_id, problem="mine.empty")
        return self._go(kept.id, "sent")

    async def move(self, visit: Visit, ticket_id: int) -> Response:
        """Settle or reopen it; what is closed stays so, and the page says how to go on."""
        if visit.path("way") not in _MOVES:
            raise NotFoundError
        status, said = _MOVES[visit.path("way")]
        try:
            await self._tickets.move(ticket_id, status)
        except ConflictError:
            return await self._page(visit, ticket_id)
        return self._go(ticket_id, said)

    async def _page(self, visit: Visit, ticket_id: int, problem: str = "") -> Response:
        ticket = await self._tickets.see(ticket_id)
        said = visit.query("said")
        return self._private(
            visit,
            "customer_ticket.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
            ticket=ticket,
            here=self._links.path(ticket.id),
            can_close=ticket.status not in DONE,
            is_resolved=ticket.status is TicketStatus.RESOLVED,
            is_closed=ticket.status is TicketStatus.CLOSED,
            problem=problem,
            said=said if said in SAID else "",
            draft=visit.form.get("text", "") if problem else "",
            longest=LONGEST_TEXT,
            once=token_hex(12),
            local=self._local,
        )

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def _go(self, ticket_id: int, said: str) -> Response:
        to = f"{self._links.path(ticket_id)}?said={said}"
        return RedirectResponse(to, HTTPStatus.SEE_OTHER, {**HEADERS, **_PRIVATE})

    def _private(self, visit: Visit, template: str, status: int, **known: object) -> Response:
        response = self._render.page(visit, template, status, **known)
        response.headers.update(_PRIVATE)
        return response

    def endpoint(
        self, answer: Answer, *, writes: bool
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page: who may be answered, and errors in the customer's words."""

        async def endpoint(request: Request) -> Response:
            visit = Visit(request=request, language=language_of(request), session=None)
            try:
                return await self._answer(answer, visit, writes=writes)
            except (ForbiddenError, NotFoundError):
                return self._problem(visit, "gone", HTTPStatus.NOT_FOUND)
            except FrontdeskError as error:
                return self._problem(visit, "broken", error.status_code)
            except Exception:  # whatever broke, customers get a page and the operator a trace
                log.exception("customer_page_crashed")
                return self._problem(visit, "broken", HTTPStatus.INTERNAL_SERVER_ERROR)

        return endpoint

    async def _answer(self, answer: Answer, visit: Visit, *, writes: bool) -> Response:
        request = visit.request
        client = request.client.host if request.client else ""
        if not await self._may(self._reads, "read", client):
            return self._problem(visit, "slow", HTTPStatus.TOO_MANY_REQUESTS)
        ticket_id = self._links.read(request.path_params["token"])
        if not writes:
            return await answer(visit, ticket_id)
        if not is_same_origin(request.headers, self._public_url):
            raise ForbiddenError("this form did not come from this site")
        if not await self._may(self._writes, "write", str(ticket_id)):
            return self._problem(visit, "slow", HTTPStatus.TOO_MANY_REQUESTS)
        form = await read_form(request)
        posted = Visit(request=request, language=visit.language, session=None, form=form)
        return await answer(posted, ticket_id)

    async def _may(self, rate: RateLimitItem, what: str, whose: str) -> bool:
        return await self._limiter.hit(rate, f"customer-ticket-{what}", whose)

    def _problem(self, visit: Visit, word: str, status: int) -> Response:
        return self._private(visit, "customer_problem.html", status, word=word)


def public_routes(pages: CustomerPages) -> list[BaseRoute]:
    """Return the addresses of the customer's page, under ``/t``."""
    one = f"{PATH}/{{token}}"
    return [
        Route(one, pages.endpoint(pages.show, writes=False), methods=["GET"]),
        Route(f"{one}/comments", pages.endpoint(pages.comment, writes=True), methods=["POST"]),
        Route(f"{one}/{{way}}", pages.endpoint(pages.move, writes=True), methods=["POST"]),
    ]
