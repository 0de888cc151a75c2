"""``frontdesk contacts``: people we know."""

from datetime import UTC
from typing import Annotated

import typer

from app import intake
from app.commands import file_import
from app.commands.file_import import DryRun, Encoding, File
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from app.intake import Outcome
from desk.contacts.service import Contacts, Profile

app = typer.Typer(help="People we know.", no_args_is_help=True)


@app.command("import", epilog="Example: frontdesk contacts import people.csv")
def import_(
    path: File,
    encoding: Encoding = "utf-8-sig",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import contacts from the columns name, email, phone and language (en, zh).

    A contact is known by the e-mail, or without one by the phone: the same file again changes nothing.

    The exit code is 1 when rows were rejected; the others are imported.
    """

    async def work(opened: Opened) -> Outcome:
        return await file_import.read_in(
            opened, intake.CONTACTS, path, encoding=encoding, zone=UTC, dry_run=dry_run
        )

    file_import.show(run(work), path, as_json=as_json, dry_run=dry_run)


@app.command(epilog="Example: frontdesk contacts show a.customer@example.com")
def show(
    reference: Annotated[
        str, typer.Argument(metavar="ID|EMAIL", help="The contact's id or e-mail address.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show a contact with their handles on channels and their conversations."""

    async def work(opened: Opened) -> Profile:
        return await Contacts(opened.database).find(reference)

    profile = run(work)
    if as_json:
        print_json(profile)
        return
    names = [n for n in Profile.__dataclass_fields__ if n not in ("identities", "conversations")]
    print_table("Contact", ("", ""), [(name, getattr(profile, name)) for name in names])
    if profile.identities:
        handles = [(h.channel, h.account, h.external_id, h.created_at) for h in profile.identities]
        print_table("Handles", ("channel", "account", "external id", "since"), handles)
    else:
        say("They have not written on any channel yet.")
    if profile.conversations:
        talks = [
            (t.id, t.channel, t.owner, t.language, t.updated_at) for t in profile.conversations
        ]
        print_table("Conversations", ("id", "channel", "owner", "language", "last change"), talks)
