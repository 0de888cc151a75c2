"""``frontdesk contacts``: people we know."""

import sys
from dataclasses import asdict
from datetime import UTC
from typing import Annotated

import typer

from analytics.insight.contact_between import Between
from app import intake
from app.commands import contacts_between, contacts_optout, file_import
from app.commands.file_import import DryRun, Encoding, File, Report
from app.commands.opened import Opened, one_line, run
from app.commands.output import AsJson, Limit, print_json, print_table, say
from app.commands.tickets import _login
from desk.contacts.merge_model import Merge, Preview
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts, Profile
from desk.errors import InvalidError
from desk.imports.report import ImportReport
from desk.tables.contact import MergeKind

app = typer.Typer(help="People we know.", no_args_is_help=True)
contacts_optout.register(app)


@app.command("import", epilog="Example: frontdesk contacts import people.csv")
def import_(
    path: File,
    encoding: Encoding = "utf-8-sig",
    dry_run: DryRun = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts: name, email, phone, language (en, zh), gender, born, country and city.

    Files are CSV, Parquet or JSON lines, by their ending. An import that was cut goes on where it was.

    A contact is known by the e-mail, or without one by the phone: the same file again changes nothing.

    The exit code is 1 when rows were rejected; the others are imported.
    """

    async def work(opened: Opened) -> ImportReport:
        return await file_import.read_in(
            opened,
            intake.CONTACTS,
            path,
            encoding=encoding,
            zone=UTC,
            dry_run=dry_run,
            report=report,
        )

    file_import.show(run(work), path, as_json=as_json, dry_run=dry_run)


@app.command(epilog="Example: frontdesk contacts show a.customer@example.com")
def show(
    reference: Annotated[
        str, typer.Argument(metavar="ID|EMAIL", help="The contact's id or e-mail address.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show a contact: handles, conversations, what was said and how soon, what is planned, what came of contacts."""

    async def work(opened: Opened) -> tuple[Profile, Between]:
        profile = await Contacts(opened.database).find(reference)
        return profile, await contacts_between.of(opened, profile.id)

    profile, found = run(work)
    if as_json:
        print_json(asdict(profile) | contacts_between.plain(found))
        return
    names = [n for n in Profile.__dataclass_fields__ if n not in ("identities", "conversations")]
    print_table("Contact", ("", ""), [(name, getattr(profile, name)) for name in names])
    if profile.identities:
        handles = [
            (h.id, h.channel, h.account, h.external_id, h.created_at, h.proven_at)
            for h in profile.identities
        ]
        columns = ("id", "channel", "account", "external id", "since", "proved")
        print_table("Handles", columns, handles)
    else:
        say("They have not written on any channel yet.")
    if profile.conversations:
        talks = [
            (t.id, t.channel, t.owner, t.language, t.updated_at) for t in profile.conversations
        ]
        print_table("Conversations", ("id", "channel", "owner", "language", "last change"), talks)
    contacts_between.show(found)


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed without a terminal.")]
By = Annotated[str | None, typer.Option(help="Your name in the record; your login otherwise.")]
Why = Annotated[str | None, typer.Option(help="Why, for whoever wonders later.")]
Reference = Annotated[str, typer.Argument(metavar="ID|EMAIL", help="A contact.")]


@app.command(
    epilog="Example: frontdesk contacts merge a.customer@example.com 0198f3c2a4b17d2e --yes"
)
def merge(
    keep: Annotated[str, typer.Argument(metavar="KEEP", help="Who stays: an id or e-mail.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Who becomes part of them.")],
    yes: Yes = False,
    preview_only: Annotated[
        bool, typer.Option("--preview", help="Only show what would move.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if they are two customers of the shop.")
    ] = False,
    by: By = None,
    why: Why = None,
    as_json: AsJson = False,
) -> None:
    """Make two contacts one: all handles, conversations and tickets of OTHER become KEEP's.

    It shows first what will move, and asks. "frontdesk contacts undo" takes it back.
    """

    async def look(opened: Opened) -> Preview:
        contacts, merging = Contacts(opened.database), _merging(opened)
        ids = [(await contacts.find(reference)).id for reference in (keep, other)]
        return await merging.preview(*ids)

    async def work(opened: Opened) -> Merge:
        who = by or _login()
        return await _merging(opened).merge(
            preview.kept_id, preview.other_id, by=who, why=why, forced=force
        )

    preview = run(look)
    if preview_only or not as_json:
        _show_preview(preview, as_json=as_json)
    if preview_only:
        return
    _agree("Merge them?", yes=yes)
    _show_merge(run(work), as_json=as_json)


@app.command(epilog="Example: frontdesk contacts split 0198f3c2a4b17d2e --yes")
def split(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help='Its id, as "contacts show" tells it.')
    ],
    yes: Yes = False,
    by: By = None,
    why: Why = None,
    as_json: AsJson = False,
) -> None:
    """Give a handle, with its conversations and their tickets, a contact of its own.

    "frontdesk contacts undo" takes it back.
    """

    async def work(opened: Opened) -> Merge:
        return await _merging(opened).split(handle, by=by or _login(), why=why)

    _agree("Split it off?", yes=yes)
    _show_merge(run(work), as_json=as_json)


@app.command(epilog="Example: frontdesk contacts undo 12 --yes")
def undo(
    number: Annotated[int, typer.Argument(help='Of the merge or split: see "contacts merges".')],
    yes: Yes = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take a merge or split back: everything goes where it was before.

    What came since to a handle that goes back goes with it; all else stays.
    """

    async def work(opened: Opened) -> Merge:
        return await _merging(opened).undo(number, by=by or _login())

    _agree(f"Undo {number}?", yes=yes)
    _show_merge(run(work), as_json=as_json)


@app.command(epilog="Example: frontdesk contacts merges --contact a.customer@example.com")
def merges(
    contact: Annotated[
        str | None, typer.Option(metavar="ID|EMAIL", help="Only with this contact.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List merges and splits, also those that were undone."""

    async def work(opened: Opened) -> tuple[Merge, ...]:
        id_ = (await Contacts(opened.database).find(contact)).id if contact else None
        return await _merging(opened).list(contact_id=id_, limit=limit)

    found = run(work)
    if as_json:
        print_json(found)
    elif not found:
        say("Nobody was merged or split.")
    else:
        columns = ("number", "kind", "kept", "other", "proof", "by", "at", "undone")
        rows = [
            (m.id, m.kind, m.kept_id, m.other_id, m.proof, m.by, m.made_at, m.undone_at)
            for m in found
        ]
        print_table("Merges", columns, rows)


def _merging(opened: Opened) -> Merging:
    return Merging(opened.database, opened.clock)


def _agree(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        with one_line():
            raise InvalidError("this changes who is who; add --yes")
    typer.confirm(question, abort=True)


def _show_preview(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        print_json(preview)
        return
    rows = [*preview.moves.items(), ("fills", ", ".join(preview.fills))]
    say(f"{preview.other_id} becomes part of {preview.kept_id}.")
    print_table("What moves", ("", ""), rows)
    if preview.two_customers:
        say("They have proved to be two different customers of the shop: this needs --force.")


def _show_merge(made: Merge, *, as_json: bool) -> None:
    if as_json:
        print_json(made)
    elif made.undone_at is not None:
        say(f"Undone: {made.kept_id} and {made.other_id} are as before.")
    else:
        into = made.kept_id if made.kind is MergeKind.MERGE else made.other_id
        moved = ", ".join(f"{name} {count}" for name, count in made.moved.items())
        say(f"Moved to {into}: {moved}. Undo it with: frontdesk contacts undo {made.id}")
