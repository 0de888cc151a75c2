"""Rules: the list, the builder, what they would have done, what they did, and the tasks that they left."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from console import rule_form
from console.gate import Gate
from console.render import Renderer, go
from console.rule_desk import RuleDesk
from console.services import ConsoleServices
from console.visit import Visit
from console.words import has, say
from desk.access.policy import Deed
from desk.automation.actions import KINDS, SetField
from desk.automation.check import Finding
from desk.automation.dry_run import Outlook
from desk.automation.fields import EVENTS, FIELDS, OPERATORS, VARIABLES, WAITS, Operator
from desk.automation.model import short
from desk.errors import FrontdeskError
from desk.tables.automation import RunState
from desk.tables.ticket import TicketPriority, TicketStatus, TicketTopic

RULES, TASKS = "/console/rules", "/console/tasks"
_DAYS = ("1", "7", "30", "90")
_PAGE = 50
_NEW = {"enabled": "yes", "on": "events", "event.ticket.opened": "yes", "cs": "0", "as": "0"}


class RulePages:
    """Shows, changes and tries out rules."""

    def __init__(self, desk: RuleDesk, services: ConsoleServices, render: Renderer) -> None:
        self._rules = desk.rules
        self._tasks = desk.tasks
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List the rules with what is odd about them and what they did lately."""
        return await self._list(visit)

    async def _list(self, visit: Visit, why: FrontdeskError | None = None) -> Response:
        return await self._page(
            visit,
            "rules.html",
            why.status_code if why else HTTPStatus.OK,
            rules=await self._rules.list(),
            findings=[_in_words(one, visit.language) for one in await self._rules.check()],
            counts=await self._rules.counts(),
            why=str(why) if why else "",
            saved=visit.query("saved") == "1",
        )

    async def begin(self, visit: Visit) -> Response:
        """Show an empty builder."""
        return await self._builder(visit, _NEW)

    async def show(self, visit: Visit) -> Response:
        """Show a rule in the builder."""
        rule = await self._rules.get(visit.row_id("number"))
        return await self._builder(visit, rule_form.fields(rule.written()), number=rule.id)

    async def save(self, visit: Visit) -> Response:
        """Do what the pressed button says: add or remove a row, try the rule out, or keep it."""
        params = visit.request.path_params
        number = visit.row_id("number") if "number" in params else None
        what, _, place = visit.form.get("do", "save").partition(":")
        form = dict(visit.form)
        if what == "add_condition":
            row = {"in": place, "field": "", "op": "is", "value": ""}
            return await self._builder(visit, rule_form.with_row(form, "c", row), number=number)
        if what == "add_action" and form.get("new_action") in KINDS:
            kind = form["new_action"]
            row = {"kind": kind} | dict.fromkeys(rule_form.parts(kind), "")
            return await self._builder(visit, rule_form.with_row(form, "a", row), number=number)
        if what in ("remove_c", "remove_a") and place.isascii() and place.isdigit():
            left = rule_form.without(form, what[-1], int(place))
            return await self._builder(visit, left, number=number)
        return await self._keep(visit, form, number, is_trial=what == "try")

    async def _keep(
        self, visit: Visit, form: Mapping[str, str], number: int | None, *, is_trial: bool
    ) -> Response:
        try:
            given = rule_form.written(form)
            if is_trial:
                draft = await self._rules.draft(given)
                outlook = await self._rules.dry_run(_days(form.get("days", "")), [draft])
                return await self._builder(visit, form, number=number, outlook=outlook)
            await self._rules.save(given, by=visit.agent, rule_id=number)
        except FrontdeskError as error:
            return await self._builder(visit, form, number=number, why=error)
        return go(f"{RULES}?saved=1")

    async def switch(self, visit: Visit) -> Response:
        """Switch a rule on or off."""
        on = visit.form.get("on") == "yes"
        await self._rules.switch(visit.row_id("number"), on=on, by=visit.agent)
        return go(RULES)

    async def move(self, visit: Visit) -> Response:
        """Move a rule in the order."""
        step = -1 if visit.form.get("step") == "up" else 1
        await self._rules.move(visit.row_id("number"), step, by=visit.agent)
        return go(RULES)

    async def delete(self, visit: Visit) -> Response:
        """Forget a rule."""
        await self._rules.delete(visit.row_id("number"), by=visit.agent)
        return go(RULES)

    async def trial(self, visit: Visit) -> Response:
        """Show what the rules would have done."""
        days = _days(visit.query("days"))
        outlook = await self._rules.dry_run(days)
        return await self._page(visit, "rules_try.html", outlook=outlook, days=str(days))

    async def runs(self, visit: Visit) -> Response:
        """List what rules did, newest first."""
        state = visit.query("state") if visit.query("state") in tuple(RunState) else ""
        rule_id, before = _number(visit, "rule"), _number(visit, "before")
        found = await self._rules.runs(
            rule_id=rule_id, state=state or None, before=before, limit=_PAGE + 1
        )
        return await self._page(
            visit,
            "rules_runs.html",
            runs=found[:_PAGE],
            last=found[_PAGE - 1].id if len(found) > _PAGE else None,
            state=state,
            states=tuple(RunState),
            rule=rule_id,
            names={rule.id: rule.name for rule in await self._rules.list()},
        )

    async def export(self, visit: Visit) -> Response:
        """Send all rules as a file."""
        headers = {"Content-Disposition": 'attachment; filename="rules.yml"'}
        return PlainTextResponse(await self._rules.export(), headers=headers)

    async def import_(self, visit: Visit) -> Response:
        """Keep the rules of a file."""
        try:
            await self._rules.import_(visit.form.get("text", ""), by=visit.agent)
        except FrontdeskError as error:
            return await self._list(visit, error)
        return go(f"{RULES}?saved=1")

    async def tasks(self, visit: Visit) -> Response:
        """List what is to be done, by everybody or by who asks."""
        mine = visit.query("mine") == "1"
        tasks = await self._tasks.open(assignee=visit.agent if mine else None)
        return await self._page(
            visit, "tasks.html", tasks=tasks, mine=mine, now=self._services.clock()
        )

    async def done(self, visit: Visit) -> Response:
        """Take note that a task is done."""
        await self._tasks.done(visit.row_id("number"), by=visit.agent)
        return go(f"{TASKS}?mine=1" if visit.form.get("mine") == "1" else TASKS)

    async def _builder(
        self,
        visit: Visit,
        form: Mapping[str, str],
        *,
        number: int | None = None,
        outlook: Outlook | None = None,
        why: FrontdeskError | None = None,
    ) -> Response:
        names = await self._rules.names()
        return await self._page(
            visit,
            "rule.html",
            why.status_code if why else HTTPStatus.OK,
            form=form,
            number=number,
            conditions=list(enumerate(rule_form.conditions(form))),
            actions=rule_form.actions(form),
            names=names,
            choices={name: field.choices for name, field in FIELDS.items() if field.choices},
            asked={name: " ".join(OPERATORS[field.kind]) for name, field in FIELDS.items()},
            events=EVENTS,
            operators=tuple(Operator),
            waits=tuple(WAITS),
            kinds=KINDS,
            groups=rule_form.GROUPS,
            set_fields=tuple(SetField),
            set_values=_values(names.teams),
            variables=VARIABLES,
            outlook=outlook,
            days=form.get("days", "7"),
            why=str(why) if why else "",
        )

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        waiting = await self._services.view.waiting()
        shown = {"waiting": waiting, "short": short, "periods": _DAYS, **known}
        return self._render.page(visit, template, status, **shown)


def _in_words(finding: Finding, language: str) -> str:
    values = dict(finding.values)
    named = f"rule_wait.{values.get('what')}"
    if has(named):
        values["what"] = say(named, language)
    return say(f"rule_oddity.{finding.oddity}", language, **values)


def _values(teams: frozenset[str]) -> dict[str, tuple[str, ...]]:
    return {
        "status": tuple(TicketStatus),
        "priority": tuple(TicketPriority),
        "topic": tuple(TicketTopic),
        "team": tuple(sorted(teams)),
    }


def _days(text: str) -> int:
    return int(text) if text in _DAYS else 7


def _number(visit: Visit, name: str) -> int | None:
    text = visit.query(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of rules and tasks; what is done to rules is noted by the service."""
    if services.rule_desk is None:
        return []
    pages = RulePages(services.rule_desk, services, render)
    see, change = Deed.RULE_SEE, Deed.RULE_CHANGE
    one = f"{RULES}/{{number:int}}"
    posts = {
        RULES: pages.save,
        f"{RULES}/import": pages.import_,
        one: pages.save,
        f"{one}/switch": pages.switch,
        f"{one}/move": pages.move,
        f"{one}/delete": pages.delete,
    }
    return [
        Route(RULES, gate.page(pages.list, see), methods=["GET"]),
        Route(f"{RULES}/new", gate.page(pages.begin, change), methods=["GET"]),
        Route(f"{RULES}/try", gate.page(pages.trial, see), methods=["GET"]),
        Route(f"{RULES}/runs", gate.page(pages.runs, see), methods=["GET"]),
        Route(f"{RULES}/export", gate.page(pages.export, change), methods=["GET"]),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        *(
            Route(path, gate.action(page, change, noted=True), methods=["POST"])
            for path, page in posts.items()
        ),
        Route(TASKS, gate.page(pages.tasks, Deed.TICKET_SEE), methods=["GET"]),
        Route(
            f"{TASKS}/{{number:int}}/done",
            gate.action(pages.done, Deed.TICKET_CHANGE),
            methods=["POST"],
        ),
    ]
