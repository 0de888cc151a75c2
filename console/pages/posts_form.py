"""The form in which a post is written and changed."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.local import moment
from analytics.posts.model import Draft, FaultError, Image, SocialPost
from analytics.posts.pictures import kept
from analytics.posts.service import Posts
from console.gate import Gate
from console.pages.posts_said import said
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import FrontdeskError

LARGEST = 10 * 2**20
"""Bytes of the largest image that any channel takes."""
_DIGITS = 9


class PostFormPages:
    """Writes posts."""

    def __init__(self, posts: Posts, services: ConsoleServices, render: Renderer) -> None:
        self._posts = posts
        self._services = services
        self._render = render

    async def begin(self, visit: Visit) -> Response:
        """Show an empty form."""
        day = visit.query("day")
        form = {"due_at": f"{day}T09:00"} if len(day) == len("2026-03-01") else {}
        return await self._form(visit, form)

    async def edit(self, visit: Visit) -> Response:
        """Show a post in the form."""
        found = await self._posts.get(visit.row_id("number"))
        form = {
            "channel": found.channel,
            "text": found.text,
            "link": found.link or "",
            "edition": str(found.edition),
        }
        return await self._form(visit, form, found)

    async def add(self, visit: Visit) -> Response:
        """Keep a new post."""
        try:
            due_at = read_time(visit.form.get("due_at", ""), self._posts.zone)
            draft = await self._draft(visit, None)
            made = await self._posts.draft(draft, by=visit.agent, due_at=due_at)
        except FrontdeskError as error:
            return await self._form(visit, visit.form, why=error)
        return go(f"/console/posts/{made.id}?said=saved")

    async def change(self, visit: Visit) -> Response:
        """Change a post that is as it was when the form was opened."""
        found = await self._posts.get(visit.row_id("number"))
        try:
            draft = await self._draft(visit, found.image)
            edition = edition_of(visit.form)
            await self._posts.change(found.id, draft, edition=edition, by=visit.agent)
        except FrontdeskError as error:
            return await self._form(visit, visit.form, found, why=error)
        return go(f"/console/posts/{found.id}?said=saved")

    async def _draft(self, visit: Visit, before: Image | None) -> Draft:
        place = self._posts.places.of(visit.form.get("channel", ""))
        image = None if visit.form.get("without_image") else before
        if visit.files:
            file = visit.files[0]
            image = await kept(self._services.media, place, file.name, file.content)
        return Draft(
            channel=place.channel,
            account=place.account,
            # Browsers write line ends as two characters, which platforms would count as such.
            text=visit.form.get("text", "").replace("\r\n", "\n").strip(),
            link=visit.form.get("link", "").strip() or None,
            image=image,
        )

    async def _form(
        self,
        visit: Visit,
        form: Mapping[str, str],
        post: SocialPost | None = None,
        why: FrontdeskError | None = None,
    ) -> Response:
        return self._render.page(
            visit,
            "post_form.html",
            why.status_code if why else HTTPStatus.OK,
            waiting=await self._services.view.waiting(),
            form=form,
            post=post,
            places=self._posts.places.all(),
            zone=self._posts.zone.key,
            wrong=said(why, visit.language) if why else "",
        )

    def routes(self, gate: Gate, posts: str) -> list[BaseRoute]:
        """Return the addresses of the form."""
        change, one = Deed.POST_CHANGE, f"{posts}/{{number:int}}/edit"
        add = gate.action(self.add, change, files=LARGEST, noted=True)
        save = gate.action(self.change, change, files=LARGEST, noted=True)
        return [
            Route(f"{posts}/new", gate.page(self.begin, change), methods=["GET"]),
            Route(f"{posts}/new", add, methods=["POST"]),
            Route(one, gate.page(self.edit, change), methods=["GET"]),
            Route(one, save, methods=["POST"]),
        ]


def edition_of(form: Mapping[str, str]) -> int:
    """Return the edition of a post that a form showed; 0 is none."""
    text = form.get("edition", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


def read_time(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a field means, on the shop's clock; nothing for an empty one.

    Raises:
        FaultError: it is no time.
    """
    if not text.strip():
        return None
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise FaultError("no_time") from error
    at = moment(wall.date(), wall.time().replace(tzinfo=None), zone)
    if at is None:
        raise FaultError("no_time")
    return at
