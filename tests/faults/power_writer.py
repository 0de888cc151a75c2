"""Accepts messages on SQLite and writes the id of each to standard output once it is acknowledged.

``python -m tests.faults.power_writer DATABASE_URL SYNCHRONOUS MESSAGES``
"""

import asyncio
import os
import sys

from desk.clock import now
from desk.inbox.accept import Acceptor
from desk.signals import LocalSignals
from desk.store import sqlite
from desk.store.database import Database
from tests.talk import inbound

_CUSTOMERS = 6


async def run(url: str, messages: int) -> None:
    """Let some customers write one message after the other."""
    database = Database(url)
    acceptor = Acceptor(database=database, signals=LocalSignals(), clock=now)
    writer = asyncio.create_task(acceptor.run())

    async def customer(number: int) -> None:
        for count in range(messages // _CUSTOMERS):
            message = inbound("where is my order?" * (count % 9 + 1), f"c{number}")
            await acceptor.accept([message])
            os.write(1, f"{message.external_id}\n".encode())
            await asyncio.sleep(0.001 * (number % 3))

    await asyncio.gather(*(customer(number) for number in range(_CUSTOMERS)))
    writer.cancel()
    os._exit(0)  # no orderly end: closing would tidy the files up


if __name__ == "__main__":
    # Often enough that pages are copied into the database between the cuts.
    sqlite.PRAGMAS.update(synchronous=sys.argv[2], wal_autocheckpoint="80")
    asyncio.run(run(sys.argv[1], int(sys.argv[3])))
