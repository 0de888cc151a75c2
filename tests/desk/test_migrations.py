"""The migrations make what the tables say, no more and no less, and every step can be taken back."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, func, insert, inspect, select, table

from app import migrate
from desk.store.database import Database
from desk.tables import Base
from tests.databases import fresh_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with fresh_postgres(request.getfixturevalue("postgres"), "template0") as url:
        yield url


def _is_compared(name: str | None, kind: str, parents: object) -> bool:
    """Leave out the index of words, which tests/desk/test_words_index.py compares."""
    return not (kind in ("table", "index") and "_words" in (name or ""))


def _differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "include_name": _is_compared}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, Base.metadata))


def _tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


def _look[T](url: str, look: Callable[[Connection], T]) -> T:
    async def ask() -> T:
        database = Database(url)
        try:
            async with database.engine.connect() as connection:
                return await connection.run_sync(look)
        finally:
            await database.close()

    return asyncio.run(ask())


def test_migrations_make_the_tables_and_can_be_taken_back(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    assert _look(empty_url, _differences) == []
    command.downgrade(migrate._config(empty_url), "base")
    assert _look(empty_url, _tables) == ["alembic_version"]


def test_what_is_there_stays(empty_url: str) -> None:
    command.upgrade(migrate._config(empty_url), "0006")
    _look(empty_url, _fill)
    migrate.upgrade(empty_url)
    assert _look(empty_url, _counts) == {"message": 3, "attachment": 1, "feedback": 1, "ticket": 1}
    assert _look(empty_url, _differences) == []
    command.downgrade(migrate._config(empty_url), "0006")
    assert _look(empty_url, _counts) == {"message": 3, "attachment": 1, "feedback": 1, "ticket": 1}


def _fill(connection: Connection) -> None:
    """Add rows that name each other, as an older version left them."""
    tables = MetaData()
    tables.reflect(connection)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    if connection.dialect.name == "sqlite":
        at = at.replace(tzinfo=None)

    def add(table: str, **values: Any) -> None:
        columns = {column.name: column for column in tables.tables[table].columns}
        known = {"created_at": at, "updated_at": at} | values
        rows = {name: value for name, value in known.items() if name in columns}
        connection.execute(insert(tables.tables[table]).values(rows))

    add("contact", id="c")
    place = {"channel": "memory", "account": "a", "thread": "t"}
    counted = {"epoch": 0, "resolution": 1, "last_seq": 3}
    add("conversation", id="t", contact_id="c", owner="bot", language="en", **place, **counted)
    talk = {"conversation_id": "t", "contact_id": "c"}
    for number in range(1, 4):
        said = {"direction": "inbound", "author": "contact", "text": "hi", "choices": []}
        add("message", id=number, seq=number, **said, **talk)
    add(
        "attachment",
        id=1,
        message_id=1,
        name="a",
        content_type="b",
        size=0,
        state="kept",
        attempts=0,
    )
    add("feedback", id=1, owner="bot", resolution=1, score=5, **talk)
    told = {"key": "k", "title": "t", "description": "d", "topic": "other"}
    add("ticket", id=1, status="new", priority="normal", **told, **talk)
    connection.commit()


def _counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in ("message", "attachment", "feedback", "ticket")
    }
