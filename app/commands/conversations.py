"""``frontdesk conversations``: who waits, what was said, and answering from the command line."""

from dataclasses import asdict
from typing import Annotated

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
from desk.conversations.desk_model import Line, Said, Talk
from desk.conversations.desk_view import DeskView
from desk.errors import InvalidError
from desk.tables.conversation import Direction, Owner

app = typer.Typer(help="Who waits, what was said, and answering.", no_args_is_help=True)

_IN_ORDER = (Owner.WAITING, Owner.HUMAN, Owner.BOT, Owner.CLOSED)
_MESSAGES = 200
_SAID = {"id", "last_text", "last_author"}

Id = Annotated[str, typer.Argument(metavar="ID", help="The conversation's id.")]
Agent = Annotated[str, typer.Option("--agent", help="Your name, as the customer sees it.")]


@app.command("list", epilog="Example: frontdesk conversations list --waiting")
def list_(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those who wait for a person.")
    ] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List conversations: the longest waiting first, then those of agents, the bot's and closed ones, newest first."""

    async def work(opened: Opened) -> list[Line]:
        owners = _IN_ORDER[:1] if waiting else _IN_ORDER
        inbox = await DeskView(opened.database).inbox(dict.fromkeys(owners, limit))
        return [line for owner in owners for line in inbox.lines[owner]][:limit]

    lines = run(work)
    if as_json:
        print_json(lines)
    elif not lines:
        say("Nobody is waiting." if waiting else "There are no conversations yet.")
    else:
        columns = ("id", "contact", "channel", "owner", "agent", "waiting since", "last words")
        print_table("Conversations", columns, [_cells(line) for line in lines])


@app.command(epilog="Example: frontdesk conversations show 0198c0de0a7f3b52c1d94e60f1a2b3c4")
def show(id_: Id, as_json: AsJson = False) -> None:
    """Show a conversation with its last 200 messages, notes included."""

    async def work(opened: Opened) -> Talk:
        return await DeskView(opened.database).talk(id_, limit=_MESSAGES)

    talk = run(work)
    if as_json:
        print_json(talk)
        return
    facts = [(name, value) for name, value in asdict(talk.line).items() if name not in _SAID]
    print_table(f"Conversation {talk.line.id}", ("", ""), facts)
    if talk.tickets:
        rows = [(t.number, t.status, t.priority, shortened(t.title)) for t in talk.tickets]
        print_table("Open tickets", ("number", "status", "priority", "title"), rows)
    if talk.has_more:
        say(f"Only the last {_MESSAGES} messages:")
    for said in talk.said:
        console().print(visible(_said(said)), soft_wrap=True)


@app.command(
    epilog="Example: frontdesk conversations take 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim"
)
def take(id_: Id, agent: Agent, as_json: AsJson = False) -> None:
    """Take a conversation over: when this returns, no message of the bot goes out any more."""

    async def work(opened: Opened) -> int:
        return await opened.handoff().take_over(id_, agent=_name(agent))

    epoch = run(work)
    _done(f"{agent} has conversation {id_}.", as_json, id=id_, owner="human", epoch=epoch)


@app.command(
    epilog='Example: frontdesk conversations reply 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim "On its way"'
)
def reply(
    id_: Id,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the customer gets to read.")],
    agent: Agent,
    as_json: AsJson = False,
) -> None:
    """Answer the customer of a conversation that you have taken."""

    async def work(opened: Opened) -> int:
        return await opened.handoff().reply(id_, agent=_name(agent), text=text)

    message_id = run(work)
    _done(f"Message {message_id} is on its way.", as_json, id=id_, message_id=message_id)


@app.command(
    epilog="Example: frontdesk conversations release 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim"
)
def release(id_: Id, agent: Agent, as_json: AsJson = False) -> None:
    """Give a conversation back to the bot."""

    async def work(opened: Opened) -> None:
        await opened.handoff().release(id_, agent=_name(agent))

    run(work)
    _done(f"The bot has conversation {id_}.", as_json, id=id_, owner="bot")


@app.command(
    epilog="Example: frontdesk conversations resolve 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim"
)
def resolve(id_: Id, agent: Agent, as_json: AsJson = False) -> None:
    """Close a conversation as solved; the customer's next message opens it again."""

    async def work(opened: Opened) -> None:
        await opened.handoff().resolve(id_, agent=_name(agent))

    run(work)
    _done(f"Conversation {id_} is closed.", as_json, id=id_, owner="closed")


def _name(agent: str) -> str:
    name = " ".join(agent.split())
    if not name or len(name) > 128:
        raise InvalidError("--agent: give a name of 1 to 128 characters")
    return name


def _done(sentence: str, as_json: bool, **data: object) -> None:
    if as_json:
        print_json(data)
    else:
        say(sentence)


def _cells(line: Line) -> list[object]:
    return [
        line.id,
        line.name or shortened(line.thread, 20),
        line.channel,
        line.owner,
        line.agent,
        line.waiting_since,
        shortened(line.last_text, 40),
    ]


def _said(said: Said) -> str:
    who = f"{said.author} {said.author_name}" if said.author_name else str(said.author)
    note = " (note)" if said.direction is Direction.NOTE else ""
    files = "".join(f"\n  [file: {file.name}]" for file in said.files)
    return f"{said.created_at:%Y-%m-%d %H:%M} {who}{note}: {said.text}{files}"
