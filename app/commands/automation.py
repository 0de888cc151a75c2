"""``frontdesk automation``: rules, what is odd about them, what they would have done, and as files."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from app.commands.rule_desk import opened_rules
from desk.automation.check import Finding
from desk.automation.dry_run import Outlook
from desk.automation.model import Rule, short
from desk.automation.service import LONGEST_LOOK, Imported
from desk.errors import InvalidError

app = typer.Typer(help="Rules: when, if, then.", no_args_is_help=True)

Days = Annotated[int, typer.Option(min=1, max=LONGEST_LOOK, help="How many days to look back.")]


@app.command("list", epilog="Example: frontdesk automation list")
def list_(as_json: AsJson = False) -> None:
    """List the rules in their order."""

    async def work(opened: Opened) -> Sequence[Rule]:
        return await opened_rules(opened).rules.list()

    found = run(work)
    if as_json:
        print_json([rule.written() for rule in found])
    elif not found:
        say(
            "There are no rules yet; make one in the console, or: frontdesk automation import FILE"
        )
    else:
        columns = ("id", "rule", "when", "then", "on", "failures")
        print_table("Rules", columns, [_cells(rule) for rule in found])


def _cells(rule: Rule) -> list[object]:
    waited = rule.waited
    when = (
        f"{waited.field} {waited.value or 'nobody'} for {short(waited.span)}"
        if waited
        else ", ".join(rule.events)
    )
    then = ", ".join(action.kind for action in rule.actions)
    return [rule.id, rule.name, when, then, "yes" if rule.enabled else "no", rule.failures or None]


@app.command(epilog="Example: frontdesk automation check")
def check(as_json: AsJson = False) -> None:
    """Say what is odd: contradictions, circles, names of nobody. Exits with 1 if anything is."""

    async def work(opened: Opened) -> Sequence[Finding]:
        return await opened_rules(opened).rules.check()

    found = run(work)
    if as_json:
        rows = [{"kind": f.oddity, "rules": list(f.rules), "text": f.text} for f in found]
        print_json(rows)
    elif not found:
        say("Nothing is odd.")
    for finding in [] if as_json else found:
        say(f"{finding.oddity}: {finding.text}")
    if found:
        raise typer.Exit(1)


@app.command("dry-run", epilog="Example: frontdesk automation dry-run --days 30")
def dry_run(
    days: Days = 7,
    rule: Annotated[int | None, typer.Option(help="Only this rule, on or off, by its id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the rules would have done on past events; nothing is done."""

    async def work(opened: Opened) -> Outlook:
        rules = opened_rules(opened).rules
        chosen = None if rule is None else [await rules.get(rule)]
        return await rules.dry_run(days, chosen)

    outlook = run(work)
    if as_json:
        print_json(_plain(outlook))
        return
    say(f"{outlook.events} events since {outlook.since:%Y-%m-%d %H:%M} UTC; nothing was done.")
    if outlook.until is not None:
        say(f"There were more; these go up to {outlook.until:%Y-%m-%d %H:%M} UTC.")
    rows = [
        [one.rule.name, one.runs, one.held or None, ", ".join(one.tickets)]
        for one in outlook.rules
    ]
    print_table("What would have happened", ("rule", "runs", "held back", "tickets"), rows)


def _plain(outlook: Outlook) -> dict[str, Any]:
    return {
        "since": outlook.since,
        "until": outlook.until,
        "events": outlook.events,
        "rules": [
            {
                "rule": one.rule.name,
                "runs": one.runs,
                "held": one.held,
                "tickets": one.tickets,
            }
            for one in outlook.rules
        ],
    }


@app.command(epilog="Example: frontdesk automation export > rules.yml")
def export() -> None:
    """Print all rules as YAML."""

    async def work(opened: Opened) -> str:
        return await opened_rules(opened).rules.export()

    typer.echo(run(work), nl=False)


@app.command("import", epilog="Example: frontdesk automation import rules.yml")
def import_(
    file: Annotated[Path, typer.Argument(help="YAML, as export prints it.")],
    by: Annotated[
        str | None, typer.Option(help="Your name in the record; your login otherwise.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep the rules of a file: those with a known name are changed. If one is wrong, nothing is."""

    async def work(opened: Opened) -> Imported:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidError(f"{file} cannot be read: {error}") from error
        return await opened_rules(opened).rules.import_(text, by=by or _login())

    done = run(work)
    if as_json:
        print_json(done)
    else:
        say(f"{done.added} added, {done.changed} changed.")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        return "operator"
