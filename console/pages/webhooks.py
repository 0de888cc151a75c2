"""Webhooks that go out: who is told what, what arrived, and once more."""

from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.errors import ConflictError, InvalidError
from desk.tables.webhook import WebhookState
from desk.webhooks.kinds import KINDS
from desk.webhooks.service import OutgoingWebhooks

WEBHOOKS = "/console/webhooks"
BACK = ("1", "6", "24", "168", "720")
"""Hours from which on what did not arrive can be sent again."""
_PAGE = 30
_NOUNS = tuple(dict.fromkeys(kind.partition(".")[0] for kind in KINDS))
GROUPS = {noun: [kind for kind in KINDS if kind.startswith(f"{noun}.")] for noun in _NOUNS}


class WebhookPages:
    """Shows webhooks and their deliveries, and changes them."""

    def __init__(
        self, services: ConsoleServices, hooks: OutgoingWebhooks, render: Renderer
    ) -> None:
        self._services = services
        self._hooks = hooks
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List webhooks."""
        return await self._list(visit)

    async def add(self, visit: Visit) -> Response:
        """Add a webhook and show its secret, this once."""
        kinds = _kinds(visit)
        if not kinds:
            return await self._list(visit, problem="problem.webhook_kinds")
        try:
            made, secret = await self._hooks.add(
                url=visit.form.get("url", ""),
                kinds=kinds,
                name=visit.form.get("name", ""),
                with_text=_with_text(visit),
                by=visit.agent,
            )
        except InvalidError:
            return await self._list(visit, problem="problem.webhook_url")
        return await self._one(visit, made.id, secret=secret, status=HTTPStatus.CREATED)

    async def show(self, visit: Visit) -> Response:
        """Show a webhook with its deliveries."""
        return await self._one(visit, visit.path("id"))

    async def change(self, visit: Visit) -> Response:
        """Change where a webhook goes and what it tells."""
        id_, kinds = visit.path("id"), _kinds(visit)
        if not kinds:
            return await self._one(visit, id_, problem="problem.webhook_kinds")
        try:
            await self._hooks.change(
                id_,
                url=visit.form.get("url", ""),
                kinds=kinds,
                name=visit.form.get("name", ""),
                with_text=_with_text(visit),
            )
        except InvalidError:
            return await self._one(visit, id_, problem="problem.webhook_url")
        return _done(id_, "changed")

    async def switch(self, visit: Visit) -> Response:
        """Switch a webhook on or off."""
        on = visit.form.get("enabled") == "yes"
        await self._hooks.change(visit.path("id"), enabled=on)
        return _done(visit.path("id"), "on" if on else "off")

    async def rotate(self, visit: Visit) -> Response:
        """Make a new secret and show it, this once."""
        secret = await self._hooks.rotate(visit.path("id"))
        return await self._one(visit, visit.path("id"), secret=secret)

    async def test(self, visit: Visit) -> Response:
        """Send a message that says nothing."""
        await self._hooks.test(visit.path("id"))
        return _done(visit.path("id"), "test")

    async def remove(self, visit: Visit) -> Response:
        """Remove a webhook."""
        await self._hooks.remove(visit.path("id"))
        return go(WEBHOOKS)

    async def replay(self, visit: Visit) -> Response:
        """Send one delivery again."""
        id_ = visit.path("id")
        try:
            await self._hooks.replay(visit.row_id("number"))
        except ConflictError:
            return await self._one(visit, id_, problem="problem.webhook_under_way")
        return _done(id_, "again")

    async def replay_since(self, visit: Visit) -> Response:
        """Send what did not arrive for some time."""
        hours = visit.form.get("hours", "")
        since = self._services.clock() - timedelta(hours=int(hours if hours in BACK else BACK[0]))
        count = await self._hooks.replay_since(visit.path("id"), since)
        return _done(visit.path("id"), "again" if count else "nothing")

    async def _list(self, visit: Visit, *, problem: str = "") -> Response:
        return self._render.page(
            visit,
            "webhooks.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
            webhooks=await self._hooks.list(),
            groups=GROUPS,
            chosen=_kinds(visit),
            problem=problem,
            waiting=await self._services.view.waiting(),
        )

    async def _one(
        self,
        visit: Visit,
        id_: str,
        *,
        secret: str = "",
        problem: str = "",
        status: int = HTTPStatus.OK,
    ) -> Response:
        webhook = await self._hooks.get(id_)
        asked, before = visit.query("state"), visit.query("before")
        state = asked if asked in tuple(WebhookState) else ""
        # One more than is shown tells whether there are older ones.
        found = await self._hooks.deliveries(
            id_,
            state=state or None,
            before=int(before)
            if before.isascii() and before.isdigit() and len(before) < 18
            else None,
            limit=_PAGE + 1,
        )
        return self._render.page(
            visit,
            "webhook.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problem else status,
            webhook=webhook,
            deliveries=found[:_PAGE],
            older=found[_PAGE - 1].id if len(found) > _PAGE else 0,
            state=state,
            states=tuple(WebhookState),
            groups=GROUPS,
            chosen=_kinds(visit) or webhook.kinds,
            secret=secret,
            problem=problem,
            said=visit.query("said"),
            back=BACK,
            waiting=await self._services.view.waiting(),
        )


def _kinds(visit: Visit) -> tuple[str, ...]:
    known = [*(f"{noun}.*" for noun in GROUPS), *KINDS]
    return tuple(kind for kind in known if f"kind.{kind}" in visit.form)


def _with_text(visit: Visit) -> bool:
    """Say whether what was said is told, too: by those alone who may read it themselves."""
    return visit.form.get("with_text") == "yes" and visit.may(Deed.CONVERSATION_SEE)


def _done(id_: str, said: str) -> Response:
    return go(f"{WEBHOOKS}/{id_}?said={said}")


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of webhooks; none without the service."""
    if services.webhooks is None:
        return []
    pages, one = WebhookPages(services, services.webhooks, render), f"{WEBHOOKS}/{{id}}"
    see, change = Deed.WEBHOOK_SEE, Deed.WEBHOOK_CHANGE
    actions = {
        f"{one}/change": pages.change,
        f"{one}/switch": pages.switch,
        f"{one}/rotate": pages.rotate,
        f"{one}/test": pages.test,
        f"{one}/remove": pages.remove,
        f"{one}/replay": pages.replay_since,
        f"{one}/deliveries/{{number:int}}/replay": pages.replay,
    }
    return [
        Route(WEBHOOKS, gate.page(pages.list, see), methods=["GET"]),
        Route(WEBHOOKS, gate.action(pages.add, change), methods=["POST"]),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        *(
            Route(path, gate.action(page, change), methods=["POST"])
            for path, page in actions.items()
        ),
    ]
