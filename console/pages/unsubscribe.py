"""Unsubscribing by a link, without an account. Looking changes nothing: scanners follow links, people send forms."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import LARGEST, read_form, read_form_with_files
from console.language import LANGUAGES, language_of
from console.render import Renderer
from console.visit import Visit
from desk.clock import Clock
from desk.contacts.preferences import CHOICES, Preferences, Wanted
from desk.contacts.unsubscribe_links import PATH, Recipient, UnsubscribeLinks
from desk.errors import FrontdeskError, NotFoundError

log = structlog.get_logger()

READS, WRITES = "60/minute", "60/hour"
"""How often one address may look, and how often one link may be used."""
_ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What a mail program sends for its own button (RFC 8058)."""
_PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}

type Answer = Callable[[Request, Recipient], Awaitable[Response]]


class UnsubscribePages:
    """The preferences of whoever has the link."""

    def __init__(
        self,
        *,
        preferences: Preferences,
        links: UnsubscribeLinks,
        clock: Clock,
        shop: Callable[[str], str] = lambda language: "",
        reads: str = READS,
        writes: str = WRITES,
    ) -> None:
        """``shop`` returns the shop's name in a language."""
        self._preferences = preferences
        self._links = links
        self._render = Renderer(clock)
        self._shop = shop
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._reads, self._writes = parse(reads), parse(writes)

    async def show(self, request: Request, recipient: Recipient) -> Response:
        """Show what they get."""
        address = request.client.host if request.client else ""
        if not await self._may(self._reads, "read", address):
            return self._problem(request, "wants.slow", HTTPStatus.TOO_MANY_REQUESTS)
        return self._page(request, await self._preferences.of(recipient))

    async def change(self, request: Request, recipient: Recipient) -> Response:
        """Obey the button of a mail program, or one of the page."""
        if not await self._may(self._writes, "write", request.path_params["token"]):
            return self._problem(request, "wants.slow", HTTPStatus.TOO_MANY_REQUESTS)
        form = await _form(request)
        name, value = _ONE_CLICK
        if form.get(name) == value:
            await self._preferences.unsubscribe(recipient)
            log.info("unsubscribed_by_one_click", contact_id=recipient.contact_id)
            return PlainTextResponse("You are unsubscribed.\n", headers=_PRIVATE)
        before = await self._preferences.of(recipient)
        do = form.get("do", "")
        if do == "all":
            await self._preferences.stop_all(recipient)
        else:
            await self._preferences.choose(
                recipient,
                purposes={one for one in CHOICES if f"purpose.{one}" in form},
                channels={one for one in before.channels if f"channel.{one}" in form},
            )
        done = {"all": "wants.stopped", "undo": "wants.undone"}.get(do, "wants.saved")
        return self._page(request, await self._preferences.of(recipient), done, before)

    def _page(
        self, request: Request, wanted: Wanted, done: str = "", before: Wanted | None = None
    ) -> Response:
        language = _language(request, wanted.language)
        can_undo = before is not None and before != wanted and done != "wants.undone"
        return self._private(
            request,
            language,
            "unsubscribe.html",
            wanted=wanted,
            choices=CHOICES,
            done=done,
            before=before if can_undo else None,
            here=request.url.path,
            shop=self._shop(language),
        )

    def endpoint(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page: who may be answered, and errors in the customer's words."""

        async def endpoint(request: Request) -> Response:
            try:
                return await answer(request, self._links.read(request.path_params["token"]))
            except NotFoundError:
                return self._problem(request, "wants.gone", HTTPStatus.NOT_FOUND)
            except FrontdeskError as error:
                return self._problem(request, "wants.broken", error.status_code)
            except Exception:  # whatever broke, customers get a page and the operator a trace
                log.exception("unsubscribe_page_crashed")
                return self._problem(request, "wants.broken", HTTPStatus.INTERNAL_SERVER_ERROR)

        return endpoint

    async def _may(self, rate: RateLimitItem, what: str, whose: str) -> bool:
        return await self._limiter.hit(rate, f"unsubscribe-{what}", whose)

    def _problem(self, request: Request, word: str, status: int) -> Response:
        language = _language(request, None)
        return self._private(
            request,
            language,
            "unsubscribe_problem.html",
            status,
            word=word,
            shop=self._shop(language),
        )

    def _private(
        self,
        request: Request,
        language: str,
        template: str,
        status: int = HTTPStatus.OK,
        **known: object,
    ) -> Response:
        visit = Visit(request=request, language=language, session=None)
        response = self._render.page(visit, template, status, **known)
        response.headers.update(_PRIVATE)
        return response


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of either kind of form: RFC 8058 allows both."""
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return (await read_form_with_files(request, LARGEST)).fields
    return await read_form(request)


def _language(request: Request, known: str | None) -> str:
    chosen = request.query_params.get("language", "")
    if chosen in LANGUAGES:
        return chosen
    return known if known in LANGUAGES else language_of(request)


def routes(pages: UnsubscribePages) -> list[BaseRoute]:
    """Return the addresses to which links lead; anybody may come."""
    path = f"{PATH}/{{token}}"
    return [
        Route(path, pages.endpoint(pages.show), methods=["GET"]),
        Route(path, pages.endpoint(pages.change), methods=["POST"]),
    ]
