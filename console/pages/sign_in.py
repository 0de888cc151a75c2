"""Signing in with the console's token, saying one's name, signing out, choosing the language."""

from http import HTTPStatus

from starlette.responses import Response

from console.language import COOKIE as LANGUAGE_COOKIE
from console.language import LANGUAGES
from console.render import Renderer, go
from console.session import COOKIE, LIFETIME, Session, Sessions, agent_name
from console.throttle import Throttle
from console.visit import Visit
from desk.clock import Clock

HOME = "/console"
_YEAR = 365 * 24 * 3600


class SignIn:
    """The door."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        render: Renderer,
        throttle: Throttle,
        clock: Clock,
        public_url: str | None,
    ) -> None:
        self._sessions = sessions
        self._render = render
        self._throttle = throttle
        self._clock = clock
        self._https = (public_url or "").startswith("https:")

    async def show(self, visit: Visit) -> Response:
        """Show the form: the token first, then the name."""
        if visit.agent:
            return go(_next(visit.query("next")))
        return self._form(visit, wanted=visit.query("next"))

    async def with_link(self, visit: Visit) -> Response:
        """Sign in by the link that is printed at the start, and leave the token out of the address."""
        return await self._try(visit, visit.query("key"), agent=visit.agent, wanted=HOME)

    async def with_token(self, visit: Visit) -> Response:
        """Sign in by the form."""
        agent, wanted = visit.form.get("agent", ""), visit.form.get("next", "")
        if not agent_name(agent):
            return self._form(visit, "sign_in.no_name", HTTPStatus.UNPROCESSABLE_ENTITY, wanted)
        return await self._try(visit, visit.form.get("token", ""), agent=agent, wanted=wanted)

    async def name(self, visit: Visit) -> Response:
        """Take the display name of somebody who came by the link."""
        session, wanted = visit.session, visit.form.get("next", "")
        if session is None:
            return self._form(visit, wanted=wanted)
        agent = agent_name(visit.form.get("agent", ""))
        if not agent:
            return self._form(visit, "sign_in.no_name", HTTPStatus.UNPROCESSABLE_ENTITY, wanted)
        return self._enter(visit, self._sessions.named(session, agent), wanted)

    async def leave(self, _: Visit) -> Response:
        """Sign out."""
        response = go("/console/sign-in")
        response.delete_cookie(COOKIE, path=HOME)
        return response

    async def language(self, visit: Visit) -> Response:
        """Switch the language."""
        response = go(_next(visit.form.get("next", "")))
        chosen = visit.form.get("language", "")
        if chosen in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, chosen, max_age=_YEAR, path=HOME, httponly=True, samesite="lax"
            )
        return response

    async def _try(self, visit: Visit, token: str, *, agent: str, wanted: str) -> Response:
        client = visit.request.client
        address = client.host if client else "unknown"
        wait = await self._throttle.attempt(address)
        if wait:
            status = HTTPStatus.TOO_MANY_REQUESTS
            response = self._form(visit, "sign_in.too_many", status, wanted)
            response.headers["Retry-After"] = str(wait)
            return response
        if not self._sessions.opens(token):
            return self._form(visit, "sign_in.wrong", HTTPStatus.UNAUTHORIZED, wanted)
        await self._throttle.forget(address)
        return self._enter(visit, self._sessions.start(self._clock(), agent), wanted)

    def _enter(self, visit: Visit, session: Session, wanted: str) -> Response:
        response = go(_next(wanted))
        response.set_cookie(
            COOKIE,
            self._sessions.cookie(session),
            max_age=int(LIFETIME.total_seconds()),
            path=HOME,
            httponly=True,
            samesite="strict",
            secure=self._https or visit.request.url.scheme == "https",
        )
        return response

    def _form(
        self, visit: Visit, word: str = "", status: int = HTTPStatus.OK, wanted: str = ""
    ) -> Response:
        agent = visit.form.get("agent", "")
        return self._render.page(
            visit, "sign_in.html", status, word=word, wanted=_next(wanted), agent=agent
        )


def _next(wanted: str) -> str:
    """Return an address inside the console; any other is home."""
    inside = wanted == HOME or wanted.startswith((f"{HOME}/", f"{HOME}?"))
    return wanted if inside else HOME
