"""``frontdesk slack``: whether the agents' desk in Slack is set up as it must be."""

import asyncio

import typer

from app.commands.opened import one_line
from app.commands.output import AsJson, print_json, say
from app.platforms import tools
from channels import registry
from channels.slack.desk.settings import SlackDeskSettings
from channels.slack.desk.spec import PREFIX, build
from desk import settings as settings_module
from desk.channel import Check
from desk.errors import RetryableError, SettingsError

app = typer.Typer(help="The agents' desk in Slack.", no_args_is_help=True)

_LONGEST_CHECK = 30


@app.command("check", epilog="Example: frontdesk slack check")
def check(as_json: AsJson = False) -> None:
    """Ask Slack who the desk's app is and what it lacks; exit code 1 if something is missing."""
    with one_line():
        found = asyncio.run(_check())
    if as_json:
        print_json(found)
    else:
        _tell(found)
    if found.problems:
        raise typer.Exit(1)


def _tell(found: Check) -> None:
    verdict = "something is missing" if found.problems else "works"
    say(f"Agents' desk in Slack, {found.account}: {verdict}")
    for problem in found.problems:
        say(f"  missing: {problem}")
    for note in found.notes:
        say(f"  note: {note}")


async def _check() -> Check:
    settings = settings_module.load(elsewhere=(*registry.PREFIXES, PREFIX))
    slack = SlackDeskSettings.load()
    if slack is None:
        needs = ", ".join(f"{PREFIX}{name}".upper() for name in SlackDeskSettings.needs)
        raise SettingsError(f"the agents' desk in Slack is not set up: it needs {needs}")
    parts = build(slack, tools(settings))
    try:
        async with asyncio.timeout(_LONGEST_CHECK):
            return await parts.check()
    except TimeoutError as error:
        raise RetryableError(f"Slack did not answer within {_LONGEST_CHECK} seconds") from error
    finally:
        await parts.close()
