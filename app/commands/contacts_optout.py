"""``frontdesk contacts suppress | unsuppress | suppressions``: to whom nothing is sent unasked."""

from typing import Annotated

import typer

from app import secret_key
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from app.commands.tickets import _login
from desk.contacts.service import Contacts
from desk.contacts.suppressing import Suppression, Suppressions, Word
from desk.errors import SettingsError
from desk.tables.suppression import SuppressionReason

Reference = Annotated[str, typer.Argument(metavar="ID|EMAIL", help="A contact.")]
Channel = Annotated[str | None, typer.Option(help="Only on this channel; everywhere otherwise.")]
Why = Annotated[str, typer.Option(help="The reason, for whoever wonders later.")]
By = Annotated[str | None, typer.Option(help="Your name in the record; your login otherwise.")]
_BY_COMMAND = (SuppressionReason.BY_AGENT, SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED)


def suppress(
    contact: Reference,
    why: Why,
    channel: Channel = None,
    reason: Annotated[
        SuppressionReason, typer.Option(help="by_agent, bounced or complained.")
    ] = SuppressionReason.BY_AGENT,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Send a contact nothing unasked any more. Replies, and what belongs to an order, still reach them.

    What a contact says themselves (STOP, a link) needs no command.
    """
    if reason not in _BY_COMMAND:
        raise typer.BadParameter("that is a contact's own word", param_hint="--reason")

    async def work(opened: Opened) -> bool:
        whose = (await Contacts(opened.database).find(contact)).id
        word = Word(contact_id=whose, reason=reason, by=by or _login(), channel=channel, note=why)
        return await _suppressions(opened).suppress(word)

    new = run(work)
    if as_json:
        print_json({"suppressed": new})
    else:
        say("Suppressed." if new else "That stands already.")


def unsuppress(
    contact: Reference,
    why: Why,
    channel: Channel = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Lift what stands against messages to a contact. Their consent is another matter: it is theirs to give."""

    async def work(opened: Opened) -> int:
        whose = (await Contacts(opened.database).find(contact)).id
        return await _suppressions(opened).lift(
            whose, channel=channel, by=by or _login(), note=why
        )

    lifted = run(work)
    if as_json:
        print_json({"lifted": lifted})
    else:
        say("Lifted.")


def suppressions(contact: Reference, as_json: AsJson = False) -> None:
    """List what stands against messages to a contact, and what was lifted."""

    async def work(opened: Opened) -> tuple[Suppression, ...]:
        whose = (await Contacts(opened.database).find(contact)).id
        return await _suppressions(opened).of(whose)

    found = run(work)
    if as_json:
        print_json(found)
    elif not found:
        say("Nothing is suppressed for them.")
    else:
        columns = ("channel", "reason", "why", "by", "since", "lifted", "lifted by")
        rows = [
            (s.channel or "all", s.reason, s.note, s.by, s.created_at, s.lifted_at, s.lifted_by)
            for s in found
        ]
        print_table("Suppressions", columns, rows)


def _suppressions(opened: Opened) -> Suppressions:
    secret = secret_key.known(opened.settings)
    if not secret:
        raise SettingsError(
            "there is no secret key yet: set FRONTDESK_SECRET_KEY, or start frontdesk up once"
        )
    return Suppressions(opened.database, opened.clock, secret)


def register(app: typer.Typer) -> None:
    """Add the commands to those about contacts."""
    example = "Example: frontdesk contacts"
    app.command(epilog=f'{example} suppress a.customer@example.com --why "asked by letter"')(
        suppress
    )
    app.command(epilog=f'{example} unsuppress a.customer@example.com --why "asked on the phone"')(
        unsuppress
    )
    app.command(epilog=f"{example} suppressions a.customer@example.com")(suppressions)
