"""The gate of the console: who is signed in, may this form be trusted, and errors in words."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.forms import read_form
from console.language import language_of
from console.problem import OldFormError, word_for
from console.render import HEADERS, Renderer, go
from console.same_origin import came_from_elsewhere, is_same_origin
from console.session import COOKIE, Sessions
from console.visit import Visit
from desk.clock import Clock
from desk.errors import ForbiddenError, FrontdeskError

log = structlog.get_logger()

Page = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Gate:
    """Wraps pages into endpoints."""

    def __init__(
        self, *, sessions: Sessions, render: Renderer, clock: Clock, public_url: str | None
    ) -> None:
        self._sessions = sessions
        self._render = render
        self._clock = clock
        self._public_url = public_url

    def public(self, page: Page) -> Endpoint:
        """Wrap a page that anybody may see."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(page, self._visit(request))

        return endpoint

    def public_form(self, page: Page) -> Endpoint:
        """Wrap what takes a form before there is a session; it must come from our own page."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(self._with_form(page, signed=False), self._visit(request))

        return endpoint

    def page(self, page: Page) -> Endpoint:
        """Wrap a page for agents; others are sent to sign in."""

        async def endpoint(request: Request) -> Response:
            visit = self._visit(request)
            if not visit.agent:
                return self._sign_in_first(visit)
            return await self._answer(page, visit)

        return endpoint

    def live(self, page: Page) -> Endpoint:
        """Wrap what pages ask by themselves; without a session it answers 401, errors are JSON."""

        async def endpoint(request: Request) -> Response:
            visit = self._visit(request)
            if not visit.agent:
                return _json_error("signed_out", HTTPStatus.UNAUTHORIZED)
            try:
                return await page(visit)
            except FrontdeskError as error:
                return _json_error("failed", error.status_code)

        return endpoint

    def action(self, page: Page) -> Endpoint:
        """Wrap what changes something: same site, an agent's session and its form token."""

        async def endpoint(request: Request) -> Response:
            visit = self._visit(request)
            if not visit.agent:
                return self._sign_in_first(visit)
            return await self._answer(self._with_form(page, signed=True), visit)

        return endpoint

    def _visit(self, request: Request) -> Visit:
        session = self._sessions.read(request.cookies.get(COOKIE, ""), self._clock())
        return Visit(
            request=request,
            language=language_of(request),
            session=session,
            form_token=self._sessions.form_token(session) if session else "",
        )

    def _with_form(self, page: Page, *, signed: bool) -> Page:
        async def checked(visit: Visit) -> Response:
            if not is_same_origin(visit.request.headers, self._public_url):
                raise ForbiddenError("this form did not come from this site")
            form = await read_form(visit.request)
            if signed and (
                visit.session is None
                or not self._sessions.is_form_token(visit.session, form.get("form_token", ""))
            ):
                raise OldFormError
            return await page(replace(visit, form=form))

        return checked

    async def _answer(self, page: Page, visit: Visit) -> Response:
        try:
            return await page(visit)
        except FrontdeskError as error:
            log.info("console_refused", error=type(error).__name__, path=visit.request.url.path)
            return self.problem(visit, word_for(error), error.status_code)
        except Exception:  # whatever broke, people get a page and the operator a trace
            log.exception("console_crashed", path=visit.request.url.path)
            return self.problem(visit, "problem.internal", HTTPStatus.INTERNAL_SERVER_ERROR)

    def problem(self, visit: Visit, word: str, status: int) -> Response:
        """Return a page that says what went wrong."""
        return self._render.page(visit, "problem.html", status, word=word)

    def _sign_in_first(self, visit: Visit) -> Response:
        request = visit.request
        if visit.session is None and came_from_elsewhere(request.headers):
            # After a link on another site the strict cookie was left out. Loading the same address again
            # from a page of ours brings it along; the second time this branch is not taken.
            address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return self._render.page(visit, "again.html", address=address)
        wanted = request.url.path if request.method in ("GET", "HEAD") else "/console"
        return go(f"/console/sign-in?next={quote(wanted, safe='/')}")


def _json_error(word: str, status: int) -> Response:
    return JSONResponse({"error": word}, status, HEADERS)
