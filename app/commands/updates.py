"""``frontdesk updates``: what platforms said that could not be read."""

from typing import Annotated, Any

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say, shortened
from app.commands.replay import AllDead, MessageId, replay, tell
from desk.inbox.unread import UnreadUpdates
from desk.tables.channel import UnreadRow, UnreadState
from desk.tickets.words import one_of

app = typer.Typer(help="What platforms said that could not be read.", no_args_is_help=True)

State = Annotated[str | None, typer.Option(help=f"Only these: {', '.join(UnreadState)}.")]


@app.command("list", epilog="Example: frontdesk updates list --state dead")
def list_(state: State = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List updates that could not be read at first, newest first; --json shows them whole."""

    async def work(opened: Opened) -> list[dict[str, Any]]:
        wanted = one_of(UnreadState, state) if state else None
        updates = UnreadUpdates(opened.database, opened.clock)
        return [_plain(row) for row in await updates.list(state=wanted, limit=limit)]

    rows = run(work)
    if as_json:
        print_json(rows)
    elif not rows:
        say(f"No update is {state}." if state else "Every update could be read.")
    else:
        columns = ("id", "channel", "account", "state", "attempts", "received", "update", "error")
        print_table("Unread updates", columns, [_cells(row) for row in rows])


@app.command("replay", epilog="Example: frontdesk updates replay 7")
def replay_(
    update_id: MessageId = None, all_dead: AllDead = False, as_json: AsJson = False
) -> None:
    """Let a dead update, or all of them, be read again."""

    async def work(opened: Opened) -> int:
        updates = UnreadUpdates(opened.database, opened.clock)
        return await replay(updates, update_id, all_dead)

    tell(run(work), as_json=as_json, what="update")


def _plain(row: UnreadRow) -> dict[str, Any]:
    names = ("id", "channel", "account", "state", "attempts", "received_at", "not_before")
    return {name: getattr(row, name) for name in (*names, "done_at", "last_error", "raw")}


def _cells(row: dict[str, Any]) -> list[object]:
    names = ("id", "channel", "account", "state", "attempts", "received_at")
    return [*(row[name] for name in names), shortened(row["raw"], 60), row["last_error"]]
