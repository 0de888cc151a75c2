"""The door to the database, whatever statement goes through it."""

import asyncio
import subprocess
import sys
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from desk.store import sqlite
from desk.store.database import Database

_LOCKER = """
import sys
from pysqlite3 import dbapi2
connection = dbapi2.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


async def test_plain_text_is_executed_and_read(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE plain (x integer)"))
        done = await session.execute(text("INSERT INTO plain VALUES (1), (2), (3)"))
        assert done.rowcount == 3
    async with database.read() as session:
        found = await session.execute(text("SELECT x FROM plain WHERE x > :x"), {"x": 1})
        assert found.all() == [(2,), (3,)]
        # Rows that nobody fetches stay behind without harm.
        await session.execute(text("SELECT x FROM plain"))
    async with database.write() as session:
        await session.execute(text("DROP TABLE plain"))


async def test_one_statement_is_a_transaction(database: Database) -> None:
    insert = text("INSERT INTO contact (id, created_at) VALUES (:id, CURRENT_TIMESTAMP)")
    async with database.append() as connection:
        await connection.run_sync(lambda plain: plain.execute(insert, {"id": "a"}))
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM contact")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_waiting_for_another_process_leaves_the_loop_free(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.5)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _LOCKER, str(database.url.database)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"locked\n"
    blocked = tries = 0.0
    begin = sqlite._Cursor.execute

    def timed(cursor: sqlite._Cursor, *statement: object) -> object:
        nonlocal blocked, tries
        started = time.monotonic()
        try:
            return begin(cursor, *statement)
        finally:
            blocked += time.monotonic() - started
            tries += 1

    monkeypatch.setattr(sqlite._Cursor, "execute", timed, raising=False)
    with pytest.raises(OperationalError, match="locked"):
        await _write(database)
    assert tries > 5
    # SQLite's own wait would sleep 20 ms in each try, on the event loop.
    assert blocked / tries < 0.01
    process.stdin.close()
    assert await process.wait() == 0
    await _write(database)


async def _write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("DELETE FROM contact"))
