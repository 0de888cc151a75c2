"""The gate of the console: who is signed in, may they do this, may this form be trusted, and errors in words."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from console.forms import read_form, read_form_with_files
from console.language import language_of
from console.multipart import Form
from console.problem import NotAllowedError, OldFormError, word_for
from console.render import HEADERS, Renderer, go
from console.same_origin import came_from_elsewhere, is_same_origin
from console.session import Cookies, form_token, is_form_token
from console.trail import Trail
from console.visit import Visit
from desk.access.access import Access
from desk.access.policy import Deed
from desk.errors import ForbiddenError, FrontdeskError
from desk.store.storable import storable

log = structlog.get_logger()

type Page = Callable[[Visit], Awaitable[Response]]
type Endpoint = Callable[[Request], Awaitable[Response]]
type IsOwn = Callable[[Visit], Awaitable[bool]]


class Way(StrEnum):
    """How an address is asked."""

    PUBLIC = "public"
    PAGE = "page"
    LIVE = "live"
    ACTION = "action"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What an address asks of who comes; ``deed`` is None for what anybody may see."""

    way: Way
    deed: Deed | None = None
    own: IsOwn | None = None
    #: Whether the page itself writes into the record what was done.
    noted: bool = False


class Guarded:
    """An endpoint with its rule, so that nothing is served without one."""

    def __init__(self, rule: Rule, answer: Endpoint) -> None:
        self.rule = rule
        self._answer = answer

    async def answer(self, request: Request) -> Response:
        """Answer a request that the rule lets through."""
        return await self._answer(request)


def either(key: str, with_key: Endpoint, without: Endpoint) -> Endpoint:
    """Choose by whether the address carries ``key``; the rule is that of the address without it."""
    rule = rule_of(without)
    if rule is None or rule_of(with_key) is None:
        raise TypeError("both endpoints must come from a gate")

    async def endpoint(request: Request) -> Response:
        chosen = with_key if key in request.query_params else without
        return await chosen(request)

    return Guarded(rule, endpoint).answer


async def mine(_: Visit) -> bool:
    """Say that what a page shows is always the visitor's own; for ``own=``."""
    return True


def rule_of(endpoint: object) -> Rule | None:
    """Return the rule of an endpoint that a gate made."""
    guarded = getattr(endpoint, "__self__", None)
    return guarded.rule if isinstance(guarded, Guarded) else None


def checked(routes: Iterable[BaseRoute], *, open_: Iterable[str] = ()) -> list[BaseRoute]:
    """Return the routes, of which each has its rule; those named in ``open_`` hold nothing that is anybody's.

    Raises:
        TypeError: one has none, so nobody decided who may use it.
    """
    allowed, all_routes = set(open_), list(routes)
    for route in all_routes:
        if isinstance(route, Mount) and route.path in allowed:
            continue
        if not isinstance(route, Route) or rule_of(route.endpoint) is None:
            raise TypeError(f"{getattr(route, 'path', route)} does not say who may use it")
    return all_routes


class Gate:
    """Wraps pages into endpoints.

    Whoever registers a page names its deed. Where a role may do it on its own things only, ``own`` says whether
    this is one; without ``own`` the thing is somebody else's.
    """

    def __init__(
        self,
        *,
        access: Access,
        cookies: Cookies,
        render: Renderer,
        trail: Trail,
        public_url: str | None,
    ) -> None:
        self._access = access
        self._cookies = cookies
        self._render = render
        self._trail = trail
        self._public_url = public_url

    def public(self, page: Page) -> Endpoint:
        """Wrap a page that anybody may see."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(page, await self._visit(request))

        return Guarded(Rule(way=Way.PUBLIC), endpoint).answer

    def public_form(self, page: Page) -> Endpoint:
        """Wrap what takes a form before there is a session; it must come from our own page."""

        async def endpoint(request: Request) -> Response:
            visit = await self._visit(request)
            return await self._answer(self._with_form(page, signed=False), visit)

        return Guarded(Rule(way=Way.PUBLIC), endpoint).answer

    def page(self, page: Page, deed: Deed, *, own: IsOwn | None = None) -> Endpoint:
        """Wrap a page for those who may see it; who is not signed in is sent to sign in."""
        rule = Rule(way=Way.PAGE, deed=deed, own=own)

        async def endpoint(request: Request) -> Response:
            visit = await self._visit(request)
            if visit.who is None:
                return self._sign_in_first(visit)
            return await self._answer(self._seen(self._if_allowed(page, rule), deed), visit)

        return Guarded(rule, endpoint).answer

    def live(self, page: Page, deed: Deed, *, own: IsOwn | None = None) -> Endpoint:
        """Wrap what pages ask by themselves; without a session it answers 401, errors are JSON.

        It does not keep a session from ending by idleness.
        """
        rule = Rule(way=Way.LIVE, deed=deed, own=own)

        async def endpoint(request: Request) -> Response:
            visit = await self._visit(request, active=False)
            if visit.who is None:
                return self._locked(request, _json_error("signed_out", HTTPStatus.UNAUTHORIZED))
            visit = replace(visit, may_stay=partial(self._may_stay, visit, rule))
            try:
                response = await self._seen(self._if_allowed(page, rule), deed)(visit)
            except FrontdeskError as error:
                response = _json_error("failed", error.status_code)
            return self._locked(request, response)

        return Guarded(rule, endpoint).answer

    def action(
        self,
        page: Page,
        deed: Deed,
        *,
        files: int = 0,
        own: IsOwn | None = None,
        noted: bool = False,
    ) -> Endpoint:
        """Wrap what changes something: same site, a session that may do it, and its form token.

        With ``files`` the form may bring some, of so many bytes together. What is done goes into the record, unless
        it is ``noted`` there by the page or its service.
        """
        rule = Rule(way=Way.ACTION, deed=deed, own=own, noted=noted)

        async def endpoint(request: Request) -> Response:
            visit = await self._visit(request)
            if visit.who is None:
                return self._sign_in_first(visit)
            changed = self._with_form(self._done(page, rule), signed=True, files=files)
            # What one may not do is said before anything is read.
            return await self._answer(self._if_allowed(changed, rule), visit)

        return Guarded(rule, endpoint).answer

    async def _may_stay(self, visit: Visit, rule: Rule) -> bool:
        """Say whether the session goes on, and its role still allows what the rule asks."""
        now = await self._visit(visit.request, active=False)
        own = rule.own is not None and await rule.own(now)
        return now.who is not None and (rule.deed is None or now.may(rule.deed, own=own))

    def _if_allowed(self, page: Page, rule: Rule) -> Page:
        async def allowed(visit: Visit) -> Response:
            if rule.deed is not None:
                own = rule.own is not None and await rule.own(visit)
                try:
                    visit.require(rule.deed, own=own)
                except NotAllowedError:
                    await self._trail.refused(visit, rule.deed)
                    raise
            return await page(visit)

        return allowed

    def _seen(self, page: Page, deed: Deed) -> Page:
        async def seen(visit: Visit) -> Response:
            response = await page(visit)
            if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
                await self._trail.saw(visit, deed)
            return response

        return seen

    def _done(self, page: Page, rule: Rule) -> Page:
        async def done(visit: Visit) -> Response:
            response = await page(visit)
            if rule.deed and not rule.noted and response.status_code < HTTPStatus.BAD_REQUEST:
                await self._trail.did(visit, rule.deed)
            return response

        return done

    async def _visit(self, request: Request, *, active: bool = True) -> Visit:
        key = self._cookies.key(request)
        session = await self._access.sessions.find(key, active=active)
        return Visit(
            request=request,
            language=language_of(request),
            session=session,
            who=session.who if session else None,
            form_token=form_token(self._access.keys, session) if session else "",
        )

    def _with_form(self, page: Page, *, signed: bool, files: int = 0) -> Page:
        async def checked(visit: Visit) -> Response:
            if not is_same_origin(visit.request.headers, self._public_url):
                raise ForbiddenError("this form did not come from this site")
            form, sent = await _read(visit.request, files)
            if signed and (
                visit.session is None
                or not is_form_token(self._access.keys, visit.session, form.get("form_token", ""))
            ):
                raise OldFormError
            kept = {name: storable(value) for name, value in form.items()}
            return await page(replace(visit, form=kept, files=sent))

        return checked

    async def _answer(self, page: Page, visit: Visit) -> Response:
        try:
            response = await page(visit)
        except FrontdeskError as error:
            log.info("console_refused", error=type(error).__name__, path=visit.request.url.path)
            response = self.problem(visit, word_for(error), error.status_code)
        except Exception:  # whatever broke, people get a page and the operator a trace
            log.exception("console_crashed", path=visit.request.url.path)
            response = self.problem(visit, "problem.internal", HTTPStatus.INTERNAL_SERVER_ERROR)
        return self._locked(visit.request, response)

    def _locked(self, request: Request, response: Response) -> Response:
        """Return the response with the headers that every page of the console has."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if self._cookies.is_secure(request):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response

    def problem(self, visit: Visit, word: str, status: int) -> Response:
        """Return a page that says what went wrong."""
        return self._render.page(visit, "problem.html", status, word=word)

    def _sign_in_first(self, visit: Visit) -> Response:
        request = visit.request
        if visit.session is None and came_from_elsewhere(request.headers):
            # After a link on another site the strict cookie was left out. Loading the same address again
            # from a page of ours brings it along; the second time this branch is not taken.
            address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return self._locked(request, self._render.page(visit, "again.html", address=address))
        wanted = request.url.path if request.method in ("GET", "HEAD") else "/console"
        return self._locked(request, go(f"/console/sign-in?next={quote(wanted, safe='/')}"))


async def _read(request: Request, files: int) -> Form:
    if files and request.headers.get("content-type", "").startswith("multipart/"):
        return await read_form_with_files(request, files)
    return Form(await read_form(request), ())


def _json_error(word: str, status: int) -> Response:
    return JSONResponse({"error": word}, status, HEADERS)
