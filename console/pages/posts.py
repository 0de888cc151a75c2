"""Social posts: the calendar, the lists by state, and one post with what people did with it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.posts.model import SocialPost
from analytics.posts.service import Posts
from console.gate import Gate
from console.pages.campaigns_calendar import last_of, month_of, named
from console.pages.posts_form import PostFormPages
from console.pages.posts_moves import PostMovePages
from console.pages.posts_said import SEEN, said
from console.pages.posts_week import PostWeekPages
from console.post_services import PostServices
from console.render import HEADERS, Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import FrontdeskError, NotFoundError
from desk.media.policy import headers as file_headers
from desk.tables.post import PostState

POSTS = "/console/posts"
_DAY = timedelta(days=1)
_PAGE = 50
_FILE_HEADERS = {"Cross-Origin-Resource-Policy": "same-origin"}
LISTS: dict[str, tuple[PostState, ...]] = {
    "drafts": (PostState.DRAFT, PostState.APPROVED),
    "queue": (PostState.SCHEDULED, PostState.PUBLISHING),
    "attention": (PostState.FAILED, PostState.UNKNOWN),
    "published": (PostState.PUBLISHED,),
    "all": (),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A post in the calendar, with the time on the shop's clock."""

    post: SocialPost
    clock: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of the month."""

    date: date
    lines: tuple[Line, ...]
    is_today: bool


class PostPages:
    """Shows posts."""

    def __init__(self, posts: Posts, services: ConsoleServices, render: Renderer) -> None:
        self._posts = posts
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """Show the month, or a list of posts in some states."""
        chosen = visit.query("show")
        if chosen in LISTS:
            return await self._listed(visit, chosen)
        zone = self._posts.zone
        today = self._services.clock().astimezone(zone).date()
        first = month_of(visit.query("month"), today)
        last = last_of(first)
        start, end = (
            datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, last + _DAY)
        )
        by_day: defaultdict[date, list[Line]] = defaultdict(list)
        for one in await self._posts.between(start, end):
            if one.due_at is not None:
                local = one.due_at.astimezone(zone)
                by_day[local.date()].append(Line(post=one, clock=f"{local:%H:%M}"))
        days = [
            Day(date=day, lines=tuple(by_day[day]), is_today=day == today)
            for day in (first + n * _DAY for n in range(last.day))
        ]
        return await self._page(
            visit,
            "posts.html",
            first=first,
            days=days,
            before=named(first - _DAY),
            after=named(last + _DAY),
            now=named(today),
        )

    async def _listed(self, visit: Visit, chosen: str) -> Response:
        before = visit.number("before", 0, 2**31) if visit.query("before") else None
        if chosen == "queue" and before is None:
            found = await self._posts.queue()
        else:
            states = LISTS[chosen]
            found = await self._posts.list(*states, before=before, limit=_PAGE + 1)
        shown = found if chosen == "queue" else found[:_PAGE]
        figures = await self._posts.metrics([one.id for one in shown])
        older = shown[-1].id if len(found) > len(shown) else 0
        last = {number: rows[-1] for number, rows in figures.items()}
        return await self._page(
            visit,
            "posts_list.html",
            chosen=chosen,
            found=shown,
            figures=last,
            older=older,
            before=before or 0,
        )

    async def show(
        self, visit: Visit, why: FrontdeskError | None = None, status: int = HTTPStatus.OK
    ) -> Response:
        """Show a post: what it says, where it stands, what can be done, and what people did."""
        found = await self._posts.get(visit.row_id("number"))
        figures = (await self._posts.metrics([found.id])).get(found.id, ())
        is_own = visit.agent in (found.created_by, found.updated_by)
        due = found.due_at or self._services.clock() + timedelta(hours=1)
        return await self._page(
            visit,
            "post.html",
            status,
            post=found,
            figures=figures,
            is_own=is_own,
            cost=self._cost(found),
            due_local=f"{due.astimezone(self._posts.zone):%Y-%m-%dT%H:%M}",
            wrong=said(why, visit.language) if why else "",
            said=visit.query("said") if visit.query("said") in SEEN else "",
        )

    def _cost(self, post: SocialPost) -> float:
        """Return what publishing it costs, in dollars; nothing where nothing is known."""
        places = {one.channel: one for one in self._posts.places.all()}
        place = places.get(post.channel)
        return place.rules.cost(post.words) / 1_000_000 if place else 0.0

    async def image(self, visit: Visit) -> Response:
        """Give the image of a post."""
        found = await self._posts.get(visit.row_id("number"))
        if found.image is None:
            raise NotFoundError
        content = await self._services.media.open(found.image.key)
        given = file_headers(found.image.name, found.image.content_type)
        return Response(content, headers={**HEADERS, **_FILE_HEADERS, **given})

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        counts = await self._posts.counts()
        sums = {name: sum(counts.get(one, 0) for one in found) for name, found in LISTS.items()}
        known |= {"waiting": await self._services.view.waiting(), "sums": sums}
        known |= {"zone": self._posts.zone.key, "can_post": bool(self._posts.places.all())}
        return self._render.page(visit, template, status, **known)


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of posts; what is done to them is noted by the service."""
    if services.posts is None:
        return []
    found: PostServices = services.posts
    pages = PostPages(found.posts, services, render)
    see, one = Deed.POST_SEE, f"{POSTS}/{{number:int}}"
    return [
        Route(POSTS, gate.page(pages.list, see), methods=["GET"]),
        *PostFormPages(found.posts, services, render).routes(gate, POSTS),
        *PostWeekPages(found, services, render).routes(gate, POSTS),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        Route(f"{one}/image", gate.page(pages.image, see), methods=["GET"]),
        *PostMovePages(found.posts, services.clock, pages.show).routes(gate, POSTS),
    ]
