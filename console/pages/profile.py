"""One's own account: password, second step, sessions."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate, mine
from console.problem import word_for
from console.render import Renderer, go
from console.services import ConsoleServices
from console.session import Cookies, form_token
from console.throttle import CODE, Bucket, Throttle
from console.visit import Visit
from desk.access.credentials import WrongCodeError, WrongPasswordError
from desk.access.passwords import WeakPasswordError
from desk.access.policy import Deed
from desk.errors import FrontdeskError, NotFoundError

PROFILE = "/console/profile"
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (WrongPasswordError, "problem.wrong_password"),
    (WrongCodeError, "sign_in.wrong_code"),
    (WeakPasswordError, "sign_in.weak"),
)


class ProfilePages:
    """Shows and changes one's own account. Whoever came with the console's token has none."""

    def __init__(
        self, services: ConsoleServices, render: Renderer, cookies: Cookies, throttle: Throttle
    ) -> None:
        self._access = services.access
        self._view = services.view
        self._render = render
        self._cookies = cookies
        self._throttle = throttle

    async def show(self, visit: Visit) -> Response:
        """Show the account."""
        return await self._page(visit)

    async def password(self, visit: Visit) -> Response:
        """Change the password; every other session ends, and this one gets a new cookie."""
        user_id, form = _user(visit), visit.form
        if refusal := await self._wait(visit):
            return refusal
        try:
            await self._access.credentials.change_password(
                user_id, form.get("old", ""), form.get("new", "")
            )
        except FrontdeskError as error:
            return await self._page(visit, error=error)
        self._throttle.forget(_bucket(visit))
        return await self._renewed(visit, done="profile.password_changed")

    async def set_up(self, visit: Visit) -> Response:
        """Show what the app has to read."""
        setup = await self._access.credentials.begin_second_step(_user(visit))
        return await self._page(visit, setup=setup)

    async def confirm(self, visit: Visit) -> Response:
        """Take the app's first code; show the recovery codes, this once."""
        user_id = _user(visit)
        if refusal := await self._wait(visit):
            return refusal
        try:
            codes = await self._access.credentials.confirm_second_step(
                user_id, visit.form.get("code", "")
            )
        except WrongCodeError as error:
            setup = await self._access.credentials.begin_second_step(user_id)
            return await self._page(visit, error=error, setup=setup)
        self._throttle.forget(_bucket(visit))
        return await self._renewed(visit, codes=codes)

    async def stop(self, visit: Visit) -> Response:
        """Ask for no code any more."""
        user_id = _user(visit)
        if refusal := await self._wait(visit):
            return refusal
        try:
            await self._access.credentials.stop_second_step(
                user_id, visit.form.get("password", "")
            )
        except WrongPasswordError as error:
            return await self._page(visit, error=error)
        self._throttle.forget(_bucket(visit))
        return await self._renewed(visit, done="profile.step_stopped")

    async def end_others(self, visit: Visit) -> Response:
        """End all sessions but this one."""
        if visit.session is not None:
            await self._access.sessions.end_of(_user(visit), but=visit.session.id)
        return go(f"{PROFILE}#sessions")

    async def _wait(self, visit: Visit) -> Response | None:
        """Refuse whoever guesses: with a borrowed session one could otherwise do so for ever."""
        wait = self._throttle.attempt(_bucket(visit))
        if not wait:
            return None
        status = HTTPStatus.TOO_MANY_REQUESTS
        response = await self._page(visit, problem="sign_in.too_many", status=status)
        response.headers["Retry-After"] = str(wait)
        return response

    async def _renewed(self, visit: Visit, **context: Any) -> Response:
        """Show the account under a new session: the one of before has ended with all others."""
        browser = self._cookies.browser(visit.request)
        key = await self._access.sessions.enter(_user(visit), browser, how="renewed")
        session = await self._access.sessions.find(key)
        if session is None:
            raise LookupError("a session vanished between insert and select")
        token = form_token(self._access.keys, session)
        fresh = replace(visit, session=session, who=session.who, form_token=token)
        response = await self._page(fresh, **context)
        self._cookies.sign_in(visit.request, response, key)
        return response

    async def _page(
        self,
        visit: Visit,
        *,
        error: FrontdeskError | None = None,
        problem: str = "",
        status: int = HTTPStatus.OK,
        **context: Any,
    ) -> Response:
        user_id = visit.session.user_id if visit.session else None
        known = {"setup": None, "codes": [], "done": "", **context}
        return self._render.page(
            visit,
            "profile.html",
            error.status_code if error else status,
            user=await self._access.users.get(user_id) if user_id else None,
            sessions=await self._access.sessions.of_user(user_id) if user_id else [],
            has_admin=await self._access.users.has_admin(),
            problem=_word(error) if error else problem,
            waiting=await self._view.waiting(),
            **known,
        )


def _user(visit: Visit) -> str:
    if visit.session is None or visit.session.user_id is None:
        raise NotFoundError("you have no account")
    return visit.session.user_id


def _bucket(visit: Visit) -> Bucket:
    return CODE, ("profile", _user(visit))


def _word(error: FrontdeskError) -> str:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), word_for(error))


def routes(
    gate: Gate, services: ConsoleServices, render: Renderer, cookies: Cookies, throttle: Throttle
) -> list[BaseRoute]:
    """Return the addresses of one's own account."""
    pages = ProfilePages(services, render, cookies, throttle)
    posts = {
        f"{PROFILE}/password": pages.password,
        f"{PROFILE}/second-step": pages.set_up,
        f"{PROFILE}/second-step/confirm": pages.confirm,
        f"{PROFILE}/second-step/stop": pages.stop,
        f"{PROFILE}/sessions/end": pages.end_others,
    }
    return [
        Route(PROFILE, gate.page(pages.show, Deed.SELF_CHANGE, own=mine)),
        *(
            Route(path, gate.action(page, Deed.SELF_CHANGE, own=mine), methods=["POST"])
            for path, page in posts.items()
        ),
    ]
