"""Campaigns as they are watched: the list, one of them with its progress, and who of it is where."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.model import Campaign
from analytics.campaigns.watching_model import Progress
from analytics.segments.model import Segment
from console import campaign_words as words
from console.campaign_pages import CampaignPages
from console.gate import Gate
from console.live import Sight
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import NotFoundError
from desk.tables.campaign import CampaignState, RecipientState

CAMPAIGNS = "/console/campaigns"
_PAGE, _PEOPLE, _RUNS = 25, 50, 20
_LARGEST = 2**63 - 1


class WatchPages:
    """Shows campaigns."""

    def __init__(self, desk: CampaignPages, services: ConsoleServices, render: Renderer) -> None:
        self._desk = desk
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List the campaigns, maybe those of one state."""
        asked = visit.query("state")
        state = CampaignState(asked) if asked in tuple(CampaignState) else None
        before = row_number(visit.query("before"))
        found = await self._desk.watching.list(state=state, before=before, limit=_PAGE + 1)
        segments = await self._segment_names()
        return await self._page(
            visit,
            "campaigns.html",
            lines=found[:_PAGE],
            state=state,
            states=await self._desk.watching.states(),
            before=before,
            older=found[_PAGE - 1].campaign.id if len(found) > _PAGE else 0,
            segment_of=lambda one: segments.get(one.plan.segment_id, ""),
            schedule=lambda one: words.schedule(one.plan, visit.language),
            next_time=lambda one: words.next_time(one, visit.language),
        )

    async def show(self, visit: Visit) -> Response:
        """Show a campaign: what it is, where it stands, and each time it went out."""
        return await self.shown(visit)

    async def shown(self, visit: Visit, wrong: str = "", status: int = HTTPStatus.OK) -> Response:
        """Show a campaign, maybe with what went wrong."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        run_id = row_number(visit.query("run"))
        before = row_number(visit.query("before"))
        runs = await self._desk.watching.runs(one.id, before=before, limit=_RUNS + 1)
        return self._render.live_page(
            visit,
            "campaign.html",
            await self._regions(visit, one, run_id),
            status,
            campaign=one,
            segment=await self._segment(one),
            facts=words.facts(one.plan, visit.language),
            runs=runs[:_RUNS],
            run_id=run_id,
            before=before,
            older=runs[_RUNS - 1].id if len(runs) > _RUNS else 0,
            wrong=wrong,
            said=visit.query("said"),
            waited_for=visit.number("waiting", 0, _LARGEST) if visit.query("waiting") else 0,
            streams=self._services.live is not None,
            waiting=await self._services.view.waiting(),
        )

    async def live(self, visit: Visit) -> Response:
        """Say what changed about a campaign."""
        sight = await self._sight(visit)
        return self._render.live(visit, sight.regions, sight.waiting)

    async def events(self, visit: Visit) -> Response:
        """Say what changes about a campaign, for as long as the page is open."""
        if self._services.live is None:
            return self._render.live(visit, {}, 0)
        await self._desk.campaigns.get(visit.row_id("number"))
        return self._services.live.stream(visit, lambda _: self._sight(visit))

    async def people(self, visit: Visit) -> Response:
        """List the recipients of a run who stand somewhere, page by page."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        asked = visit.query("state")
        run_id = row_number(visit.query("run"))
        if asked not in tuple(RecipientState) or run_id is None:
            raise NotFoundError
        state, after = RecipientState(asked), row_number(visit.query("after")) or 0
        reason = visit.query("reason")[:300] if "reason" in visit.request.query_params else None
        found = await self._desk.watching.people(
            one.id, run_id, state, reason=reason, after=after, limit=_PEOPLE + 1
        )
        return await self._page(
            visit,
            "campaign_people.html",
            campaign=one,
            run_id=run_id,
            state=state,
            reason=reason,
            people=found[:_PEOPLE],
            after=after,
            next=found[_PEOPLE - 1].id if len(found) > _PEOPLE else 0,
            why=lambda text: words.reason(text or "", visit.language),
        )

    async def _sight(self, visit: Visit) -> Sight:
        one = await self._desk.campaigns.get(visit.row_id("number"))
        regions = await self._regions(visit, one, row_number(visit.query("run")))
        return Sight(regions=regions, waiting=await self._services.view.waiting())

    async def _regions(self, visit: Visit, one: Campaign, run_id: int | None) -> dict[str, str]:
        progress = await self._desk.watching.progress(one.id, run_id)
        known: dict[str, Any] = {
            "campaign": one,
            "here": f"{CAMPAIGNS}/{one.id}",
            "progress": progress,
            "why": lambda text: words.reason(text or "", visit.language),
            "standing": lambda text: words.standing(text, visit.language),
            "journeys": await self._desk.watching.journeys(one),
        }
        return {
            "state": self._render.region(
                visit,
                "_campaign_state.html",
                **known,
                is_large=one.state is CampaignState.DRAFT
                and self._desk.campaigns.is_large(await self._desk.watching.size(one)),
            ),
            "progress": self._render.region(
                visit,
                "_campaign_progress.html",
                **known,
                speed=lambda n: words.speed(n, visit.language),
                parts=parts(progress) if progress else (),
            ),
        }

    async def _segment(self, one: Campaign) -> Segment | None:
        try:
            return await self._desk.segments.get(one.plan.segment_id)
        except NotFoundError:
            return None

    async def _segment_names(self) -> dict[int, str]:
        found = [
            *await self._desk.segments.list(),
            *await self._desk.segments.list(archived=True),
        ]
        return {one.id: one.name for one in found}

    async def _page(self, visit: Visit, template: str, **known: Any) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, waiting=waiting, **known)


def parts(progress: Progress) -> list[tuple[str, int, float, float]]:
    """Return the states of a run as they lie in a bar: name, people, begin and length in percent."""
    total, begin, found = progress.people or 1, 0.0, []
    for state in ORDER:
        if count := progress.run.counts.get(state, 0):
            length = 100 * count / total
            found.append((state.value, count, round(begin, 3), round(length, 3)))
            begin += length
    return found


ORDER = (
    RecipientState.READ,
    RecipientState.DELIVERED,
    RecipientState.SENT,
    RecipientState.SENDING,
    RecipientState.CLAIMED,
    RecipientState.QUEUED,
    RecipientState.HELD,
    RecipientState.HOLDOUT,
    RecipientState.SKIPPED,
    RecipientState.FAILED,
    RecipientState.UNKNOWN,
)
"""In which states are told: from the best to the worst."""


def row_number(text: str) -> int | None:
    """Return a row's id from an address, None for anything else."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return found if 0 < found <= _LARGEST else None


def routes(
    gate: Gate, services: ConsoleServices, render: Renderer, desk: CampaignPages
) -> list[BaseRoute]:
    """Return the addresses of what is watched."""
    pages = WatchPages(desk, services, render)
    see, one = Deed.CAMPAIGN_SEE, f"{CAMPAIGNS}/{{number:int}}"
    return [
        Route(CAMPAIGNS, gate.page(pages.list, see), methods=["GET"]),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        Route(f"{one}/live", gate.live(pages.live, see)),
        Route(f"{one}/events", gate.live(pages.events, see)),
        Route(f"{one}/people", gate.page(pages.people, see), methods=["GET"]),
    ]
