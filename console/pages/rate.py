"""Rating by a link, without an account. Looking never rates: scanners follow links, people send forms."""

import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.language import LANGUAGES
from console.render import Renderer
from console.visit import Visit
from desk.clock import Clock
from desk.errors import FrontdeskError, NotFoundError
from desk.feedback.kinds import SCALES
from desk.feedback.links import PATH, LinkExpiredError, SurveyLinks
from desk.feedback.model import Survey
from desk.feedback.service import Feedback

log = structlog.get_logger()

_LONGEST_COMMENT = 2_000
_PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}

type Answer = Callable[[Request, str, Survey], Awaitable[Response]]


class RatePages:
    """One question, to whoever has its link."""

    def __init__(
        self,
        *,
        feedback: Feedback,
        links: SurveyLinks,
        clock: Clock,
        shop: Callable[[str], str] = lambda language: "",
    ) -> None:
        """``shop`` returns the shop's name in a language."""
        self._feedback = feedback
        self._links = links
        self._shop = shop
        self._render = Renderer(clock)

    async def show(self, request: Request, language: str, survey: Survey) -> Response:
        """Show the question, with the score of the link chosen but not given."""
        chosen = _score(survey, request.query_params.get("score", ""))
        return self._page(request, language, survey, chosen=chosen)

    async def rate(self, request: Request, language: str, survey: Survey) -> Response:
        """Keep the answer, and say so."""
        form = await read_form(request)
        score, comment = _score(survey, form.get("score", "")), form.get("comment", "").strip()
        if score is None or len(comment) > _LONGEST_COMMENT:
            problem = "rate.choose" if score is None else "rate.long"
            return self._page(request, language, survey, score, problem=problem, draft=comment)
        # The same form again, or a second click, is the same answer.
        words = hashlib.sha256(comment.encode()).hexdigest()[:16]
        rating = await self._feedback.rate(
            survey.id, score=score, comment=comment, key=f"link:{score}:{words}"
        )
        survey = await self._feedback.survey_of(survey.id)
        done = "rate.done" if rating.recorded else "rate.stands"
        return self._page(request, language, survey, rating.score, done=done, said=comment)

    def _page(
        self,
        request: Request,
        language: str,
        survey: Survey,
        chosen: int | None = None,
        *,
        problem: str = "",
        done: str = "",
        draft: str = "",
        said: str = "",
    ) -> Response:
        scale = SCALES[survey.kind]
        return self._private(
            request,
            language,
            "rate.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
            survey=survey,
            scale=scale,
            chosen=survey.score if chosen is None else chosen,
            problem=problem,
            done=done,
            draft=draft,
            said=said,
            here=request.url.path,
            longest=_LONGEST_COMMENT,
            shop=self._shop(language),
        )

    def endpoint(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page: who may be answered, and errors in the customer's words."""

        async def endpoint(request: Request) -> Response:
            language = request.query_params.get("language", "")
            try:
                survey = await self._survey(request)
                language = language if language in LANGUAGES else survey.language
                return await answer(request, language, survey)
            except LinkExpiredError:
                return self._problem(request, language, "rate.expired", HTTPStatus.GONE)
            except NotFoundError:
                return self._problem(request, language, "rate.gone", HTTPStatus.NOT_FOUND)
            except FrontdeskError as error:
                return self._problem(request, language, "rate.broken", error.status_code)
            except Exception:  # whatever broke, customers get a page and the operator a trace
                log.exception("rate_page_crashed")
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                return self._problem(request, language, "rate.broken", status)

        return endpoint

    async def _survey(self, request: Request) -> Survey:
        return await self._feedback.survey_of(self._links.read(request.path_params["token"]))

    def _problem(self, request: Request, language: str, word: str, status: int) -> Response:
        return self._private(
            request, language, "rate_problem.html", status, word=word, shop=self._shop(language)
        )

    def _private(
        self, request: Request, language: str, template: str, status: int, **known: object
    ) -> Response:
        language = language if language in LANGUAGES else "en"
        visit = Visit(request=request, language=language, session=None)
        response = self._render.page(visit, template, status, **known)
        response.headers.update(_PRIVATE)
        return response


def _score(survey: Survey, text: str) -> int | None:
    """Return a score of the scale, None for anything else."""
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None
    return value if value is not None and value in SCALES[survey.kind] else None


def routes(pages: RatePages) -> list[BaseRoute]:
    """Return the addresses to which links lead; anybody may come."""
    path = f"{PATH}/{{token}}"
    return [
        Route(path, pages.endpoint(pages.show), methods=["GET"]),
        Route(path, pages.endpoint(pages.rate), methods=["POST"]),
    ]
