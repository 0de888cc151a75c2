"""``frontdesk agents``: who answers customers, and whether they are at work."""

from typing import Annotated, Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from desk.agentdesk.agents import Agents
from desk.tables.agent import AgentRow, AgentStatus
from desk.tickets.words import one_of

app = typer.Typer(help="Who answers customers.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name customers see; it is unique.")]


@app.command("list", epilog="Example: frontdesk agents list")
def list_(as_json: AsJson = False) -> None:
    """List agents by name."""

    async def work(opened: Opened) -> list[dict[str, Any]]:
        return [_plain(row) for row in await _agents(opened).list()]

    rows = run(work)
    if as_json:
        print_json(rows)
    elif not rows:
        say("There are no agents yet; whoever acts at the desk becomes one.")
    else:
        columns = ("name", "e-mail", "external id", "team", "status", "since", "capacity")
        names = ("name", "email", "external_id", "team", "status", "status_since", "capacity")
        print_table("Agents", columns, [[row[name] for name in names] for row in rows])


@app.command(epilog="Example: frontdesk agents add Kim --email kim@example.com --team refunds")
def add(
    name: Name,
    email: Annotated[
        str | None, typer.Option(help="By which their account on the desk's platform is found.")
    ] = None,
    external_id: Annotated[
        str | None, typer.Option(help="Their id on the desk's platform, if you know it.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="A team of desk.yml.")] = None,
    capacity: Annotated[int, typer.Option(min=1, max=100, help="Conversations at once.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Add an agent before they first act, so that desk and console know them as one."""

    async def work(opened: Opened) -> dict[str, Any]:
        row = await _agents(opened).add(
            name=name, email=email, external_id=external_id, team=team, capacity=capacity
        )
        return _plain(row)

    row = run(work)
    if as_json:
        print_json(row)
    else:
        say(f"{row['name']} is an agent now.")


@app.command(epilog="Example: frontdesk agents status Kim away")
def status(
    name: Name,
    now: Annotated[
        str | None, typer.Argument(metavar="[STATUS]", help=f"{', '.join(AgentStatus)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show or change whether an agent is at work; who is away loses their conversations after a while."""

    async def work(opened: Opened) -> dict[str, Any]:
        agents = _agents(opened)
        row = await agents.get(name)
        if now is not None:
            row = await agents.set_status(row.name, one_of(AgentStatus, now))
        return _plain(row)

    row = run(work)
    if as_json:
        print_json(row)
    else:
        say(f"{row['name']} is {row['status']} since {row['status_since']:%Y-%m-%d %H:%M} UTC.")


def _agents(opened: Opened) -> Agents:
    return Agents(opened.database, opened.clock)


def _plain(row: AgentRow) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in AgentRow.__table__.columns}
