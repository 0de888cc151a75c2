"""Saved replies: one's own and everybody's."""

from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate, mine
from console.render import Renderer, go
from console.visit import Visit
from desk.access.policy import Deed
from desk.canned import LONGEST, VARIABLES, Canned, UnknownVariableError
from desk.conversations.desk_view import DeskView
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError

_AT = "/console/canned"
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (UnknownVariableError, "canned.variable"),
    (InvalidError, "canned.wrong"),
    (ConflictError, "canned.taken"),
)


class CannedPages:
    """Lists saved replies and keeps what agents write into them."""

    def __init__(self, canned: Canned, view: DeskView, render: Renderer) -> None:
        self._canned = canned
        self._view = view
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show what the agent may say."""
        return await self._page(visit)

    async def add_own(self, visit: Visit) -> Response:
        """Keep a reply for the agent alone."""
        return await self._save(visit, None, visit.agent)

    async def add_shared(self, visit: Visit) -> Response:
        """Keep a reply for everybody."""
        return await self._save(visit, None, "")

    async def change(self, visit: Visit) -> Response:
        """Change a reply."""
        found = await self._canned.get(visit.row_id("id"))
        return await self._save(visit, found.id, found.owner)

    async def remove(self, visit: Visit) -> Response:
        """Take a reply away."""
        await self._canned.remove(visit.row_id("id"))
        return go(f"{_AT}?saved=1")

    async def is_own(self, visit: Visit) -> bool:
        """Say whether the address is of the agent's own reply; what is not there is nobody's."""
        try:
            found = await self._canned.get(visit.row_id("id"))
        except NotFoundError:
            return False
        return found.owner == visit.agent

    async def _save(self, visit: Visit, reply_id: int | None, owner: str) -> Response:
        form = visit.form
        try:
            await self._canned.save(
                reply_id,
                name=form.get("name", ""),
                en=form.get("en", ""),
                zh=form.get("zh", ""),
                owner=owner,
                by=visit.agent,
            )
        except (InvalidError, ConflictError) as error:
            return await self._page(visit, error)
        return go(f"{_AT}?saved=1")

    async def _page(self, visit: Visit, error: FrontdeskError | None = None) -> Response:
        word = next((word for kind, word in _WORDS if isinstance(error, kind)), "")
        return self._render.page(
            visit,
            "canned.html",
            error.status_code if error else HTTPStatus.OK,
            replies=await self._canned.of(visit.agent),
            problem=word,
            wrong_id=int(visit.path("id")) if error and "id" in visit.request.path_params else 0,
            given={name: visit.form.get(name, "") for name in ("name", "en", "zh")},
            variables=", ".join(f"{{{name}}}" for name in VARIABLES),
            longest=LONGEST,
            waiting=await self._view.waiting(),
        )


def routes(gate: Gate, canned: Canned | None, view: DeskView, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of saved replies; none where nothing keeps them."""
    if canned is None:
        return []
    pages, change = CannedPages(canned, view, render), Deed.CANNED_CHANGE
    one = f"{_AT}/{{id:int}}"
    own = gate.action(pages.add_own, change, own=mine)
    changed = gate.action(pages.change, change, own=pages.is_own)
    removed = gate.action(pages.remove, change, own=pages.is_own)
    return [
        Route(_AT, gate.page(pages.show, Deed.CONVERSATION_ANSWER)),
        Route(f"{_AT}/own", own, methods=["POST"]),
        Route(f"{_AT}/shared", gate.action(pages.add_shared, change), methods=["POST"]),
        Route(one, changed, methods=["POST"]),
        Route(f"{one}/remove", removed, methods=["POST"]),
    ]
