"""The command line: ``frontdesk up`` and everything beside it."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from typer.exceptions import Abort, TyperException

from app import logs, migrate, rasa
from app.commands import SUB_APPS
from app.serve import run
from channels import registry
from desk import settings as settings_module
from desk.errors import FrontdeskError
from desk.settings import LogFormat, Settings

app = typer.Typer(
    help="Frontdesk, the open customer front desk.\n\nStart here: frontdesk up --demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _name, _sub in SUB_APPS.items():
    app.add_typer(_sub, name=_name)

_errors = Console(stderr=True, highlight=False)

Host = Annotated[str | None, typer.Option(help="Address to listen on (FRONTDESK_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on (FRONTDESK_PORT).")]
Processes = Annotated[
    int | None, typer.Option(help="How many Rasa processes (FRONTDESK_RASA_PROCESSES).")
]
Url = Annotated[str | None, typer.Option(help="Database (FRONTDESK_DATABASE_URL).")]


def _load(**overrides: object) -> Settings:
    loaded = settings_module.load(elsewhere=registry.PREFIXES, **overrides)
    logs.configure(loaded.log_format, loaded.log_level)
    return loaded


@app.command("up")
def up_command(
    host: Host = None,
    port: Port = None,
    database_url: Url = None,
    demo: Annotated[bool, typer.Option(help="Load a small believable shop.")] = False,
    rasa_processes: Processes = None,
) -> None:
    """Do everything: install Rasa's side, migrate, train, start, and stop cleanly on Ctrl-C.

    Example: frontdesk up --demo --port 8080
    """
    from app import up  # noqa: PLC0415 - as for _serve

    chosen = _load(host=host, port=port, database_url=database_url, rasa_processes=rasa_processes)
    up.run(chosen, demo=demo)


@app.command()
def web(host: Host = None, port: Port = None, database_url: Url = None) -> None:
    """Run a web process: chat, webhooks, console, health.

    Example: frontdesk web --host 0.0.0.0 --port 8080
    """
    chosen = _load(host=host, port=port, database_url=database_url)
    _serve(chosen, web=True)


@app.command()
def worker(database_url: Url = None) -> None:
    """Run a worker: answers what was received and sends what is to be sent.

    Example: frontdesk worker --database-url postgresql://localhost/frontdesk
    """
    _serve(_load(database_url=database_url), worker=True)


@app.command()
def clock(database_url: Url = None) -> None:
    """Run a clock: wakes what waits for a time. Several are harmless.

    Example: frontdesk clock
    """
    _serve(_load(database_url=database_url), clock=True)


@app.command()
def actions(database_url: Url = None) -> None:
    """Run an action server for Rasa (FRONTDESK_ACTIONS_HOST, FRONTDESK_ACTIONS_PORT).

    Example: FRONTDESK_ACTIONS_PORT=5055 frontdesk actions
    """
    _serve(_load(database_url=database_url), actions=True)


def _serve(chosen: Settings, **what: bool) -> None:
    # All of the application takes seconds to be imported; small commands and the help should not wait for it.
    from app.serving import serve  # noqa: PLC0415

    run(serve(chosen, **what))


@app.command("rasa")
def rasa_command(
    port: Annotated[
        int, typer.Option(help="Port on loopback; more processes take the next.")
    ] = 5005,
    processes: Processes = None,
) -> None:
    """Run Rasa alone, on loopback, with the model of the present training data.

    Example: frontdesk rasa --port 5005 --processes 2
    """
    from app import up  # noqa: PLC0415 - as for _serve

    chosen = _load(rasa_processes=processes)
    up.prepare_rasa(chosen)
    run(up.rasa_alone(chosen, port))


@app.command()
def train(
    force: Annotated[bool, typer.Option(help="Train even if nothing has changed.")] = False,
) -> None:
    """Train the assistant if its training data changed.

    Example: frontdesk train --force
    """
    from app import up  # noqa: PLC0415 - as for _serve

    model = up.prepare_rasa(_load(), force=force)
    typer.echo(f"The model is {model.relative_to(rasa.ROOT)}")


@app.command("migrate")
def migrate_command(database_url: Url = None) -> None:
    """Create the database or bring its schema up to date.

    Example: frontdesk migrate --database-url postgresql://localhost/frontdesk
    """
    chosen = _load(database_url=database_url)
    migrate.upgrade(chosen.database_url)
    typer.echo(f"The database is at revision {migrate.head()}")


def main() -> None:
    """Run the command line; wrong usage and our own errors become one line and exit code 2."""
    logs.configure(LogFormat.CONSOLE, "WARNING")  # until the settings are read: never to stdout
    try:
        code = app(standalone_mode=False)
    except Abort:
        code = 130
    except TyperException as error:
        code = _refuse(getattr(error, "format_message", error.__str__)())
    except FrontdeskError as error:
        code = _refuse(str(error))
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(line: str) -> int:
    # A command without its sub-command has printed its help already and has nothing more to say.
    if line:
        _errors.print(f"frontdesk: {line}", style="red", markup=False, soft_wrap=True)
    return 2
