"""``frontdesk audit``: whether the record of what was done is as it was written."""

from typing import Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, say
from desk.access.audit import Audit, Verdict
from desk.errors import InvalidError

app = typer.Typer(help="The record of what was seen and done.", no_args_is_help=True)


@app.command(epilog="Example: frontdesk audit verify --seal 1200:4be1...")
def verify(
    seal: Annotated[
        str | None,
        typer.Option(help="NUMBER:HASH that an earlier run printed and you kept elsewhere."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look whether a row was changed, removed or reordered; exit code 1 if so.

    Keep the seal that is printed where nobody who has the database can change it: with it even a record that was
    written anew is noticed.
    """

    async def work(opened: Opened) -> Verdict:
        return await Audit(opened.database, opened.clock).verify(seal=_seal(seal))

    found = run(work)
    if as_json:
        print_json(found)
    elif found.broken is None:
        say(f"{found.rows} rows are as they were written. Seal: {found.rows}:{found.head}")
    else:
        say(f"The record is broken at row {found.broken}: {found.why}.")
    if found.broken is not None:
        raise typer.Exit(1)


def _seal(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.strip().partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise InvalidError("--seal is NUMBER:HASH, as an earlier run printed it")
    return int(number), digest
