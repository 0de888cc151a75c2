"""The rules of assignment and priority, and what agents know."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer, go
from console.services import ConsoleServices
from console.ticket_desk import TicketDesk
from console.visit import Visit
from desk.access.policy import Deed
from desk.assignment.rules import KINDS, RuleDraft
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError
from desk.tables.ticket import TicketPriority, TicketTopic
from desk.tickets.words import tag_of

RULES = "/console/ticket-rules"
LISTS = (
    "topics",
    "priorities",
    "channels",
    "languages",
    "regions",
    "products",
    "segments",
    "tags",
)
#: These are written as they are kept; the others in small letters.
_AS_WRITTEN: dict[str, Callable[[str], str]] = {"regions": str.upper, "products": str}


class RulePages:
    """Shows and changes rules."""

    def __init__(self, services: ConsoleServices, desk: TicketDesk, render: Renderer) -> None:
        self._services = services
        self._desk = desk
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show the rules and the agents."""
        return await self._page(visit)

    async def edit(self, visit: Visit) -> Response:
        """Show the form of one rule, or of a new one."""
        kind, id_ = _kind(visit), visit.query("id")
        rules = await self._desk.rules.list(kind)
        rule = next((one for one in rules if str(one.id) == id_), None)
        if id_ and rule is None:
            raise NotFoundError
        form = {}
        if rule is not None:
            form = {name: ", ".join(map(str, rule.when.get(name, ()))) for name in LISTS}
            form |= {
                "id": str(rule.id),
                "name": rule.name,
                "mood_below": str(rule.when.get("mood_below", "")),
                "skills": ", ".join(rule.then.get("skills", ())),
                "agents": ", ".join(rule.then.get("agents", ())),
                "team": rule.then.get("team") or "",
                "priority": rule.then.get("priority", ""),
                "waits": "yes" if rule.waits else "",
                "is_on": "yes" if rule.is_on else "",
            }
        return await self._form(visit, kind, form or {"is_on": "yes"})

    async def save(self, visit: Visit) -> Response:
        """Keep a rule."""
        kind, form = _kind(visit), visit.form
        given = form.get("id", "")
        try:
            await self._desk.rules.save(
                kind,
                _draft(kind, form),
                by=visit.agent,
                id_=int(given) if given.isdecimal() and len(given) < 10 else None,
            )
        except (InvalidError, ConflictError) as error:
            return await self._form(visit, kind, form, error)
        return go(f"{RULES}#{kind}")

    async def move(self, visit: Visit) -> Response:
        """Move a rule up or down."""
        kind, up = _kind(visit), visit.form.get("way") == "up"
        await self._desk.rules.move(kind, visit.row_id("id"), up=up, by=visit.agent)
        return go(f"{RULES}#{kind}")

    async def remove(self, visit: Visit) -> Response:
        """Remove a rule."""
        kind = _kind(visit)
        await self._desk.rules.remove(kind, visit.row_id("id"), by=visit.agent)
        return go(f"{RULES}#{kind}")

    async def skills(self, visit: Visit) -> Response:
        """Change what an agent knows and how much they can carry."""
        form = visit.form
        capacity = form.get("capacity", "")
        try:
            await self._desk.skills.set(
                form.get("agent", ""),
                skills=form.get("skills", "").split(","),
                languages=form.get("languages", "").split(","),
                regions=form.get("regions", "").split(","),
                capacity=int(capacity) if capacity.isdecimal() and len(capacity) < 5 else -1,
                by=visit.agent,
            )
        except InvalidError as error:
            return await self._page(visit, error)
        return go(f"{RULES}#agents")

    async def _page(self, visit: Visit, error: FrontdeskError | None = None) -> Response:
        return self._render.page(
            visit,
            "ticket_rules.html",
            error.status_code if error else HTTPStatus.OK,
            rules={kind: await self._desk.rules.list(kind) for kind in KINDS},
            agents=await self._desk.skills.list(),
            problem=str(error) if error else "",
            lists=LISTS,
            waiting=await self._services.view.waiting(),
        )

    async def _form(
        self,
        visit: Visit,
        kind: str,
        form: Mapping[str, str],
        error: FrontdeskError | None = None,
    ) -> Response:
        return self._render.page(
            visit,
            "ticket_rule.html",
            error.status_code if error else HTTPStatus.OK,
            kind=kind,
            form=form,
            problem=str(error) if error else "",
            lists=LISTS,
            topics=tuple(TicketTopic),
            priorities=tuple(TicketPriority),
            teams=self._services.handoff.teams,
            people=[one.name for one in await self._desk.skills.list()],
            waiting=await self._services.view.waiting(),
        )


def _kind(visit: Visit) -> str:
    kind = visit.path("kind")
    if kind not in KINDS:
        raise NotFoundError
    return kind


def _draft(kind: str, form: Mapping[str, str]) -> RuleDraft:
    when: dict[str, Any] = {
        name: [fit for one in form.get(name, "").split(",") if (fit := _fit(name, one))]
        for name in LISTS
    }
    mood = form.get("mood_below", "").strip()
    if mood:
        try:
            when["mood_below"] = float(mood)
        except ValueError as error:
            raise InvalidError("a mood is a number from -1 to 1") from error
    _check(when)
    then: dict[str, Any] = {"priority": form.get("priority", "")}
    if kind == "assignment":
        then = {
            "skills": [tag for one in form.get("skills", "").split(",") if (tag := tag_of(one))],
            "agents": [name for one in form.get("agents", "").split(",") if (name := one.strip())],
            "team": form.get("team", "").strip() or None,
        }
    return RuleDraft(
        name=form.get("name", ""),
        when=when,
        then=then,
        waits=form.get("waits") == "yes",
        is_on=form.get("is_on") == "yes",
    )


def _fit(name: str, given: str) -> str:
    change = _AS_WRITTEN.get(name)
    return change(given.strip()) if change else tag_of(given)


def _check(when: Mapping[str, Any]) -> None:
    """Refuse a word that no ticket can ever have: such a rule would never fit, and nobody would know why."""
    for name, known in (("topics", TicketTopic), ("priorities", TicketPriority)):
        unknown = set(when[name]) - set(known)
        if unknown:
            raise InvalidError(f"{min(unknown)!r} is none of: {', '.join(known)}")


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of rules."""
    if services.ticket_desk is None:
        return []
    pages, deed = RulePages(services, services.ticket_desk, render), Deed.RULE_CHANGE
    one = f"{RULES}/{{kind}}"
    return [
        Route(RULES, gate.page(pages.show, Deed.RULE_SEE)),
        Route(f"{RULES}/skills", gate.action(pages.skills, deed), methods=["POST"]),
        Route(one, gate.page(pages.edit, deed), methods=["GET"]),
        Route(one, gate.action(pages.save, deed), methods=["POST"]),
        Route(f"{one}/{{id:int}}/move", gate.action(pages.move, deed), methods=["POST"]),
        Route(f"{one}/{{id:int}}/remove", gate.action(pages.remove, deed), methods=["POST"]),
    ]
