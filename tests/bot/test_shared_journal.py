"""One journal for several processes: they start together, write together, and wait instead of failing."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot import journal
from bot.journal import Journal, connect, metadata, turns

PROCESSES = 6
ZONE = timezone.utc  # noqa: UP017 - this runs on Python 3.10
EVENTS = [{"event": "user", "text": "你好"}] * 20


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind, without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/tracker.sqlite"
        return
    url = request.getfixturevalue("postgres")
    yield url
    engine = sa.create_engine(url)
    metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def journals(url: str) -> Iterator[list[Journal]]:
    """As many as processes, each with connections of its own, opened at the same moment."""
    opened = _at_once(lambda _: Journal(connect(url)))
    yield opened
    for one in opened:
        one.close()


def _at_once(work: Callable[[int], Any]) -> list[Any]:
    """Lets everybody begin at the same moment and returns what came of it."""
    barrier = threading.Barrier(PROCESSES)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(PROCESSES) as pool:
        return list(pool.map(begin, range(PROCESSES)))


class Busy:
    """A connection whose file somebody else has for a while: changing its mode fails at once."""

    def __init__(self, times: int) -> None:
        self.left = times

    def execute(self, statement: str) -> None:
        """Fail as often as said."""
        assert statement == "PRAGMA journal_mode=WAL"
        self.left -= 1
        if self.left >= 0:
            raise sqlite3.OperationalError("database is locked")


def test_the_mode_of_the_file_is_changed_as_soon_as_nobody_else_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = Busy(3)
    journal._into_wal(busy)
    assert busy.left == -1
    monkeypatch.setattr(journal, "_PATIENCE", 0.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        journal._into_wal(Busy(1_000))


def test_they_start_together_on_an_empty_database(journals: list[Journal]) -> None:
    assert [list(journal.conversation_ids()) for journal in journals] == [[]] * PROCESSES


def test_they_write_together(journals: list[Journal]) -> None:
    def write(number: int) -> None:
        for seq in range(30):
            journals[number].append(f"c{number}", seq, f"m{seq}", seq == 0, EVENTS)

    _at_once(write)
    assert [journals[0].place(f"c{number}", None).next_seq for number in range(PROCESSES)] == [
        30
    ] * PROCESSES
    assert journals[0].place("nobody", None).next_seq == 0


def test_of_one_turn_in_several_processes_one_is_stored(journals: list[Journal]) -> None:
    def write(number: int) -> str:
        try:
            # Some think that it is the next turn, some that it is a later one: the message decides, too.
            journals[number].append("c", number // 2, "m", False, EVENTS)
        except IntegrityError:
            return "refused"
        return "stored"

    assert Counter(_at_once(write)) == {"stored": 1, "refused": PROCESSES - 1}
    assert all(journal.place("c", "m").answered == EVENTS for journal in journals)


def test_a_writer_waits_for_another_one(tmp_path: Path) -> None:
    journal = Journal(connect(f"sqlite:///{tmp_path}/t.sqlite"))
    with closing(sqlite3.connect(tmp_path / "t.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(journal.append, "c", 0, "m", True, EVENTS)
            with pytest.raises(futures.TimeoutError):
                writing.result(0.3)
            other.execute("COMMIT")
            writing.result(5)
    assert journal.place("c", None).next_seq == 1
    journal.close()


def test_a_turn_is_stored_as_its_table_says(url: str) -> None:
    begun = datetime.now(ZONE)
    journal = Journal(connect(url))
    journal.append("c", 3, "m", True, EVENTS)
    journal.close()
    engine = sa.create_engine(url, future=True)
    with engine.connect() as connection:
        row = connection.execute(sa.select(turns)).one()
    engine.dispose()
    assert (row.conversation_id, row.seq, row.message_id) == ("c", 3, "m")
    assert row.starts_session is True
    # SQLite keeps no zone.
    created_at = row.created_at.replace(tzinfo=row.created_at.tzinfo or ZONE)
    assert begun <= created_at <= datetime.now(ZONE)


def test_a_refused_turn_says_nothing_of_what_was_written(journals: list[Journal]) -> None:
    journals[0].append("c", 0, "m", False, [{"text": "private"}])
    with pytest.raises(IntegrityError) as caught:
        journals[1].append("c", 0, "m", False, [{"text": "private"}])
    assert "private" not in str(caught.value)
    assert journals[1].place("c", "m").next_seq == 1


def test_a_connection_that_was_cut_is_opened_again(postgres: str) -> None:
    journal, engine = Journal(connect(postgres)), sa.create_engine(postgres, future=True)
    cut = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )

    def strike() -> None:
        with engine.connect() as connection:
            assert connection.execute(cut).scalar_one() >= 1

    journal.append("c", 0, "m0", True, EVENTS)
    strike()
    assert journal.place("c", "m0").answered == EVENTS
    strike()
    # Whether it was stored nobody knows, so nobody is told that it was.
    with pytest.raises(sa.exc.OperationalError):
        journal.append("c", 1, "m1", False, EVENTS)
    journal.append("c", 1, "m1", False, EVENTS)
    assert journal.place("c", "m1").next_seq == 2
    metadata.drop_all(engine)
    journal.close()
    engine.dispose()


def test_a_database_that_stays_away_is_an_error_at_each_look(postgres: str) -> None:
    address = sa.engine.make_url(postgres)
    journal = Journal(connect(postgres))
    journal._kept.close()
    journal._kept._engine = sa.create_engine(
        address.set(query={}, host="127.0.0.1", port=1), future=True
    )
    for _ in range(2):
        with pytest.raises(sa.exc.OperationalError):
            journal.place("c", "m")
    metadata.drop_all(journal._engine)
    journal.close()
