"""A command's work on the database: no secret is needed for it, and what goes wrong is one line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from app import migrate
from app.platforms import platforms, slack_desk
from channels import registry
from channels.webchat.adapter import WebChat
from desk import clock as clocks
from desk import settings as settings_module
from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.rules import Rulebook
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.conversations.service import Conversations
from desk.errors import FrontdeskError, SettingsError
from desk.feedback.doors import Doors
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.outbox.shape import Shape
from desk.settings import Settings
from desk.signals import LocalSignals
from desk.store.database import Database
from desk.tickets.service import Tickets

_BAD_INPUT = 2


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a command works with."""

    settings: Settings
    database: Database
    clock: Clock

    @property
    def states(self) -> ChannelStates:
        """How the accounts are."""
        return ChannelStates(self.database, self.clock)

    @property
    def tickets(self) -> Tickets:
        """The tickets in this database."""
        return Tickets(self.database, self.clock)

    def handoff(self) -> Handoff:
        """Return what takes, answers and gives back conversations.

        A running worker sends what is written here: it looks at the tables by itself.
        """
        policies = Policies(self.settings.policies)
        rules = Rulebook(self.settings.desk_rules, policies)
        agents = slack_desk(self.settings, rules.rules, self.clock)
        rules.default_channel = agents.desk.channel if agents else ""
        channels = {WebChat.name: cast(Shape, WebChat), **platforms(self.settings)}
        return Handoff(
            database=self.database,
            conversations=Conversations(channels, DeskMirror(rules) if agents else None),
            tickets=self.tickets,
            feedback=Feedback(
                self.database,
                self.clock,
                self.tickets,
                rules=lambda: rules.rules.feedback,
                doors=Doors(channels),
            ),
            hours=policies,
            rules=rules,
            signals=LocalSignals(),
            clock=self.clock,
            patience=self.settings.handoff_patience,
        )


def run[T](work: Callable[[Opened], Awaitable[T]]) -> T:
    """Do a command's work on the database of the settings and return its result."""
    with one_line():
        return asyncio.run(_run(work))


async def _run[T](work: Callable[[Opened], Awaitable[T]]) -> T:
    settings = settings_module.load(elsewhere=registry.PREFIXES)
    database = Database(settings.database_url)
    name = database.url.render_as_string(hide_password=True)
    try:
        await _check(database, name)
        return await work(Opened(settings=settings, database=database, clock=clocks.now))
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(f"the database {name} cannot be used: {reason}") from error
    finally:
        await database.close()


async def _check(database: Database, name: str) -> None:
    # SQLite would create an empty file where there is none.
    path = database.url.database or ""
    if database.is_sqlite and not await asyncio.to_thread(Path(path).is_file):
        raise SettingsError(f"there is no database {name}; run: frontdesk migrate")
    try:
        await database.ping()
    except OSError as error:
        raise SettingsError(f"the database {name} cannot be reached: {error.strerror}") from error
    if await migrate.current(database) != migrate.head():
        raise SettingsError(f"the database {name} is not up to date; run: frontdesk migrate")


@contextmanager
def one_line() -> Iterator[None]:
    """Turn our errors into one line on standard error and exit code 2."""
    try:
        yield
    except FrontdeskError as error:
        line = " ".join(str(error).split())
        console = Console(file=sys.stderr, highlight=False)
        console.print(f"frontdesk: {line}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_BAD_INPUT) from error
