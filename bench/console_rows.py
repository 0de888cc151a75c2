"""A large desk: people, conversations, messages, tickets, ratings, events; always the same."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

import psycopg
from pysqlite3 import dbapi2

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_EN = """
where is my order lamp refund please the blanket arrived broken thanks when will it come
address change invoice tracking number size colour wrong payment card declined parcel
courier yesterday again still waiting discount code shipping delivery return label warranty
battery charger table chair kitchen wool cotton
""".split()  # noqa: SIM905 - forty quotes more would not make it clearer
_ZH = (
    "我要申请退款",
    "什么时候发货",
    "灯坏了",
    "谢谢",
    "请改一下地址",
    "毯子颜色不对",
    "还没有收到快递",
    "发票在哪里",
)
_RARE = 5_000
_OWNERS = (("closed", 88), ("bot", 8), ("human", 3), ("waiting", 1))
_AGENTS = tuple(f"Agent {number:02}" for number in range(20))
_CHANNELS = ("webchat", "email", "telegram", "slack", "x")
_BATCH = 20_000
_NUMBERED = ("message", "ticket")
"""Tables whose rows bring their numbers."""


@dataclass(frozen=True)
class Size:
    """How much there is; about ten messages for each conversation."""

    conversations: int
    messages: int


def _id(kind: int, number: int) -> str:
    return f"{kind:04x}{number:028x}"


def _at(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


type Write = Callable[[str, Sequence[str], Iterable[Sequence[Any]]], None]
"""Puts rows into a table, by its name and those of its columns."""


@contextmanager
def into_sqlite(path: Path) -> Iterator[Write]:
    """Write into a file, each call in a transaction of its own."""
    connection = dbapi2.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -400000")

    def write(table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        places = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
        connection.execute("BEGIN")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")

    yield write
    connection.execute("PRAGMA optimize")
    connection.execute("ANALYZE")
    connection.close()


@contextmanager
def into_postgres(url: str) -> Iterator[Write]:
    """Write into a server by COPY, which reads times, truths and JSON as SQLite keeps them."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")

        def write(table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
            statement = f"COPY {table} ({', '.join(names)}) FROM STDIN"
            with connection.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)

        yield write
        for table in _NUMBERED:
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
            )
        connection.execute("VACUUM ANALYZE")


class Builder:
    """Writes the rows. Triggers index the words as they come, as in the product."""

    def __init__(self, write: Write, size: Size) -> None:
        self._write = write
        self._size = size
        self._dice = random.Random(7)

    def build(self) -> None:
        """Write everything."""
        # What is left out has no default in the database but one in the program.
        self._insert("shop_customer", self._customers())
        self._insert("shop_order", self._orders())
        self._insert("contact", self._contacts())
        self._insert("contact_identity", self._identities())
        self._insert("conversation", self._conversations())
        self._insert("message", self._messages())
        self._insert("outbox", self._outbox())
        self._insert("ticket", self._tickets())
        self._insert("ticket_entry", self._entries())
        self._insert("feedback", self._feedback())
        self._insert("event", self._events())

    def _insert(self, table: str, rows: Iterator[dict[str, Any]]) -> None:
        for batch in batched(rows, _BATCH):
            self._write(table, list(batch[0]), (tuple(row.values()) for row in batch))

    @property
    def _people(self) -> int:
        return self._size.conversations * 4 // 5

    def _past(self) -> datetime:
        return NOW - timedelta(seconds=self._dice.randrange(300 * 24 * 3600))

    def _text(self) -> str:
        if self._dice.random() < 0.2:
            return "，".join(self._dice.choices(_ZH, k=self._dice.randint(1, 3)))
        words = self._dice.choices(_EN, k=self._dice.randint(3, 18))
        return " ".join([*words, f"ref{self._dice.randrange(_RARE)}"])

    def _customers(self) -> Iterator[dict[str, Any]]:
        for number in range(self._people // 4):
            yield {
                "id": f"c{number}",
                "name": f"Customer {number:06}",
                "email": f"customer{number}@example.com",
                "phone": f"+1 555 01{number % 100:02}",
                "account_type": "premium" if number % 20 == 0 else "standard",
                "created_at": _at(self._past()),
            }

    def _orders(self) -> Iterator[dict[str, Any]]:
        for number in range(self._people // 2):
            yield {
                "number": str(100_000 + number),
                "customer_id": f"c{self._dice.randrange(self._people // 4)}",
                "status": self._dice.choice(("delivered", "shipped", "processing")),
                "placed_at": _at(self._past()),
                "total_cents": self._dice.randrange(500, 50_000),
                "currency": "USD",
                "ship_name": "A. B.",
                "ship_address": "1 Example Street",
            }

    def _contacts(self) -> Iterator[dict[str, Any]]:
        for number in range(self._people):
            known = number % 4 == 0
            yield {
                "id": _id(1, number),
                "name": f"Person {number:06}" if number % 2 else None,
                "email": f"person{number}@example.org" if number % 3 == 0 else None,
                "phone": None,
                "language": "zh" if number % 5 == 0 else "en",
                "customer_id": f"c{number // 4}" if known else None,
                "verified_at": _at(NOW) if known else None,
                "created_at": _at(self._past()),
            }

    def _identities(self) -> Iterator[dict[str, Any]]:
        for number in range(self._people):
            yield {
                "id": _id(2, number),
                "contact_id": _id(1, number),
                "channel": _CHANNELS[number % len(_CHANNELS)],
                "account": "default",
                "external_id": f"visitor-{number:08x}",
                "created_at": _at(NOW),
            }

    def _conversations(self) -> Iterator[dict[str, Any]]:
        kinds, weights = [one[0] for one in _OWNERS], [one[1] for one in _OWNERS]
        for number in range(self._size.conversations):
            (owner,) = self._dice.choices(kinds, weights)
            at = self._past()
            agent = self._dice.choice(_AGENTS) if owner == "human" else None
            yield {
                "id": _id(3, number),
                "contact_id": _id(1, number % self._people),
                "channel": _CHANNELS[number % len(_CHANNELS)],
                "account": "default",
                "thread": f"visitor-{number:08x}",
                "owner": owner,
                "epoch": 1,
                "agent": agent,
                "language": "zh" if number % 5 == 0 else "en",
                "waiting_since": _at(at) if owner == "waiting" else None,
                "waiting_reason": "asked" if owner == "waiting" else None,
                "resolution": 1,
                "last_seq": 10,
                "tier": 0,
                "created_at": _at(at - timedelta(hours=1)),
                "updated_at": _at(at),
                "snoozed_until": _at(NOW + timedelta(hours=1)) if number % 997 == 0 else None,
            }

    def _messages(self) -> Iterator[dict[str, Any]]:
        authors = (("contact", "inbound"), ("bot", "outbound"), ("agent", "outbound"))
        start = NOW - timedelta(days=300)
        step = timedelta(days=300) / self._size.messages
        for number in range(self._size.messages):
            # The first conversation is a very long one.
            where = 0 if number % 100 == 0 else self._dice.randrange(self._size.conversations)
            author, direction = authors[number % 3]
            yield {
                "id": number + 1,
                "conversation_id": _id(3, where),
                "seq": number + 1,
                "direction": "note" if number % 50 == 0 else direction,
                "author": author,
                "author_name": self._dice.choice(_AGENTS) if author == "agent" else None,
                "text": self._text(),
                "choices": "[]",
                "created_at": _at(start + step * number),
            }

    def _outbox(self) -> Iterator[dict[str, Any]]:
        for number in range(0, self._size.messages, 2):
            yield {
                "conversation_id": _id(3, 0),
                "message_id": number + 1,
                "channel": "webchat",
                "account": "default",
                "thread": "x",
                "policy": "at_least_once",
                "state": "sent",
                "attempts": 1,
                "not_before": _at(NOW),
                "created_at": _at(NOW),
            }

    def _tickets(self) -> Iterator[dict[str, Any]]:
        for number in range(self._size.conversations // 5):
            yield {
                "id": number + 1,
                "key": f"k{number}",
                "contact_id": _id(1, number % self._people),
                "conversation_id": _id(3, number),
                "status": self._dice.choice(("new", "open", "pending", "resolved", "closed")),
                "priority": self._dice.choice(("low", "normal", "high")),
                "topic": self._dice.choice(("refund", "complaint", "question")),
                "title": self._text()[:60],
                "description": self._text(),
                "created_at": _at(self._past()),
                "updated_at": _at(self._past()),
            }

    def _entries(self) -> Iterator[dict[str, Any]]:
        for number in range(self._size.conversations // 2):
            yield {
                "ticket_id": number % (self._size.conversations // 5) + 1,
                "kind": "comment",
                "author": "agent",
                "text": self._text(),
                "public": False,
                "created_at": _at(self._past()),
            }

    def _feedback(self) -> Iterator[dict[str, Any]]:
        for number in range(self._size.conversations // 4):
            yield {
                "kind": "csat",
                "conversation_id": _id(3, number),
                "contact_id": _id(1, number % self._people),
                "resolution": 1,
                "owner": "human",
                "agent": self._dice.choice(_AGENTS),
                "channel": "webchat",
                "language": "en",
                "misses": 0,
                "state": "asked",
                "score": self._dice.choice((None, 1, 3, 4, 5, 5)),
                "surveyed_at": _at(self._past()),
                "answered_at": _at(self._past()),
            }

    def _events(self) -> Iterator[dict[str, Any]]:
        names = ("conversation.started", "message.received", "conversation.resolved")
        for number in range(self._size.conversations * 5):
            yield {
                "name": names[number % 3],
                "contact_id": _id(1, number % self._people),
                "conversation_id": _id(3, number % self._size.conversations),
                "occurred_at": _at(self._past()),
                "data": "{}",
            }
