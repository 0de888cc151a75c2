"""``frontdesk conversations``: who waits, what was said, and answering from the command line."""

from typing import Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, console, print_json, print_table, say, visible
from desk.conversations.overview import Line, Overview, Talk
from desk.errors import InvalidError
from desk.tables.conversation import Direction

app = typer.Typer(help="Who waits, what was said, and answering.", no_args_is_help=True)

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
    """List conversations: the longest waiting first, then the newest."""

    async def work(opened: Opened) -> tuple[Talk, ...]:
        return await Overview(opened.database).list(waiting=waiting, limit=limit)

    talks = run(work)
    if as_json:
        print_json([_plain(talk) for talk in talks])
    elif not talks:
        say("Nobody is waiting." if waiting else "There are no conversations yet.")
    else:
        columns = ("id", "contact", "channel", "owner", "agent", "waiting since", "last change")
        print_table("Conversations", columns, [_cells(talk) for talk in talks])


@app.command(epilog="Example: frontdesk conversations show 0198c0de0a7f3b52c1d94e60f1a2b3c4")
def show(id_: Id, as_json: AsJson = False) -> None:
    """Show a conversation with its last 200 messages, notes included."""

    async def work(opened: Opened) -> Talk:
        return await Overview(opened.database).read(id_)

    talk = run(work)
    if as_json:
        print_json(talk)
        return
    facts = [(name, value) for name, value in _plain(talk).items() if name != "id"]
    print_table(f"Conversation {talk.id}", ("", ""), facts)
    if not talk.lines:
        say("Nothing was said yet.")
    for line in talk.lines:
        console().print(visible(_said(line)), soft_wrap=True)


@app.command(epilog="Example: frontdesk conversations take 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim")
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


@app.command(epilog="Example: frontdesk conversations release 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim")
def release(id_: Id, agent: Agent, as_json: AsJson = False) -> None:
    """Give a conversation back to the bot."""

    async def work(opened: Opened) -> None:
        await opened.handoff().release(id_, agent=_name(agent))

    run(work)
    _done(f"The bot has conversation {id_}.", as_json, id=id_, owner="bot")


@app.command(epilog="Example: frontdesk conversations resolve 0198c0de0a7f3b52c1d94e60f1a2b3c4 --agent Kim")
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


def _plain(talk: Talk) -> dict[str, object]:
    names = [name for name in Talk.__dataclass_fields__ if name != "lines"]
    return {name: getattr(talk, name) for name in names}


def _cells(talk: Talk) -> list[object]:
    return [
        talk.id,
        talk.contact_name or talk.contact_id,
        talk.channel,
        talk.owner,
        talk.agent,
        talk.waiting_since,
        talk.updated_at,
    ]


def _said(line: Line) -> str:
    who = f"{line.author} {line.author_name}" if line.author_name else str(line.author)
    note = " (note)" if line.direction is Direction.NOTE else ""
    files = "".join(f"\n  [file: {name}]" for name in line.attachments)
    return f"{line.created_at:%Y-%m-%d %H:%M} {who}{note}: {line.text}{files}"
