"""``frontdesk up``: everything on one machine, from nothing, in one process with Rasa as its child."""

import asyncio
import secrets
import signal
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.status import Status

from app import migrate, rasa, serve
from app.processes import Process, loops
from app.rasa import RasaChild, RasaOptions
from app.serve import listen
from app.wiring import Desk, build
from desk.clock import now
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer
from desk.errors import SettingsError
from desk.inbox import repository as inbox
from desk.outbox import repository as outbox
from desk.settings import Settings
from desk.store.database import Database

_console = Console(stderr=True, highlight=False)


def run(settings: Settings, *, demo: bool) -> None:
    """Prepare what is missing, then run until Ctrl-C or SIGTERM."""
    migrate.upgrade(settings.database_url)
    _say("database", settings.database_url.rpartition("@")[2])
    model = prepare_rasa(settings)
    serve.run(_run(_with_secrets(settings), model, demo=demo))


def prepare_rasa(settings: Settings, *, force: bool = False) -> Path:
    """Install Rasa's environment and train when the data changed; progress goes to the terminal."""
    folder = settings.data_dir / "log"
    with _console.status("Installing Rasa's environment (a few minutes the first time)") as status:
        rasa.sync(folder / "sync.log", _tail(status, "Installing Rasa's environment"))
    _say("Rasa", "its own environment is ready")
    if rasa.model_path().exists() and not force:
        _say("assistant", "trained on the present data")
        return rasa.model_path()
    with _console.status("Training the assistant (a minute or two)") as status:
        model = rasa.train(folder / "train.log", _tail(status, "Training"), force=force)
    _say("assistant", "trained")
    return model


def _tail(status: Status, what: str) -> "rasa.Progress":
    def show(line: str) -> None:
        if line:
            status.update(f"{what}: {line[:80]}")

    return show


def _say(what: str, text: str) -> None:
    _console.print(f"  [bold]{what:<10}[/bold] {text}", soft_wrap=True)


def _with_secrets(settings: Settings) -> Settings:
    """Fill in what one machine can make for itself: the key is kept, tokens are fresh at each start."""
    return settings.model_copy(
        update={
            "secret_key": settings.secret_key or SecretStr(_kept_secret(settings.data_dir)),
            "console_token": settings.console_token or SecretStr(secrets.token_urlsafe(24)),
            "rasa_token": SecretStr(secrets.token_urlsafe(32)),
        }
    )


def _kept_secret(folder: Path) -> str:
    path = folder / "secret.key"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


async def _run(settings: Settings, model: Path, *, demo: bool) -> None:
    web_socket = listen(settings.host, settings.port)
    actions_socket = listen("127.0.0.1", 0)
    with listen("127.0.0.1", 0) as probe:
        rasa_port = probe.getsockname()[1]
    settings = settings.model_copy(update={"rasa_url": f"http://127.0.0.1:{rasa_port}"})
    desk = build(settings)
    await _recover(desk.database)
    if demo:
        await load_demo(Importer(desk.database), now())
        _say("shop", "demo data loaded; try order 10023 with ana@example.com")
    child = RasaChild(
        _options(settings, model, rasa_port, actions_socket.getsockname()[1]),
    )
    process = Process(desk)
    process.add_web(web_socket)
    process.add_actions(actions_socket)
    await process.run(
        loops(desk, web_=True, worker=True, clock=True),
        child.run,
        lambda: _announce(desk, web_socket.getsockname()[1]),
    )
    _say("stopped", "everything is saved")


async def _recover(database: Database) -> None:
    """On SQLite nobody else is at work: what a killed process had in hand goes back at once."""
    if database.is_sqlite:
        async with database.write() as session:
            await inbox.recover(session)
            await outbox.recover(session)


def _options(settings: Settings, model: Path, port: int, actions_port: int) -> RasaOptions:
    if settings.rasa_token is None:
        raise SettingsError("FRONTDESK_RASA_TOKEN: missing")
    log_file = settings.data_dir / "log" / "rasa.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    folder = settings.data_dir.resolve()
    return RasaOptions(
        model=model,
        port=port,
        token=settings.rasa_token.get_secret_value(),
        actions_url=f"http://127.0.0.1:{actions_port}/webhook",
        tracker_url=settings.tracker_url or f"sqlite:///{folder / 'trackers.sqlite'}",
        log_file=log_file,
    )


async def _announce(desk: Desk, port: int) -> None:
    """Print the addresses at once, and say when the assistant has woken up."""
    settings = desk.settings
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    base = settings.public_url or f"http://{host}:{port}"
    _say("chat", base)
    if settings.console_token is not None:
        _say("console", f"{base}/console?key={settings.console_token.get_secret_value()}")
    with _console.status("The assistant is waking up; messages are kept meanwhile"):
        while not await desk.dialogue.ready():  # noqa: ASYNC110
            await asyncio.sleep(0.5)  # Rasa has no way to call us when it is up
    _say("ready", "press Ctrl-C to stop")
    await asyncio.Event().wait()


async def rasa_alone(settings: Settings, port: int) -> None:
    """Run Rasa for a desk that runs elsewhere on this machine."""
    url = f"http://{settings.actions_host}:{settings.actions_port}/webhook"
    options = _options(settings, rasa.model_path(), port, settings.actions_port)
    task = asyncio.create_task(RasaChild(replace(options, actions_url=url)).run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    _say("Rasa", f"starting on 127.0.0.1:{port}, actions at {url}")
    await asyncio.gather(task, return_exceptions=True)
