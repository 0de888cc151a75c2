"""Tickets: list, open, one, change, comment, merge."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, Response

from console.api.door import Caller, Operation
from console.api.fields import IdempotencyKey, Number, ShownPage
from console.api.once import Once
from console.api.problems import problem
from console.api.services import ApiServices
from console.api.ticket_shapes import (
    Merge,
    NewComment,
    NewTicket,
    TicketChange,
    TicketDetail,
    TicketQuery,
    TicketShown,
)
from desk.access import audit
from desk.access.policy import Deed, Principal
from desk.errors import NotFoundError
from desk.ids import new_id
from desk.tickets.conflicts import StaleError
from desk.tickets.listing import Wanted

_TICKET = "/tickets/{number}"


class TicketApi:
    """What programs do with tickets."""

    def __init__(self, services: ApiServices, once: Once) -> None:
        self._services = services
        self._tickets = services.tickets
        self._once = once

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        yield Operation(
            method="GET",
            path="/tickets",
            endpoint=self.list_tickets,
            deed=Deed.TICKET_SEE,
            answer=ShownPage[TicketShown],
        )
        yield Operation(
            method="POST",
            path="/tickets",
            endpoint=self.open_ticket,
            deed=Deed.TICKET_OPEN,
            answer=TicketDetail,
            creates=True,
            problems=("key_used",),
        )
        yield Operation(
            method="GET",
            path=_TICKET,
            endpoint=self.get_ticket,
            deed=Deed.TICKET_SEE,
            answer=TicketDetail,
        )
        yield Operation(
            method="PATCH",
            path=_TICKET,
            endpoint=self.change_ticket,
            deed=Deed.TICKET_CHANGE,
            answer=TicketDetail,
            problems=("stale", "merged"),
        )
        yield Operation(
            method="POST",
            path=f"{_TICKET}/comments",
            endpoint=self.comment_on_ticket,
            deed=Deed.TICKET_CHANGE,
            answer=TicketDetail,
            creates=True,
            problems=("key_used",),
        )
        yield Operation(
            method="POST",
            path=f"{_TICKET}/merge",
            endpoint=self.merge_ticket,
            deed=Deed.TICKET_MERGE,
            own=self._is_theirs,
            answer=TicketDetail,
        )

    async def list_tickets(self, asked: Annotated[TicketQuery, Query()]) -> ShownPage[TicketShown]:
        """List tickets."""
        wanted = Wanted(
            status=str(asked.status),
            priority=asked.priority or "",
            topic=asked.topic or "",
            assignee=asked.assignee or "",
            team=asked.team or "",
            tag=asked.tag or "",
            channel=asked.channel or "",
            contact=asked.contact_id or "",
            sort=asked.sort,
        )
        page = await self._tickets.find(wanted, after=asked.after or "", limit=asked.limit)
        items = [TicketShown.model_validate(ticket) for ticket in page.tickets]
        return ShownPage(items=items, next=page.next or None)

    async def get_ticket(self, number: Number) -> TicketDetail:
        """Get a ticket with its history; one that became part of another is that other."""
        return TicketDetail.model_validate(await self._tickets.get(number=number))

    async def open_ticket(
        self, request: Request, caller: Caller, given: NewTicket, _key: IdempotencyKey = None
    ) -> Response:
        """Open a ticket for a conversation."""
        async with self._services.database.write() as session:

            async def work() -> TicketDetail:
                ticket = await self._tickets.open_in(
                    session,
                    key=f"api:{new_id()}",
                    conversation_id=given.conversation_id,
                    topic=given.topic,
                    title=given.title,
                    description=given.description,
                    priority=given.priority,
                    order_number=given.order_number,
                    author="agent",
                )
                await self._note(session, caller, Deed.TICKET_OPEN, ticket.number)
                return TicketDetail.model_validate(ticket)

            return await self._once.create(session, request, given, work)

    async def change_ticket(self, number: Number, caller: Caller, given: TicketChange) -> Response:
        """Change a ticket that is still as you have seen it."""
        values = given.model_dump(exclude={"version", "why"}, exclude_none=True)
        try:
            async with self._services.database.write() as session:
                ticket = await self._tickets.set_in(
                    session,
                    number=number,
                    by=caller.name,
                    why=given.why,
                    version=given.version,
                    **values,
                )
                await self._note(
                    session, caller, Deed.TICKET_CHANGE, ticket.number, fields=sorted(values)
                )
        except StaleError as error:
            return problem("stale", str(error), current=_plain(error.current))
        return JSONResponse(_plain(ticket))

    async def comment_on_ticket(
        self,
        number: Number,
        request: Request,
        caller: Caller,
        given: NewComment,
        _key: IdempotencyKey = None,
    ) -> Response:
        """Comment on a ticket."""
        async with self._services.database.write() as session:

            async def work() -> TicketDetail:
                ticket = await self._tickets.comment_in(
                    session,
                    number=number,
                    text=given.text,
                    author="agent",
                    author_name=caller.name,
                    public=given.public,
                )
                public = {"public": given.public}
                await self._note(session, caller, Deed.TICKET_CHANGE, ticket.number, **public)
                return TicketDetail.model_validate(ticket)

            return await self._once.create(session, request, given, work)

    async def merge_ticket(self, number: Number, caller: Caller, given: Merge) -> TicketDetail:
        """Make a ticket part of another one of the same customer; return the one that goes on."""
        async with self._services.database.write() as session:
            made = await self._services.ticket_merging.merge_in(
                session, number=number, into=given.into, by=caller.name, why=given.why
            )
            await self._note(session, caller, Deed.TICKET_MERGE, made.other, into=made.kept)
        return TicketDetail.model_validate(await self._tickets.get(number=made.kept))

    async def _is_theirs(self, request: Request, caller: Principal) -> bool:
        try:
            ticket = await self._tickets.get(number=request.path_params["number"])
        except NotFoundError:
            return False
        return ticket.assignee == caller.name

    async def _note(
        self, session: AsyncSession, caller: Principal, deed: Deed, number: str, **detail: Any
    ) -> None:
        await audit.note(
            session,
            by=caller.name,
            deed=deed,
            thing=f"ticket:{number}",
            detail=detail | {"token": caller.id},
            now=self._services.clock(),
        )


def _plain(ticket: object) -> dict[str, Any]:
    return TicketDetail.model_validate(ticket).model_dump(mode="json")
