"""What is done to a campaign: launched, approved, paused, gone on with, cancelled, copied."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.copying import copied
from analytics.campaigns.estimate_model import Estimate
from analytics.campaigns.model import Campaign, ChangedError, FourEyesError, OwnWorkError
from console import campaign_words as words
from console.campaign_pages import CampaignPages
from console.gate import Gate
from console.pages.campaigns import CAMPAIGNS, WatchPages, row_number
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from console.words import say
from desk.access.policy import Deed
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError
from desk.tables.campaign import CampaignState

_AT_ONCE = 20_000
"""So many people are counted without being asked for: it takes a second or two."""
_LONGEST = 300

type Step = Callable[[Visit, int], Awaitable[str]]


class MovePages:
    """Changes where campaigns stand. Who was slower than somebody else is told so, and nothing is done."""

    def __init__(
        self,
        desk: CampaignPages,
        services: ConsoleServices,
        render: Renderer,
        watched: WatchPages,
    ) -> None:
        self._desk = desk
        self._campaigns = desk.campaigns
        self._services = services
        self._render = render
        self._watched = watched

    async def ask_launch(self, visit: Visit) -> Response:
        """Show what a launch would mean, and ask."""
        one = await self._campaigns.get(visit.row_id("number"))
        if one.state is not CampaignState.DRAFT:
            return go(f"{CAMPAIGNS}/{one.id}")
        size = await self._desk.watching.size(one)
        counted = size <= _AT_ONCE or visit.query("count") == "yes"
        estimate, wrong = await self._estimate(one) if counted else (None, "")
        return await self._page(
            visit,
            "campaign_launch.html",
            campaign=one,
            size=size,
            is_large=self._campaigns.is_large(size),
            estimate=estimate,
            wrong=wrong,
            facts=words.facts(one.plan, visit.language),
            segment=await self._segment(one),
            why=lambda text: words.reason(text, visit.language),
        )

    async def _estimate(self, one: Campaign) -> tuple[Estimate | None, str]:
        """Return the dry run, or why there can be none."""
        if self._desk.estimates is None:
            return None, ""
        try:
            return await self._desk.estimates.of(one.plan, campaign_id=one.id), ""
        except InvalidError as error:
            return None, str(error)

    async def ask_cancel(self, visit: Visit) -> Response:
        """Show what ending it would mean, and ask."""
        one = await self._campaigns.get(visit.row_id("number"))
        if one.state in (CampaignState.FINISHED, CampaignState.CANCELLED):
            return go(f"{CAMPAIGNS}/{one.id}")
        progress = await self._desk.watching.progress(one.id)
        return await self._page(
            visit, "campaign_cancel.html", campaign=one, still=progress.left if progress else 0
        )

    async def launch(self, visit: Visit) -> Response:
        """Let it go out at its times, as it was when it was looked at."""

        async def step(number: int) -> str:
            edition = row_number(visit.form.get("edition", ""))
            await self._campaigns.launch(number, by=visit.agent, edition=edition or 0)
            return "launched"

        return await self._done(visit, step)

    async def approve(self, visit: Visit) -> Response:
        """Be the second pair of eyes for what was looked at."""

        async def step(number: int) -> str:
            edition = row_number(visit.form.get("edition", ""))
            await self._campaigns.approve(number, by=visit.agent, edition=edition or 0)
            return "approved"

        return await self._done(visit, step)

    async def pause(self, visit: Visit) -> Response:
        """Send nothing more for now."""

        async def step(number: int) -> str:
            await self._campaigns.pause(number, by=visit.agent, reason=_reason(visit))
            return "paused"

        return await self._done(visit, step)

    async def resume(self, visit: Visit) -> Response:
        """Go on."""

        async def step(number: int) -> str:
            await self._campaigns.resume(number, by=visit.agent)
            return "resumed"

        return await self._done(visit, step)

    async def cancel(self, visit: Visit) -> Response:
        """End it for good."""

        async def step(number: int) -> str:
            left = await self._campaigns.cancel(number, by=visit.agent, reason=_reason(visit))
            return f"cancelled&waiting={left}" if left else "cancelled"

        return await self._done(visit, step)

    async def copy(self, visit: Visit) -> Response:
        """Make a draft of the same plan."""
        number = visit.row_id("number")
        try:
            made = await copied(self._campaigns, number, by=visit.agent)
        except ConflictError as error:
            wrong = say("campaigns.wrong.copy", visit.language)
            return await self._watched.shown(visit, wrong, error.status_code)
        return go(f"{CAMPAIGNS}/{made.id}?said=copied")

    async def _done(self, visit: Visit, step: Callable[[int], Awaitable[str]]) -> Response:
        number = visit.row_id("number")
        try:
            said = await step(number)
        except NotFoundError:
            raise
        except FrontdeskError as error:
            wrong = await self._wrong(error, number, visit.language)
            return await self._watched.shown(visit, wrong, error.status_code)
        return go(f"{CAMPAIGNS}/{number}?said={said}")

    async def _wrong(self, error: FrontdeskError, number: int, language: str) -> str:
        """Return in one line why nothing was done."""
        one = await self._campaigns.get(number)
        state = say(f"campaigns.state.{one.state}", language)
        key = next((key for kind, key in _WRONG.items() if isinstance(error, kind)), None)
        return say(key, language, state=state) if key else str(error)

    async def _segment(self, one: Campaign) -> object:
        try:
            return await self._desk.segments.get(one.plan.segment_id)
        except NotFoundError:
            return None

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, status, waiting=waiting, **known)


_WRONG: Mapping[type[FrontdeskError], str] = {
    OwnWorkError: "campaigns.wrong.own",
    FourEyesError: "campaigns.wrong.four_eyes",
    ChangedError: "campaigns.wrong.changed",
    ConflictError: "campaigns.wrong.state",
    InvalidError: "campaigns.wrong.too_late",
}
"""The first that fits: the narrower kind stands before the wider."""


def _reason(visit: Visit) -> str:
    return " ".join(visit.form.get("reason", "").split())[:_LONGEST]


def routes(
    gate: Gate, services: ConsoleServices, render: Renderer, desk: CampaignPages
) -> list[BaseRoute]:
    """Return the addresses of what is done; each is noted at the gate."""
    pages = MovePages(desk, services, render, WatchPages(desk, services, render))
    run, one = Deed.CAMPAIGN_RUN, f"{CAMPAIGNS}/{{number:int}}"
    posts = {
        "launch": (pages.launch, run),
        "approve": (pages.approve, Deed.CAMPAIGN_APPROVE),
        "pause": (pages.pause, run),
        "resume": (pages.resume, run),
        "cancel": (pages.cancel, run),
        "copy": (pages.copy, Deed.CAMPAIGN_CHANGE),
    }
    return [
        Route(f"{one}/launch", gate.page(pages.ask_launch, run), methods=["GET"]),
        Route(f"{one}/cancel", gate.page(pages.ask_cancel, run), methods=["GET"]),
        *(
            Route(f"{one}/{name}", gate.action(page, deed), methods=["POST"])
            for name, (page, deed) in posts.items()
        ),
    ]
