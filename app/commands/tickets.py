"""``frontdesk tickets``: what somebody has to settle."""

import getpass
from typing import Annotated, Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import (
    AsJson,
    Limit,
    console,
    print_json,
    print_table,
    say,
    shortened,
    visible,
)
from desk.errors import InvalidError
from desk.tickets.model import Entry, Ticket, TicketPriority, TicketStatus, TicketTopic

app = typer.Typer(help="What somebody has to settle.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The ticket, such as T-000123.")]
Status = Annotated[str | None, typer.Option(help=f"One of: {', '.join(TicketStatus)}.")]
Topic = Annotated[str | None, typer.Option(help=f"One of: {', '.join(TicketTopic)}.")]
Priority = Annotated[str | None, typer.Option(help=f"One of: {', '.join(TicketPriority)}.")]


@app.command("list", epilog="Example: frontdesk tickets list --status new")
def list_(
    status: Status = None, topic: Topic = None, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List tickets, newest first."""

    async def work(opened: Opened) -> tuple[Ticket, ...]:
        return await opened.tickets.list(status=status, topic=topic, limit=limit)

    found = run(work)
    if as_json:
        print_json([_plain(ticket) for ticket in found])
    elif not found:
        say("No ticket is like that." if status or topic else "There are no tickets yet.")
    else:
        columns = ("number", "status", "priority", "topic", "title", "assignee", "updated")
        print_table("Tickets", columns, [_cells(ticket) for ticket in found])


@app.command(epilog="Example: frontdesk tickets show T-000123")
def show(number: Number, as_json: AsJson = False) -> None:
    """Show a ticket with its whole history."""

    async def work(opened: Opened) -> Ticket:
        return await opened.tickets.get(number=number)

    _show(run(work), as_json=as_json)


@app.command(
    "set",
    epilog='Example: frontdesk tickets set T-000123 --status pending --comment "Asked again"',
)
def set_(
    number: Number,
    status: Status = None,
    priority: Priority = None,
    assignee: Annotated[
        str | None, typer.Option(help='Who looks after it; "" for nobody.')
    ] = None,
    comment: Annotated[str | None, typer.Option(help="Words to add to the history.")] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="The customer never sees the comment.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="Your name in the history; your login otherwise.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a ticket's status, priority or assignee, or comment on it."""

    async def work(opened: Opened) -> Ticket:
        changes = {"status": status, "priority": priority, "assignee": assignee}
        _check(changes, comment)
        who, tickets = by or _login(), opened.tickets
        # The change may be refused, the comment may not: so nothing is done by halves.
        changed = await tickets.set(number=number, **changes, by=who)
        if comment is not None:
            return await tickets.comment(
                number=number, text=comment, author="agent", author_name=who, public=not internal
            )
        return changed

    _show(run(work), as_json=as_json)


def _check(changes: dict[str, str | None], comment: str | None) -> None:
    if comment is None and all(value is None for value in changes.values()):
        raise InvalidError("nothing to change: give --status, --priority, --assignee or --comment")
    if comment is not None and not comment.strip():
        raise InvalidError("--comment is empty; write something")
    for name in ("status", "priority"):
        if changes[name] == "":
            raise InvalidError(f"--{name} is empty")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        return "operator"


def _plain(ticket: Ticket) -> dict[str, Any]:
    names = [name for name in Ticket.__dataclass_fields__ if name != "entries"]
    return {name: getattr(ticket, name) for name in names}


def _cells(ticket: Ticket) -> list[object]:
    return [
        ticket.number,
        ticket.status,
        ticket.priority,
        ticket.topic,
        shortened(ticket.title),
        ticket.assignee,
        ticket.updated_at,
    ]


def _show(ticket: Ticket, *, as_json: bool) -> None:
    if as_json:
        print_json(ticket)
        return
    facts = [(name, value) for name, value in _plain(ticket).items() if name not in _SAID]
    print_table(f"{ticket.number}  {ticket.title}", ("", ""), facts)
    if ticket.description:
        console().print(visible(ticket.description), soft_wrap=True)
    rows = [_history(entry) for entry in ticket.entries]
    print_table("History", ("at", "who", "what", "customer sees it"), rows)


_SAID = {"id", "number", "title", "description"}


def _history(entry: Entry) -> list[object]:
    who = f"{entry.author} {entry.author_name}" if entry.author_name else entry.author
    moved = (
        f"{entry.kind}: {entry.old or '-'} -> {entry.new or '-'}"
        if entry.old or entry.new
        else entry.kind
    )
    return [entry.created_at, who, entry.text or moved, "yes" if entry.public else "no"]
