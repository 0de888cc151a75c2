"""Tokens by which programs use the API."""

from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed, Role
from desk.errors import FrontdeskError
from desk.tables.access import TokenRow
from desk.tickets.words import one_of

TOKENS = "/console/tokens"
LASTS = ("30", "90", "365", "0")
"""Days; 0 is without end."""
_OF_PEOPLE = {Deed.SELF_CHANGE, Deed.USER_CHANGE, Deed.TOKEN_CHANGE, Deed.VIEW_SAVE}
SCOPES = tuple(deed for deed in Deed if deed not in _OF_PEOPLE)
"""What a program may be allowed: nothing that could make it more than it is."""


class TokenPages:
    """Shows, makes and revokes tokens."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._tokens = services.access.tokens
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List tokens."""
        return await self._page(visit)

    async def make(self, visit: Visit) -> Response:
        """Make a token and show it, this once."""
        form = visit.form
        try:
            days = form.get("days", "") if form.get("days", "") in LASTS else LASTS[1]
            until = self._services.clock() + timedelta(days=int(days)) if int(days) else None
            row, text = await self._tokens.make(
                name=form.get("name", ""),
                role=one_of(Role, form.get("role", "")),
                scopes=[deed for deed in SCOPES if f"scope.{deed}" in form],
                expires_at=until,
                by=visit.agent,
            )
        except FrontdeskError as error:
            return await self._page(visit, problem="problem.token", status=error.status_code)
        return await self._page(visit, made=row, text=text)

    async def revoke(self, visit: Visit) -> Response:
        """Let a token in no more."""
        await self._tokens.revoke(visit.path("id"), by=visit.agent)
        return go(TOKENS)

    async def _page(
        self,
        visit: Visit,
        *,
        made: TokenRow | None = None,
        text: str = "",
        problem: str = "",
        status: int = HTTPStatus.OK,
    ) -> Response:
        return self._render.page(
            visit,
            "tokens.html",
            status,
            tokens=await self._tokens.list(),
            now=self._services.clock(),
            roles=tuple(Role),
            scopes=SCOPES,
            lasts=LASTS,
            made=made,
            text=text,
            problem=problem,
            waiting=await self._services.view.waiting(),
        )


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of tokens; what is done is noted by the service."""
    pages, deed = TokenPages(services, render), Deed.TOKEN_CHANGE
    return [
        Route(TOKENS, gate.page(pages.list, deed), methods=["GET"]),
        Route(TOKENS, gate.action(pages.make, deed, noted=True), methods=["POST"]),
        Route(
            f"{TOKENS}/{{id}}/revoke",
            gate.action(pages.revoke, deed, noted=True),
            methods=["POST"],
        ),
    ]
