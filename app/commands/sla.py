"""``frontdesk sla``: what customers are promised, and which clocks run."""

from typing import Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say, shortened
from app.commands.rule_desk import opened_rules
from desk.automation.model import short
from desk.sla.model import Policy
from desk.sla.service import Running
from desk.tables.sla import ClockKind

app = typer.Typer(help="What customers are promised, and which clocks run.", no_args_is_help=True)


@app.command("list", epilog="Example: frontdesk sla list --json")
def list_(as_json: AsJson = False) -> None:
    """List the policies in their order; the first that fits a ticket counts."""

    async def work(opened: Opened) -> tuple[Policy, ...]:
        return await opened_rules(opened).sla.policies()

    found = run(work)
    if as_json:
        print_json([policy.model_dump(mode="json") for policy in found])
    elif not found:
        say("There are no policies yet; make one in the console: Response times.")
    else:
        columns = ("policy", "for", *(kind.replace("_", " ") for kind in ClockKind), "in force")
        print_table("Response times", columns, [_cells(policy) for policy in found])


def _cells(policy: Policy) -> list[object]:
    whom = [*policy.priorities, *policy.segments]
    targets = [policy.targets.get(kind) for kind in ClockKind]
    shown = [f"{short(one.within)} {one.calendar}" if one else None for one in targets]
    return [
        policy.name,
        ", ".join(whom) or "everybody",
        *shown,
        "yes" if policy.enabled else "no",
    ]


@app.command(epilog="Example: frontdesk sla due --limit 20")
def due(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the clocks that run, those that are late or due first."""

    async def work(opened: Opened) -> tuple[list[Running], list[str]]:
        found, now = await opened_rules(opened).sla.due(limit), opened.clock()
        return found, [one.clock.state(now) for one in found]

    found, states = run(work)
    if as_json:
        print_json([_plain(one, state) for one, state in zip(found, states, strict=True)])
    elif not found:
        say("No clock is running.")
    else:
        columns = ("number", "what", "due", "state", "priority", "assignee", "policy", "title")
        print_table(
            "Running clocks",
            columns,
            [
                [
                    one.number,
                    one.clock.kind.replace("_", " "),
                    one.clock.due_at,
                    state,
                    one.priority,
                    one.assignee,
                    one.clock.policy,
                    shortened(one.title),
                ]
                for one, state in zip(found, states, strict=True)
            ],
        )


def _plain(one: Running, state: str) -> dict[str, Any]:
    clock = one.clock
    return {
        "ticket": one.number,
        "kind": clock.kind,
        "state": state,
        "due_at": clock.due_at,
        "started_at": clock.started_at,
        "target_seconds": clock.target.total_seconds(),
        "calendar": clock.calendar,
        "policy": clock.policy,
        "priority": one.priority,
        "assignee": one.assignee,
        "team": one.team,
    }
