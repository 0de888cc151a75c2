"""``frontdesk tickets``: what somebody has to settle."""

import getpass
from typing import Annotated, Any

import typer

from app import secret_key
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
from desk.tickets.links import TicketLinks
from desk.tickets.listing import ALL_ACTIVE, ANY, Sort, Wanted
from desk.tickets.merging import TicketMerge, TicketMerging
from desk.tickets.model import Entry, Ticket, TicketPriority, TicketStatus, TicketTopic

app = typer.Typer(help="What somebody has to settle.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The ticket, such as T-000123.")]
Status = Annotated[str | None, typer.Option(help=f"One of: {', '.join(TicketStatus)}.")]
By = Annotated[str | None, typer.Option(help="Your name in the history; your login otherwise.")]
Topic = Annotated[str | None, typer.Option(help=f"One of: {', '.join(TicketTopic)}.")]
Priority = Annotated[str | None, typer.Option(help=f"One of: {', '.join(TicketPriority)}.")]


@app.command("list", epilog="Example: frontdesk tickets list --status active --assignee Mo")
def list_(
    status: Annotated[
        str | None, typer.Option(help=f"One of: {', '.join([ANY, ALL_ACTIVE, *TicketStatus])}.")
    ] = None,
    topic: Topic = None,
    priority: Priority = None,
    assignee: Annotated[str | None, typer.Option(help='A name; "-" for nobody.')] = None,
    team: Annotated[str | None, typer.Option(help='A team; "-" for none.')] = None,
    tag: Annotated[str | None, typer.Option(help="A tag.")] = None,
    channel: Annotated[str | None, typer.Option(help="A channel.")] = None,
    sort: Annotated[str, typer.Option(help=f"One of: {', '.join(Sort)}.")] = Sort.NEWEST,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List tickets."""
    asked = {
        "status": status, "topic": topic, "priority": priority, "assignee": assignee, "team": team, "tag": tag,
        "channel": channel,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value}

    async def work(opened: Opened) -> tuple[Ticket, ...]:
        wanted = Wanted.read({**given, "sort": sort}, status=ANY)
        found: list[Ticket] = []
        after = ""
        while len(found) < limit:
            page = await opened.tickets.find(wanted, after=after, limit=limit - len(found))
            found += page.tickets
            after = page.next
            if not after:
                break
        return tuple(found)

    found = run(work)
    if as_json:
        print_json([_plain(ticket) for ticket in found])
    elif not found:
        say("No ticket is like that." if given else "There are no tickets yet.")
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
    topic: Topic = None,
    team: Annotated[str | None, typer.Option(help='Whose matter it is; "" for no team.')] = None,
    tags: Annotated[
        str | None, typer.Option(help='All its tags, with commas between; "" for none.')
    ] = None,
    why: Annotated[str | None, typer.Option(help="Why, for the history.")] = None,
    comment: Annotated[str | None, typer.Option(help="Words to add to the history.")] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="The customer never sees the comment.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change a ticket, or comment on it; the customer gets a comment that is not --internal."""

    async def work(opened: Opened) -> Ticket:
        changes = {
            "status": status, "priority": priority, "assignee": assignee, "topic": topic, "team": team, "tags": tags,
        }  # fmt: skip
        _check(changes, comment)
        who, tickets = by or _login(), opened.tickets
        listed = tags.split(",") if tags is not None else None
        plain: dict[str, Any] = {name: value for name, value in changes.items() if name != "tags"}
        # The change may be refused, the comment may not: so nothing is done by halves.
        changed = await tickets.set(number=number, **plain, tags=listed, by=who, why=why)
        if comment is not None:
            return await tickets.comment(
                number=number, text=comment, author="agent", author_name=who, public=not internal
            )
        return changed

    _show(run(work), as_json=as_json)


@app.command(epilog="Example: frontdesk tickets merge T-000124 --into T-000123")
def merge(
    number: Number,
    into: Annotated[str, typer.Option(help="The ticket that stays.")],
    why: Annotated[str | None, typer.Option(help="Why, for your colleagues.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Make a ticket a part of another one of the same customer."""

    async def work(opened: Opened) -> TicketMerge:
        merging = TicketMerging(opened.database, opened.clock)
        return await merging.merge(number=number, into=into, by=by or _login(), why=why)

    done = run(work)
    if as_json:
        print_json(done)
    else:
        say(
            f"{done.other} is part of {done.kept}. To undo it: frontdesk tickets unmerge {done.id}"
        )


@app.command(epilog="Example: frontdesk tickets unmerge 7")
def unmerge(
    merge_id: Annotated[int, typer.Argument(metavar="MERGE", help="What merge has said.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take a merge back."""

    async def work(opened: Opened) -> TicketMerge:
        return await TicketMerging(opened.database, opened.clock).undo(merge_id, by=by or _login())

    done = run(work)
    if as_json:
        print_json(done)
    else:
        say(f"{done.other} is a ticket of its own again.")


@app.command(epilog="Example: frontdesk tickets link T-000123")
def link(number: Number, as_json: AsJson = False) -> None:
    """Print the address of the page on which the customer sees this ticket; it is good for 30 days."""

    async def work(opened: Opened) -> str:
        settings = opened.settings
        if settings.public_url is None:
            raise InvalidError(
                "FRONTDESK_PUBLIC_URL is not set: customers could not reach the page"
            )
        secret = secret_key.known(settings)
        if not secret:
            raise InvalidError(
                "there is no key to sign links with; start the desk once: frontdesk up"
            )
        links = TicketLinks(secret, public_url=settings.public_url, clock=opened.clock)
        ticket = await opened.tickets.get(number=number)
        return links.url(ticket.id) or ""

    address = run(work)
    if as_json:
        print_json({"number": number, "url": address})
    else:
        say(address)


def _check(changes: dict[str, str | None], comment: str | None) -> None:
    if comment is None and all(value is None for value in changes.values()):
        raise InvalidError(
            "nothing to change: give --status, --priority, --assignee, --topic, --team, --tags or --comment"
        )
    if comment is not None and not comment.strip():
        raise InvalidError("--comment is empty; write something")
    for name in ("status", "priority", "topic"):
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
