"""``frontdesk inbox``: messages that were received."""

from typing import Annotated, Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say, shortened
from app.commands.replay import AllDead, MessageId, replay, tell
from desk.inbox.dead_letters import InboxDeadLetters
from desk.tables.inbox import InboxRow, InboxState
from desk.tickets.words import one_of

app = typer.Typer(help="Messages that were received.", no_args_is_help=True)

State = Annotated[str | None, typer.Option(help=f"Only these: {', '.join(InboxState)}.")]


@app.command("list", epilog="Example: frontdesk inbox list --state dead")
def list_(state: State = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List received messages, newest first."""

    async def work(opened: Opened) -> list[dict[str, Any]]:
        wanted = one_of(InboxState, state) if state else None
        queue = InboxDeadLetters(opened.database, opened.clock)
        return [_plain(row) for row in await queue.list(state=wanted, limit=limit)]

    rows = run(work)
    if as_json:
        print_json(rows)
    elif not rows:
        say(f"No message is {state}." if state else "The inbox is empty.")
    else:
        columns = ("id", "channel", "thread", "state", "failures", "received", "text", "error")
        print_table("Inbox", columns, [_cells(row) for row in rows])


@app.command("replay", epilog="Example: frontdesk inbox replay 42")
def replay_(
    message_id: MessageId = None, all_dead: AllDead = False, as_json: AsJson = False
) -> None:
    """Let a dead message, or all of them, be worked on again."""

    async def work(opened: Opened) -> int:
        queue = InboxDeadLetters(opened.database, opened.clock)
        return await replay(queue, message_id, all_dead)

    tell(run(work), as_json=as_json)


def _plain(row: InboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "account": row.account,
        "thread": row.thread,
        "external_id": row.external_id,
        "state": row.state,
        "attempts": row.attempts,
        "failures": row.failures,
        "received_at": row.received_at,
        "not_before": row.not_before,
        "done_at": row.done_at,
        "last_error": row.last_error,
        "text": row.payload.get("text") or "",
    }


def _cells(row: dict[str, Any]) -> list[object]:
    names = ("id", "channel", "thread", "state", "failures", "received_at")
    return [*(row[name] for name in names), shortened(row["text"], 40), row["last_error"]]
