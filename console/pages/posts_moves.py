"""What is done with a post that is written: approve, schedule, cancel, say what became of it."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.posts.model import FaultError, SocialPost
from analytics.posts.service import Posts
from console.gate import Gate, Page
from console.pages.posts_form import edition_of, read_time
from console.render import go
from console.visit import Visit
from desk.access.policy import Deed
from desk.clock import Clock
from desk.errors import ConflictError, ForbiddenError, FrontdeskError, InvalidError
from desk.tables.post import PostState

type Show = Callable[[Visit, FrontdeskError, int], Awaitable[Response]]


class PostMovePages:
    """Does it, and shows the post again."""

    def __init__(self, posts: Posts, clock: Clock, show: Show) -> None:
        self._posts = posts
        self._clock = clock
        self._show = show

    async def approve(self, visit: Visit) -> Response:
        """Be the second pair of eyes, for the words that were on the page."""
        edition = edition_of(visit.form)
        return await self._do(
            visit,
            lambda number: self._posts.approve(number, edition=edition, by=visit.agent),
            "approved",
        )

    async def schedule(self, visit: Visit) -> Response:
        """Set when it is published: at a time, in the next free slot, or at once."""
        ways = {"at": self._at, "next": self._next, "now": self._now}
        way = ways.get(visit.form.get("how", ""))
        if way is None:
            raise InvalidError("choose when")
        return await self._do(visit, lambda number: way(number, visit), "scheduled")

    async def cancel(self, visit: Visit) -> Response:
        """Never publish it."""
        return await self._do(
            visit, lambda number: self._posts.cancel(number, by=visit.agent), "cancelled"
        )

    async def settle(self, visit: Visit) -> Response:
        """Take what somebody saw on the account."""
        is_there = {"yes": True, "no": False}.get(visit.form.get("there", ""))
        if is_there is None:
            raise InvalidError("say whether it is there")
        url = visit.form.get("url", "").strip() if is_there else None
        return await self._do(
            visit, lambda number: self._posts.settle(number, url=url, by=visit.agent), "settled"
        )

    async def _at(self, number: int, visit: Visit) -> SocialPost:
        at = read_time(visit.form.get("due_at", ""), self._posts.zone)
        if at is None:
            raise FaultError("no_time")
        return await self._posts.schedule(number, at, by=visit.agent)

    async def _next(self, number: int, visit: Visit) -> SocialPost:
        return await self._posts.enqueue(number, by=visit.agent)

    async def _now(self, number: int, visit: Visit) -> SocialPost:
        return await self._posts.schedule(number, self._clock(), by=visit.agent)

    async def _do(
        self, visit: Visit, step: Callable[[int], Awaitable[SocialPost]], done: str
    ) -> Response:
        number = visit.row_id("number")
        try:
            post = await step(number)
        except (ConflictError, ForbiddenError, InvalidError) as error:
            return await self._show(visit, error, error.status_code)
        if done == "scheduled" and post.state is PostState.DRAFT:
            done = "planned"
        return go(f"/console/posts/{number}?said={done}")

    def routes(self, gate: Gate, posts: str) -> list[BaseRoute]:
        """Return the addresses."""
        verbs: dict[str, tuple[Page, Deed]] = {
            "approve": (self.approve, Deed.POST_APPROVE),
            "schedule": (self.schedule, Deed.POST_CHANGE),
            "cancel": (self.cancel, Deed.POST_CHANGE),
            "settle": (self.settle, Deed.POST_CHANGE),
        }
        return [
            Route(
                f"{posts}/{{number:int}}/{verb}",
                gate.action(page, deed, noted=True),
                methods=["POST"],
            )
            for verb, (page, deed) in verbs.items()
        ]
