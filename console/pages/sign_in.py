"""The door: by password and second step, by link, by single sign-on, by the console's token; and out again."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.language import COOKIE as LANGUAGE_COOKIE
from console.language import LANGUAGES
from console.problem import word_for
from console.render import Renderer, go
from console.session import Cookies, address_of
from console.throttle import ACCOUNT, ADDRESS, BROWSER, CODE, TOKEN, Bucket, Throttle
from console.visit import Visit
from desk.access.access import Access
from desk.access.credentials import UsedLinkError
from desk.access.names import display_name
from desk.access.passwords import WeakPasswordError
from desk.access.users import TakenError
from desk.errors import ConflictError, FrontdeskError, InvalidError
from desk.tables.access import UserRow

HOME = "/console"
_YEAR = 365 * 24 * 3600
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (WeakPasswordError, "sign_in.weak"),
    (TakenError, "sign_in.taken"),
    (ConflictError, "sign_in.has_admin"),
    (InvalidError, "sign_in.no_name_or_email"),
)


class SignIn:
    """The door."""

    def __init__(
        self, *, access: Access, cookies: Cookies, render: Renderer, throttle: Throttle
    ) -> None:
        self._access = access
        self._cookies = cookies
        self._render = render
        self._throttle = throttle

    # -- The forms

    async def show(self, visit: Visit) -> Response:
        """Show the form that fits: for users, for the token, or for the name of who came by the token's link."""
        if visit.agent:
            return go(inside(visit.query("next")))
        return await self._form(visit, wanted=visit.query("next"))

    async def sign_in(self, visit: Visit) -> Response:
        """Sign in by a form: with the token if it has one, else with address and password."""
        if "token" in visit.form:
            return await self._with_token(visit)
        return await self._with_password(visit)

    async def leave(self, visit: Visit) -> Response:
        """Sign out."""
        if visit.session is not None:
            await self._access.sessions.end(visit.session.id)
        response = go("/console/sign-in")
        self._cookies.sign_out(visit.request, response)
        return response

    async def language(self, visit: Visit) -> Response:
        """Switch the language."""
        response = go(inside(visit.form.get("next", "")))
        chosen = visit.form.get("language", "")
        if chosen in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, chosen, max_age=_YEAR, path=HOME, httponly=True, samesite="lax"
            )
        return response

    # -- By password

    async def _with_password(self, visit: Visit) -> Response:
        email, wanted = visit.form.get("email", "").strip(), visit.form.get("next", "")
        buckets = self._buckets(visit.request, email)
        if refusal := await self._wait(visit, wanted, *buckets):
            return refusal
        user = await self._access.credentials.check(email, visit.form.get("password", ""))
        if user is None:
            return await self._form(visit, "sign_in.refused", HTTPStatus.UNAUTHORIZED, wanted)
        self._right(*buckets)
        if user.totp_at is not None:
            return self._second_step(visit, self._access.credentials.half(user), wanted)
        return await self.enter(visit, user, how="password", wanted=wanted)

    async def code(self, visit: Visit) -> Response:
        """Take the code of the second step."""
        half, wanted = visit.form.get("half", ""), visit.form.get("next", "")
        user = await self._access.credentials.of_half(half)
        if user is None:
            return await self._form(visit, "sign_in.too_late", HTTPStatus.UNAUTHORIZED, wanted)
        known = self._cookies.known(visit.request, user.email)
        bucket = (CODE, (user.id, known))
        if wait := self._throttle.attempt(bucket):
            response = self._second_step(visit, half, wanted, "sign_in.too_many")
            return _later(response, wait)
        if not await self._access.credentials.use_code(user.id, visit.form.get("code", "")):
            return self._second_step(visit, half, wanted, "sign_in.wrong_code")
        self._throttle.forget(bucket)
        return await self.enter(visit, user, how="password and code", wanted=wanted)

    def _second_step(self, visit: Visit, half: str, wanted: str, word: str = "") -> Response:
        status = HTTPStatus.UNAUTHORIZED if word else HTTPStatus.OK
        return self._render.page(
            visit, "sign_in_code.html", status, word=word, wanted=inside(wanted), half=half
        )

    def _buckets(self, request: Request, email: str) -> tuple[Bucket, ...]:
        """Return by what tries are counted: a browser of theirs has a count that strangers cannot raise."""
        if known := self._cookies.known(request, email):
            return ((BROWSER, known),)
        address = address_of(request)
        return (ACCOUNT, (address, email.lower()[:254])), (ADDRESS, address)

    def _right(self, *buckets: Bucket) -> None:
        for bucket in buckets:
            # Who has one account could otherwise try the others for ever.
            forget = self._throttle.forgive if bucket[0] is ADDRESS else self._throttle.forget
            forget(bucket)

    # -- By a link

    async def welcome(self, visit: Visit) -> Response:
        """Show the form on which who was invited, or forgot it, chooses a password."""
        return await self._choose(visit)

    async def choose(self, visit: Visit) -> Response:
        """Take the chosen password, and sign in if nothing else is asked for."""
        try:
            user = await self._access.credentials.use_link(
                visit.path("link"), visit.form.get("password", "")
            )
        except WeakPasswordError as error:
            return await self._choose(visit, "sign_in.weak", error.status_code)
        except UsedLinkError as error:
            return self._render.page(
                visit, "problem.html", error.status_code, word="sign_in.link_over"
            )
        if user.totp_at is not None:
            return go("/console/sign-in")
        return await self.enter(visit, user, how="link")

    async def _choose(self, visit: Visit, word: str = "", status: int = 200) -> Response:
        try:
            user = await self._access.credentials.open_link(visit.path("link"))
        except UsedLinkError as error:
            return self._render.page(
                visit, "problem.html", error.status_code, word="sign_in.link_over"
            )
        return self._render.page(visit, "welcome.html", status, word=word, user=user)

    # -- By the token

    async def with_link(self, visit: Visit) -> Response:
        """Sign in by the link that is printed at the start, and leave the token out of the address."""
        return await self._try(visit, visit.query("key"), name=visit.agent, wanted=HOME)

    async def _with_token(self, visit: Visit) -> Response:
        name, wanted = display_name(visit.form.get("agent", "")), visit.form.get("next", "")
        if word := await self._name_trouble(name):
            return await self._form(visit, word, HTTPStatus.UNPROCESSABLE_ENTITY, wanted)
        return await self._try(visit, visit.form.get("token", ""), name=name, wanted=wanted)

    async def name(self, visit: Visit) -> Response:
        """Take the name of somebody who came by the token's link."""
        wanted, name = visit.form.get("next", ""), display_name(visit.form.get("agent", ""))
        if visit.session is None or visit.session.user_id is not None:
            return await self._form(visit, wanted=wanted)
        if word := await self._name_trouble(name):
            return await self._form(visit, word, HTTPStatus.UNPROCESSABLE_ENTITY, wanted)
        return await self._enter_by_token(visit, name, wanted)

    async def first(self, visit: Visit) -> Response:
        """Show the form on which who came with the token makes the first account."""
        if visit.session is None or visit.session.user_id is not None:
            return go("/console/sign-in")
        return await self._first(visit)

    async def make_first(self, visit: Visit) -> Response:
        """Make the first account, of an admin, and sign in with it."""
        if visit.session is None or visit.session.user_id is not None:
            return go("/console/sign-in")
        form = visit.form
        try:
            user = await self._access.users.first(
                name=form.get("name", ""),
                email=form.get("email", ""),
                password=form.get("password", ""),
            )
        except (ConflictError, InvalidError) as error:
            return await self._first(visit, _word(error), error.status_code)
        return await self.enter(visit, user, how="first account")

    async def _first(self, visit: Visit, word: str = "", status: int = 200) -> Response:
        if await self._access.users.has_admin():
            raise ConflictError
        return self._render.page(
            visit,
            "first.html",
            status,
            word=word,
            token_stays=self._access.sessions.door.always,
            name=visit.form.get("name", visit.agent),
            email=visit.form.get("email", ""),
        )

    async def _try(self, visit: Visit, token: str, *, name: str, wanted: str) -> Response:
        bucket = (TOKEN, address_of(visit.request))
        if refusal := await self._wait(visit, wanted, bucket):
            return refusal
        door = self._access.sessions.door
        if not door.opens(token):
            return await self._form(visit, "sign_in.wrong", HTTPStatus.UNAUTHORIZED, wanted)
        self._throttle.forget(bucket)
        if not door.is_open(has_admin=await self._access.users.has_admin()):
            return await self._form(visit, "sign_in.token_over", HTTPStatus.FORBIDDEN, wanted)
        return await self._enter_by_token(visit, name, wanted)

    async def _name_trouble(self, name: str) -> str:
        if not name:
            return "sign_in.no_name"
        # Whoever has the token must not speak under the name of who has an account.
        return "sign_in.name_taken" if await self._access.users.is_named(name) else ""

    async def _enter_by_token(self, visit: Visit, name: str, wanted: str) -> Response:
        if not self._cookies.may_sign_in(visit.request):
            return await self._form(visit, wanted=wanted)
        key = await self._access.sessions.enter_by_token(
            name, self._cookies.browser(visit.request)
        )
        response = go(inside(wanted))
        self._cookies.sign_in(visit.request, response, key)
        return response

    # -- In

    async def enter(self, visit: Visit, user: UserRow, *, how: str, wanted: str = "") -> Response:
        """Give the browser a new session of this user."""
        browser = self._cookies.browser(visit.request)
        key = await self._access.sessions.enter(user.id, browser, how=how)
        response = go(inside(wanted))
        self._cookies.sign_in(visit.request, response, key)
        self._cookies.remember(visit.request, response, user.email)
        return response

    async def _wait(self, visit: Visit, wanted: str, *buckets: Bucket) -> Response | None:
        if not self._cookies.may_sign_in(visit.request):
            return await self._form(visit, wanted=wanted)
        if wait := self._throttle.attempt(*buckets):
            status = HTTPStatus.TOO_MANY_REQUESTS
            return _later(await self._form(visit, "sign_in.too_many", status, wanted), wait)
        return None

    async def _form(
        self, visit: Visit, word: str = "", status: int = HTTPStatus.OK, wanted: str = ""
    ) -> Response:
        if not self._cookies.may_sign_in(visit.request):
            # What is typed here could be read, and changed, by anybody on the way.
            word, status = "sign_in.plain", HTTPStatus.FORBIDDEN
        has_admin = await self._access.users.has_admin()
        provider = self._access.provider
        context: dict[str, Any] = {
            "word": word,
            "wanted": inside(wanted),
            "agent": visit.form.get("agent", ""),
            "email": visit.form.get("email", ""),
            "has_admin": has_admin,
            "by_token": self._access.sessions.door.is_open(has_admin=has_admin),
            "token_stays": self._access.sessions.door.always,
            "provider": provider.settings.name if provider else "",
            "closed": word == "sign_in.plain",
        }
        return self._render.page(visit, "sign_in.html", status, **context)


def inside(wanted: str) -> str:
    """Return an address inside the console; any other is home."""
    plain = "\\" not in wanted and wanted.isprintable() and "/../" not in f"{wanted}/"
    ours = wanted == HOME or wanted.startswith((f"{HOME}/", f"{HOME}?"))
    return wanted if ours and plain else HOME


def base_of(request: Request, public_url: str | None) -> str:
    """Return the address by which people reach us, without a slash at its end."""
    return (public_url or f"{request.url.scheme}://{request.url.netloc}").rstrip("/")


def _later(response: Response, wait: int) -> Response:
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(wait)
    return response


def _word(error: FrontdeskError) -> str:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), word_for(error))
