"""``frontdesk outbox``: messages to be sent."""

from typing import Annotated, Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say
from app.commands.replay import AllDead, MessageId, replay, tell
from desk.outbox.dead_letters import OutboxDeadLetters
from desk.tables.outbox import OutboxRow, OutboxState
from desk.tickets.words import one_of

app = typer.Typer(help="Messages to be sent.", no_args_is_help=True)

State = Annotated[str | None, typer.Option(help=f"Only these: {', '.join(OutboxState)}.")]


@app.command("list", epilog="Example: frontdesk outbox list --state dead")
def list_(state: State = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List messages to be sent, newest first."""

    async def work(opened: Opened) -> list[dict[str, Any]]:
        wanted = one_of(OutboxState, state) if state else None
        queue = OutboxDeadLetters(opened.database, opened.clock)
        return [_plain(row) for row in await queue.list(state=wanted, limit=limit)]

    rows = run(work)
    if as_json:
        print_json(rows)
    elif not rows:
        say(f"No message is {state}." if state else "The outbox is empty.")
    else:
        columns = ("id", "channel", "conversation", "state", "attempts", "queued", "sent", "error")
        print_table("Outbox", columns, [_cells(row) for row in rows])


@app.command("replay", epilog="Example: frontdesk outbox replay --all-dead")
def replay_(
    message_id: MessageId = None, all_dead: AllDead = False, as_json: AsJson = False
) -> None:
    """Send a dead, failed or unknown message, or all dead ones, again."""

    async def work(opened: Opened) -> int:
        queue = OutboxDeadLetters(opened.database, opened.clock)
        return await replay(queue, message_id, all_dead)

    tell(run(work), as_json=as_json)


def _plain(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "account": row.account,
        "thread": row.thread,
        "conversation_id": row.conversation_id,
        "message_id": row.message_id,
        "external_id": row.external_id,
        "policy": row.policy,
        "state": row.state,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "not_before": row.not_before,
        "sent_at": row.sent_at,
        "last_error": row.last_error,
    }


def _cells(row: dict[str, Any]) -> list[object]:
    names = ("id", "channel", "conversation_id", "state", "attempts", "created_at", "sent_at")
    return [*(row[name] for name in names), row["last_error"]]
