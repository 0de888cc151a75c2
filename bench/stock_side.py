"""Stock ``rasa run`` (default pipeline, tracker in memory, REST channel) with the same actions behind it.

With several processes each customer keeps to one, as behind a load balancer with sticky sessions.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from app import migrate, rasa
from bench.http1 import Connection
from bench.processes import Cost, cost, end, family
from bench.side import Talk
from bench.training import STOCK, Trained, environment
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer
from desk.conversations import repository
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.conversation import ConversationRow, Owner
from tests.running import free_port

_TOKEN = "a-token-for-measuring-only-0123456789"
_SECRET = "a-secret-for-measuring-only-0123456789abcdef"


class Stock:
    """``rasa run``, once or more often, and ``frontdesk actions`` on a demo shop of their own."""

    name = "stock Rasa"

    def __init__(
        self,
        folder: Path,
        rasas: "Mapping[int, subprocess.Popen[bytes]]",
        actions: "subprocess.Popen[bytes]",
    ) -> None:
        """``rasas``: the processes by their ports."""
        self._database_url = _database_url(folder)
        self._rasas = rasas
        self._actions = actions
        self.started_seconds = 0.0
        self.trained_seconds = 0.0
        self.trained_with = ""

    @classmethod
    def start(cls, folder: Path, trained: Trained, processes: int) -> Self:
        """Start all and wait until every Rasa has loaded its model."""
        folder.mkdir(parents=True)
        migrate.upgrade(_database_url(folder))
        asyncio.run(_shop(_database_url(folder)))
        actions_port = free_port()
        begun = time.monotonic()
        actions = _start_actions(folder, actions_port)
        ports = [free_port() for _ in range(processes)]
        rasas = {port: _start_rasa(folder, trained.model, port, actions_port) for port in ports}
        side = cls(folder, rasas, actions)
        side.trained_seconds, side.trained_with = trained.seconds, trained.how
        try:
            side._wait(f"http://127.0.0.1:{actions_port}/health", 60)
            for port in ports:
                side._wait(f"http://127.0.0.1:{port}/", 600)
        except BaseException:
            side.stop()
            raise
        side.started_seconds = time.monotonic() - begun
        return side

    def _wait(self, url: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(one.poll() is not None for one in (*self._rasas.values(), self._actions)):
                raise RuntimeError("stock Rasa or its action server ended; see its log")
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own loopback
                return
            time.sleep(0.1)
        raise TimeoutError(url)

    async def talks(self, count: int) -> list[Talk]:
        """Return new customers; the actions want their conversations in the database."""
        names = [new_id() for _ in range(count)]
        database = Database(self._database_url)
        try:
            for name in names:
                await _add_conversation(database, name)
        finally:
            await database.close()
        ports = list(self._rasas)
        return [
            _Customer(await Connection.open(ports[number % len(ports)]), name)
            for number, name in enumerate(names)
        ]

    def costs(self) -> Mapping[str, Cost]:
        """Return what Rasa and the action server have cost."""
        return {
            "Rasa": cost(pid for one in self._rasas.values() for pid in family(one.pid)),
            "actions": cost(family(self._actions.pid)),
        }

    def stop(self) -> None:
        """End all."""
        for one in (*self._rasas.values(), self._actions):
            end(one)


class _Customer:
    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def say(self, text: str, expected: int | None) -> int:
        body = {"sender": self._name, "message": text}
        replies = (await self._connection.post("/webhooks/rest/webhook", body)).json()
        # Rasa tells a failed turn from a silent one only in its log.
        if expected is not None and len(replies) != expected:
            raise RuntimeError(f"{len(replies)} replies instead of {expected} to {text!r}")
        return len(replies)

    async def close(self) -> None:
        await self._connection.close()


def _database_url(folder: Path) -> str:
    return f"sqlite:///{folder}/desk.sqlite"


async def _shop(url: str) -> None:
    database = Database(url)
    try:
        await load_demo(Importer(database), datetime.now(UTC))
    finally:
        await database.close()


async def _add_conversation(database: Database, name: str) -> None:
    now = datetime.now(UTC)
    place = {"channel": "rest", "account": "bench"}
    async with database.write() as session:
        contact_id = await repository.add_contact(
            session, **place, external_id=name, name=None, language="en", now=now
        )
        session.add(
            ConversationRow(
                id=name,
                contact_id=contact_id,
                thread=name,
                owner=Owner.BOT,
                language="en",
                created_at=now,
                updated_at=now,
                **place,
            )
        )


def _start_rasa(
    folder: Path, model: Path, port: int, actions_port: int
) -> "subprocess.Popen[bytes]":
    with (folder / f"rasa-{port}.log").open("wb") as log:
        return subprocess.Popen(
            [
                *(str(rasa.PYTHON), "-m", "rasa", "run", "--model", str(model)),
                *("--port", str(port), "--interface", "127.0.0.1"),
                *("--credentials", str(STOCK / "credentials.yml")),
                *("--endpoints", str(STOCK / "endpoints.yml")),
            ],
            cwd=folder,
            env={
                **environment(),
                "FRONTDESK_ACTIONS_URL": f"http://127.0.0.1:{actions_port}/webhook",
                "FRONTDESK_RASA_TOKEN": _TOKEN,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _start_actions(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")}
    with (folder / "actions.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "app", "actions"],
            cwd=rasa.ROOT,
            env={
                **kept,
                "FRONTDESK_ACTIONS_PORT": str(port),
                "FRONTDESK_DATABASE_URL": _database_url(folder),
                "FRONTDESK_RASA_TOKEN": _TOKEN,
                "FRONTDESK_SECRET_KEY": _SECRET,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
