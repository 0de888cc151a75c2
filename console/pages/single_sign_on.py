"""Signing in by the company's own provider (OpenID Connect): there, and back."""

import secrets
from http import HTTPStatus

import structlog
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.pages.sign_in import SignIn, base_of, inside
from console.render import Renderer, go
from console.session import Cookies
from console.visit import Visit
from desk.access.access import Access
from desk.access.oidc import Provider
from desk.clock import Clock
from desk.errors import ForbiddenError, FrontdeskError, RetryableError

log = structlog.get_logger()

START, BACK = "/console/oidc", "/console/oidc/callback"


class SingleSignOn:
    """Sends browsers to the provider and takes them back."""

    def __init__(
        self,
        provider: Provider,
        *,
        access: Access,
        cookies: Cookies,
        door: SignIn,
        render: Renderer,
        clock: Clock,
        public_url: str | None,
    ) -> None:
        self._provider = provider
        self._access = access
        self._cookies = cookies
        self._door = door
        self._render = render
        self._clock = clock
        self._public_url = public_url

    async def leave(self, visit: Visit) -> Response:
        """Send the browser to the provider."""
        if not self._cookies.may_sign_in(visit.request):
            return go("/console/sign-in")
        start = self._provider.start()
        try:
            address = await self._provider.address(start, self._back(visit))
        except FrontdeskError as error:
            return self._trouble(visit, error)
        response = go(address)
        self._cookies.keep(
            visit.request, response, start, inside(visit.query("next")), self._clock()
        )
        return response

    async def back(self, visit: Visit) -> Response:
        """Take the browser back: only one that we sent, with the answer to what it was sent for."""
        kept = self._cookies.kept(visit.request, self._clock())
        state, code = visit.query("state"), visit.query("code")
        if kept is None or not secrets.compare_digest(state.encode(), kept[0].state.encode()):
            return self._trouble(visit, ForbiddenError("not on its way"), "sign_in.sso_lost")
        start, wanted = kept
        if not code:
            log.info("sign_on_refused_there", error=visit.query("error")[:64])
            return self._trouble(visit, ForbiddenError(), "sign_in.sso_refused")
        try:
            person = await self._provider.person(start, code, self._back(visit))
            user = await self._access.users.meet(
                issuer=person.issuer,
                subject=person.subject,
                email=person.email,
                name=person.name,
                role=self._provider.role_of(person.email),
            )
        except FrontdeskError as error:
            return self._trouble(visit, error)
        entered = await self._door.enter(visit, user, how="single sign-on", wanted=wanted)
        # A redirect would still count as coming from the provider, and the strict cookie would be left out.
        response = self._render.page(visit, "again.html", address=inside(wanted))
        for cookie in entered.headers.getlist("set-cookie"):
            response.headers.append("set-cookie", cookie)
        self._cookies.forget(visit.request, response)
        return response

    def _back(self, visit: Visit) -> str:
        return f"{base_of(visit.request, self._public_url)}{BACK}"

    def _trouble(self, visit: Visit, error: FrontdeskError, word: str = "") -> Response:
        log.info("sign_on_failed", error=type(error).__name__, reason=str(error))
        away = isinstance(error, RetryableError)
        word = word or ("sign_in.sso_away" if away else "sign_in.sso_unknown")
        status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.FORBIDDEN
        response = self._render.page(visit, "problem.html", status, word=word)
        self._cookies.forget(visit.request, response)
        return response

    def routes(self, gate: Gate) -> list[BaseRoute]:
        """Return the two addresses."""
        return [
            Route(START, gate.public(self.leave)),
            Route(BACK, gate.public(self.back)),
        ]
