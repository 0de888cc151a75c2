"""The week of an account: its slots, and at which hours posts did well."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.posts import slots
from analytics.posts.model import FaultError
from analytics.posts.places import Place
from console.gate import Gate
from console.pages.posts_said import said
from console.post_services import PostServices
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import FrontdeskError, InvalidError

_BEST = 5
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PostWeekPages:
    """Shows and changes weeks."""

    def __init__(self, desk: PostServices, services: ConsoleServices, render: Renderer) -> None:
        self._desk = desk
        self._services = services
        self._render = render

    async def show(self, visit: Visit, why: FrontdeskError | None = None) -> Response:
        """Show the weeks of all accounts."""
        weeks = []
        for place in self._desk.posts.places.all():
            best = await self._desk.week.suggestion(place)
            weeks.append((place, await self._by_day(place), best, best.hours[:_BEST]))
        return self._render.page(
            visit,
            "post_week.html",
            why.status_code if why else HTTPStatus.OK,
            waiting=await self._services.view.waiting(),
            weeks=weeks,
            days=_DAYS,
            zone=self._desk.posts.zone.key,
            wrong=said(why, visit.language) if why else "",
        )

    async def _by_day(self, place: Place) -> Sequence[Sequence[slots.Slot]]:
        found = await self._desk.week.slots(place)
        return [[one for one in found if one.weekday == day] for day in range(7)]

    async def change(self, visit: Visit) -> Response:
        """Add a slot, or take one out."""
        form = visit.form
        try:
            place = self._desk.posts.places.of(form.get("channel", ""))
            written = form.get("remove") or f"{form.get('day', '')} {form.get('time', '')}"
            slot = _read(written)
            move = self._desk.week.remove if form.get("remove") else self._desk.week.add
            await move(place, slot, by=visit.agent)
        except InvalidError as error:
            return await self.show(visit, error)
        return go("/console/posts/week")

    def routes(self, gate: Gate, posts: str) -> list[BaseRoute]:
        """Return the addresses."""
        change = gate.action(self.change, Deed.POST_CHANGE, noted=True)
        return [
            Route(f"{posts}/week", gate.page(self.show, Deed.POST_SEE), methods=["GET"]),
            Route(f"{posts}/week", change, methods=["POST"]),
        ]


def _read(written: str) -> slots.Slot:
    try:
        return slots.read(written)
    except InvalidError as error:
        raise FaultError("no_time") from error
