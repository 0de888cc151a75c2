"""``frontdesk up``: everything on one machine, from nothing, in one process with Rasa as its children."""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.status import Status

from app import migrate, rasa, secret_key, serve
from app.analytics_loop import AnalyticsLoop
from app.fleet import RasaFleet
from app.platforms import check_settings
from app.processes import Process, loops
from app.rasa import RasaChild, RasaOptions
from app.serve import listen
from app.wiring import Desk, build
from desk.agentdesk import repository as agentdesk
from desk.clock import now
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer
from desk.dialogue.rasa import RasaDialogue
from desk.errors import SettingsError
from desk.inbox import repository as inbox
from desk.outbox import repository as outbox
from desk.settings import Settings
from desk.store.database import Database

_console = Console(stderr=True, highlight=False)
_YEARS = (sys.executable, "-m", "app", "shop", "demo")
"""The rest of the demo shop, in a process of its own: the assistant and its customers do not wait for it."""


def run(settings: Settings, *, demo: bool) -> None:
    """Prepare what is missing, then run until Ctrl-C or SIGTERM."""
    check_settings(settings)
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
    if rasa.is_whole(rasa.model_path()) and not force:
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
            "secret_key": SecretStr(secret_key.made(settings)),
            "console_token": settings.console_token or SecretStr(secrets.token_urlsafe(24)),
            # One that we make ourselves is there to make the first account with.
            "console_token_temporary": settings.console_token_temporary
            or settings.console_token is None,
            "rasa_token": SecretStr(secrets.token_urlsafe(32)),
        }
    )


async def _run(settings: Settings, model: Path, *, demo: bool) -> None:
    web_socket = listen(settings.host, settings.port)
    actions_socket = listen("127.0.0.1", 0)
    actions_url = f"http://127.0.0.1:{actions_socket.getsockname()[1]}/webhook"
    children = [
        RasaChild(_options(settings, model, number, port, actions_url))
        for number, port in enumerate(_free_ports(settings.rasa_processes), 1)
    ]
    urls = ",".join(child.options.url for child in children)
    settings = settings.model_copy(update={"rasa_url": urls})
    desk = build(settings)
    await _recover(desk.database)
    if demo:
        await load_demo(Importer(desk.database), now())
        _say("shop", "demo data loaded; try order 10023 with ana@example.com")
    process = Process(desk)
    process.add_web(web_socket)
    process.add_actions(actions_socket)
    await process.run(
        loops(desk, web_=True, worker=True, clock=True),
        lambda: _keep(settings, children),
        lambda: _announce(desk, web_socket.getsockname()[1], demo=demo),
    )
    _say("stopped", "everything is saved")


async def _recover(database: Database) -> None:
    """On SQLite nobody else is at work: what a killed process had in hand goes back at once."""
    if database.is_sqlite:
        async with database.write() as session:
            await inbox.recover(session)
            await outbox.recover(session)
            await agentdesk.recover(session)


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on; all are held until the last is found, so that they differ."""
    with ExitStack() as stack:
        probes = [stack.enter_context(listen("127.0.0.1", 0)) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def _options(
    settings: Settings, model: Path, number: int, port: int, actions_url: str
) -> RasaOptions:
    if settings.rasa_token is None:
        raise SettingsError("FRONTDESK_RASA_TOKEN: missing")
    name = "rasa.log" if number == 1 else f"rasa-{number}.log"
    log_file = settings.data_dir / "log" / name
    log_file.parent.mkdir(parents=True, exist_ok=True)
    folder = settings.data_dir.resolve()
    return RasaOptions(
        model=model,
        port=port,
        token=settings.rasa_token.get_secret_value(),
        actions_url=actions_url,
        tracker_url=settings.tracker_url or f"sqlite:///{folder / 'trackers.sqlite'}",
        log_file=log_file,
    )


async def _keep(settings: Settings, children: Sequence[RasaChild]) -> None:
    """Run Rasa's processes, and look by ourselves when they have loaded."""
    eyes = {
        child.options.port: RasaDialogue(
            url=child.options.url, token=child.options.token, clock=now
        )
        for child in children
    }

    async def is_ready(child: RasaChild) -> bool:
        return (await eyes[child.options.port].look()).ready

    try:
        await RasaFleet(children, is_ready, at_once=os.cpu_count() or 1).run()
    finally:
        for eye in eyes.values():
            await eye.close()


async def _announce(desk: Desk, port: int, *, demo: bool) -> None:
    """Print the addresses at once, and say when the assistant has woken up, and when the demo shop has its years."""
    settings = desk.settings
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    base = settings.public_url or f"http://{host}:{port}"
    _say("chat", base)
    _say("console", await _console_address(desk, base))
    with _console.status("The assistant is waking up; messages are kept meanwhile") as status:
        await _until_awake(desk, status)
    if demo and await AnalyticsLoop(settings, command=_YEARS).once():
        _say("shop", f"two years of customers and orders; look at {base}/console/insight")
    await asyncio.Event().wait()


async def _console_address(desk: Desk, base: str) -> str:
    """Return the way in: with the token while it opens the console."""
    token, door = desk.settings.console_token, desk.access.sessions.door
    if token is None or not door.is_open(has_admin=await desk.access.users.has_admin()):
        return f"{base}/console"
    return f"{base}/console?key={token.get_secret_value()}"


async def _until_awake(desk: Desk, status: Status) -> None:
    """Say when the first process answers, and when all do."""
    awake = 0
    while True:
        health = await desk.dialogue.health()
        ready = sum(one.ready for one in health)
        if awake == 0 < ready:
            _say("ready", "press Ctrl-C to stop")
        if ready > awake and len(health) > 1:
            _say("assistant", f"{ready} of {len(health)} processes are ready")
            status.update("The assistant works; more of its processes are waking up")
        awake = max(awake, ready)
        if awake == len(health):
            return
        await asyncio.sleep(0.5)  # Rasa has no way to call us when it is up


async def rasa_alone(settings: Settings, port: int) -> None:
    """Run Rasa for a desk that runs elsewhere on this machine: its processes on ports one after the other."""
    url = f"http://{settings.actions_host}:{settings.actions_port}/webhook"
    model = rasa.model_path()
    ports = range(port, port + settings.rasa_processes)
    children = [
        RasaChild(_options(settings, model, number, one, url))
        for number, one in enumerate(ports, 1)
    ]
    task = asyncio.create_task(_keep(settings, children))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    for child in children:
        _say("Rasa", f"starting at {child.options.url}, actions at {url}")
    await asyncio.gather(task, return_exceptions=True)
