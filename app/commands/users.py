"""``frontdesk users``: who signs in to the console."""

import getpass
from typing import Annotated, Any

import typer

from app import access, secret_key
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from desk.access import repository
from desk.access.policy import Principal, Role
from desk.access.users import Users, Wanted
from desk.errors import NotFoundError, SettingsError
from desk.tables.access import UserRow
from desk.tickets.words import one_of

app = typer.Typer(help="Who signs in to the console.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The address of the user.")]
_ROLES = ", ".join(Role)
_SHOWN = ("id", "name", "email", "role", "team", "created_at", "signed_in_at", "disabled_at")


@app.command("list", epilog="Example: frontdesk users list")
def list_(as_json: AsJson = False) -> None:
    """List users by name, those who are disabled last."""

    async def work(opened: Opened) -> list[dict[str, Any]]:
        async with opened.database.read() as session:
            return [_plain(row) for row in await repository.every(session)]

    rows = run(work)
    if as_json:
        print_json(rows)
    elif not rows:
        say("There are no users yet; add one with: frontdesk users add")
    else:
        columns = ("name", "e-mail", "role", "team", "last signed in", "disabled", "second step")
        names = ("name", "email", "role", "team", "signed_in_at", "disabled_at", "second_step")
        print_table("Users", columns, [[row[name] for name in names] for row in rows])


@app.command(epilog="Example: frontdesk users add Kim kim@example.com --role agent --team refunds")
def add(
    name: Annotated[str, typer.Argument(help="The name customers see; it is unique.")],
    email: Email,
    role: Annotated[str, typer.Option(help=f"One of: {_ROLES}.")] = Role.AGENT,
    team: Annotated[str | None, typer.Option(help="Their team.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a user and print the link by which they choose a password. It works once, for seven days."""

    async def work(opened: Opened) -> tuple[UserRow, str]:
        row, link = await _users(opened).invite(
            by=_operator(), name=name, email=email, role=one_of(Role, role), team=team
        )
        return row, _address(opened, link)

    _print_link(*run(work), as_json=as_json)


@app.command("set-role", epilog="Example: frontdesk users set-role kim@example.com manager")
def set_role(
    email: Email,
    role: Annotated[str, typer.Argument(help=f"One of: {_ROLES}.")],
    as_json: AsJson = False,
) -> None:
    """Give a user another role; it signs them out."""

    async def work(opened: Opened) -> UserRow:
        users, wanted = _users(opened), Wanted(role=one_of(Role, role))
        return await users.change(await _id(users, email), wanted, by=_operator())

    row = run(work)
    _print(row, f"{row.name} is now: {row.role}.", as_json=as_json)


@app.command(epilog="Example: frontdesk users disable kim@example.com")
def disable(email: Email, as_json: AsJson = False) -> None:
    """Let a user in no more; their conversations go back to the queue."""

    async def work(opened: Opened) -> UserRow:
        users = _users(opened)
        return await users.disable(await _id(users, email), by=_operator())

    row = run(work)
    _print(row, f"{row.name} cannot sign in any more.", as_json=as_json)


@app.command(epilog="Example: frontdesk users enable kim@example.com")
def enable(email: Email, as_json: AsJson = False) -> None:
    """Let a user who was disabled in again."""

    async def work(opened: Opened) -> UserRow:
        users = _users(opened)
        return await users.enable(await _id(users, email), by=_operator())

    row = run(work)
    _print(row, f"{row.name} can sign in again.", as_json=as_json)


@app.command(epilog="Example: frontdesk users reset kim@example.com --second-step")
def reset(
    email: Email,
    second_step: Annotated[
        bool, typer.Option("--second-step", help="Stop asking for a code as well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a new link by which a user chooses a password; earlier links are void."""

    async def work(opened: Opened) -> tuple[UserRow, str]:
        users = _users(opened)
        id_ = await _id(users, email)
        if second_step:
            await users.drop_second_step(id_, by=_operator())
        link = await users.link(id_, by=_operator())
        return await users.get(id_), _address(opened, link)

    _print_link(*run(work), as_json=as_json)


def _users(opened: Opened) -> Users:
    secret = secret_key.known(opened.settings)
    if not secret:
        raise SettingsError(
            "there is no secret key yet: set FRONTDESK_SECRET_KEY, or start frontdesk up once"
        )
    return access.build(
        opened.settings,
        secret=secret,
        database=opened.database,
        clock=opened.clock,
        handoff=opened.handoff(),
        tickets=opened.tickets,
    ).users


async def _id(users: Users, email: str) -> str:
    row = await users.find(email)
    if row is None:
        raise NotFoundError(f"there is no user {email}")
    return row.id


def _operator() -> Principal:
    """Return who runs the command: whoever may read the secret key may do everything."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        name = "operator"
    return Principal(id="command", name=f"{name} (command line)", role=Role.ADMIN)


def _address(opened: Opened, link: str) -> str:
    settings = opened.settings
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base.rstrip('/')}/console/welcome/{link}"


def _print_link(row: UserRow, link: str, *, as_json: bool) -> None:
    if as_json:
        print_json({**_plain(row), "link": link})
    else:
        say(f"{row.name} chooses a password here, once:\n{link}")


def _print(row: UserRow, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(row))
    else:
        say(words)


def _plain(row: UserRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SHOWN} | {"second_step": bool(row.totp_at)}
