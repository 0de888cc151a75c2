"""One journal for several processes: they start together, write together, and wait instead of failing."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.journal import Journal, connect, metadata

PROCESSES = 6
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
    for journal in opened:
        journal.close()


def _at_once(work: Callable[[int], Any]) -> list[Any]:
    """Lets everybody begin at the same moment and returns what came of it."""
    barrier = threading.Barrier(PROCESSES)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(PROCESSES) as pool:
        return list(pool.map(begin, range(PROCESSES)))


def test_they_start_together_on_an_empty_database(journals: list[Journal]) -> None:
    assert [list(journal.conversation_ids()) for journal in journals] == [[]] * PROCESSES


def test_they_write_together(journals: list[Journal]) -> None:
    def write(number: int) -> None:
        for seq in range(30):
            journals[number].append(f"c{number}", seq, f"m{seq}", seq == 0, EVENTS)

    _at_once(write)
    assert [journals[0].next_seq(f"c{number}") for number in range(PROCESSES)] == [30] * PROCESSES
    assert journals[0].next_seq("nobody") == 0


def test_of_one_turn_in_several_processes_one_is_stored(journals: list[Journal]) -> None:
    def write(number: int) -> str:
        try:
            # Some think that it is the next turn, some that it is a later one: the message decides, too.
            journals[number].append("c", number // 2, "m", False, EVENTS)
        except IntegrityError:
            return "refused"
        return "stored"

    assert Counter(_at_once(write)) == {"stored": 1, "refused": PROCESSES - 1}
    assert all(journal.turn("c", "m") == EVENTS for journal in journals)


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
    assert journal.next_seq("c") == 1
    journal.close()
