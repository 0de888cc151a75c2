"""``frontdesk campaigns confirm-restore``."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, say
from app.commands.tickets import _login

if TYPE_CHECKING:
    from analytics.campaigns.restoring import Confirmed

_ASK = (
    "Whoever was due by now may have got their message already: they are marked unknown and not written to."
    " Let campaigns go on?"
)
_ASK_MOVED = "Nobody has got a message that this database does not know of. Let campaigns go on?"


def confirm_restore(
    not_a_copy: Annotated[
        bool,
        typer.Option(
            "--not-a-copy",
            help="It was moved here and nothing else has sent from it: everybody who waits is written to.",
        ),
    ] = False,
    by: Annotated[str | None, typer.Option(help="Your name in the record.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let campaigns go on after the database was restored from a backup, or started on another machine."""
    if not yes:
        typer.confirm(_ASK_MOVED if not_a_copy else _ASK, abort=True)

    async def work(opened: Opened) -> "Confirmed":
        # As with all of campaigns: no other command should wait for its arithmetic.
        from analytics.campaigns import restoring  # noqa: PLC0415
        from analytics.campaigns.marks import FOLDER, Marks  # noqa: PLC0415

        marks = Marks(opened.settings.data_dir / FOLDER)
        try:
            return await restoring.confirm(
                opened.database, marks, opened.clock(), by=by or _login(), is_copy=not not_a_copy
            )
        finally:
            marks.close()

    found = run(work)
    if as_json:
        print_json({"unknown": found.unknown, "campaigns": list(found.campaigns)})
        return
    names = ", ".join(found.campaigns) or "none was running"
    say(f"Campaigns go on: {names}. {found.unknown} people are unknown.")
