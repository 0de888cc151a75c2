"""Promises of time: policies, what a ticket now would be promised, and the clocks that run."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer, go
from console.rule_desk import RuleDesk
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.automation.model import short
from desk.calendars.service import SHOP
from desk.errors import FrontdeskError
from desk.sla.model import Policy
from desk.tables.sla import ClockKind
from desk.tables.ticket import TicketPriority

SLA = "/console/sla"
_NEW = {"enabled": "yes", "warn_percent": "80"}


class SlaPages:
    """Shows and changes policies."""

    def __init__(self, desk: RuleDesk, services: ConsoleServices, render: Renderer) -> None:
        self._sla = desk.sla
        self._calendars = desk.calendars
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List the policies, with what a ticket now would be promised."""
        asked = visit.query("priority")
        priority = asked if asked in tuple(TicketPriority) else TicketPriority.NORMAL.value
        segment = visit.query("segment").strip()[:64]
        return await self._page(
            visit,
            "sla.html",
            policies=await self._sla.policies(),
            promises=await self._sla.promises(priority, segment or None),
            priority=priority,
            segment=segment,
            saved=visit.query("saved") == "1",
        )

    async def due(self, visit: Visit) -> Response:
        """List the clocks that run, those due first."""
        running = await self._sla.due(limit=100)
        return await self._page(visit, "sla_due.html", running=running, now=self._services.clock())

    async def begin(self, visit: Visit) -> Response:
        """Show an empty form."""
        return await self._form(visit, _NEW)

    async def show(self, visit: Visit) -> Response:
        """Show a policy's form."""
        policy = await self._sla.policy(visit.row_id("number"))
        return await self._form(visit, _fields(policy), policy=policy)

    async def make(self, visit: Visit) -> Response:
        """Keep a new policy."""
        try:
            await self._sla.save(_given(visit.form), by=visit.agent)
        except FrontdeskError as error:
            return await self._form(visit, visit.form, why=error)
        return go(f"{SLA}?saved=1")

    async def change(self, visit: Visit) -> Response:
        """Keep a policy that was changed."""
        number, form = visit.row_id("number"), visit.form
        policy = await self._sla.policy(number)
        try:
            await self._sla.save(
                _given(form),
                by=visit.agent,
                policy_id=number,
                to_open=form.get("to_open") == "yes",
            )
        except FrontdeskError as error:
            return await self._form(visit, form, policy=policy, why=error)
        return go(f"{SLA}?saved=1")

    async def delete(self, visit: Visit) -> Response:
        """Forget a policy."""
        await self._sla.delete(visit.row_id("number"), by=visit.agent)
        return go(SLA)

    async def move(self, visit: Visit) -> Response:
        """Move a policy in the order."""
        step = -1 if visit.form.get("step") == "up" else 1
        await self._sla.move(visit.row_id("number"), step, by=visit.agent)
        return go(SLA)

    async def _form(
        self,
        visit: Visit,
        fields: Mapping[str, str],
        *,
        policy: Policy | None = None,
        why: FrontdeskError | None = None,
    ) -> Response:
        known = await self._calendars.all()
        return await self._page(
            visit,
            "sla_policy.html",
            why.status_code if why else HTTPStatus.OK,
            fields=fields,
            policy=policy,
            calendars=sorted(known, key=lambda name: (name != SHOP, name)),
            why=str(why) if why else "",
        )

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        return self._render.page(
            visit,
            template,
            status,
            kinds=tuple(ClockKind),
            priorities=tuple(TicketPriority),
            short=short,
            waiting=await self._services.view.waiting(),
            **known,
        )


def _given(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a policy as people write it; a kind without a time has no target."""
    targets = {
        kind.value: {
            "within": form[f"{kind}.within"].strip(),
            "calendar": form.get(f"{kind}.calendar") or SHOP,
        }
        for kind in ClockKind
        if form.get(f"{kind}.within", "").strip()
    }
    segments = re.split(r"[,，、]", form.get("segments", ""))
    return {
        "name": form.get("name", ""),
        "enabled": form.get("enabled") == "yes",
        "priorities": [one for one in TicketPriority if form.get(f"priority.{one}") == "yes"],
        "segments": [one.strip() for one in segments if one.strip()],
        "targets": targets,
        "warn_percent": form.get("warn_percent", "80"),
    }


def _fields(policy: Policy) -> dict[str, str]:
    fields = {
        "name": policy.name,
        "enabled": "yes" if policy.enabled else "",
        "segments": ", ".join(policy.segments),
        "warn_percent": str(policy.warn_percent),
    }
    fields |= {f"priority.{one}": "yes" for one in policy.priorities}
    for kind, target in policy.targets.items():
        fields[f"{kind}.within"] = short(target.within)
        fields[f"{kind}.calendar"] = target.calendar
    return fields


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of promises; what is done is noted by the service."""
    if services.rule_desk is None:
        return []
    pages = SlaPages(services.rule_desk, services, render)
    see, change = Deed.SLA_SEE, Deed.SLA_CHANGE
    one = f"{SLA}/{{number:int}}"
    return [
        Route(SLA, gate.page(pages.list, see), methods=["GET"]),
        Route(SLA, gate.action(pages.make, change, noted=True), methods=["POST"]),
        Route(f"{SLA}/due", gate.page(pages.due, see), methods=["GET"]),
        Route(f"{SLA}/new", gate.page(pages.begin, change), methods=["GET"]),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        Route(one, gate.action(pages.change, change, noted=True), methods=["POST"]),
        Route(f"{one}/delete", gate.action(pages.delete, change, noted=True), methods=["POST"]),
        Route(f"{one}/move", gate.action(pages.move, change, noted=True), methods=["POST"]),
    ]
